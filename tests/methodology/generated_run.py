"""A version run by the account room's own SQL on generated sessions, as `tests.oracle.given` tells them, all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from chargeledger import awarding
from chargeledger.engine import Engine
from chargeledger.methodology import Methodology
from chargeledger.programme import MATCH_CLOSE_HOURS, load_applicability, load_match_rule, load_rules
from tests.oracle.annual import Amounts
from tests.oracle.given import FIRST_VINTAGE, PROGRAMME_ZONE, Given, Session, local_day, metered, utc
from tests.oracle.reward import NO_RULES, Rules

TEXT, WHOLE, DAY, INSTANT, FLAG = (
    pa.string(),
    pa.int64(),
    pa.date32(),
    pa.timestamp("us", tz="UTC"),
    pa.bool_(),
)
SCOPE = {
    **dict.fromkeys(("session_id", "programme", "region", "power_type", "metering_point", "operator_id"), TEXT),
    **dict.fromkeys(("station_id", "county_code", "vehicle_class", "user_id", "methodology", "landing_digest"), TEXT),
    **dict.fromkeys(("started_at", "ended_at", "first_landed_at"), INSTANT),
    **dict.fromkeys(("rated_w", "reading_wh", "row_number"), WHOLE),
    **dict.fromkeys(("is_withdrawn", "lacks_county", "is_enrolled"), FLAG),
    "vintage": DAY,
}
INTERVAL = {"session_id": TEXT, "landing_digest": TEXT, "row_number": WHOLE, "interval_no": WHOLE}
INTERVAL |= {"started_at": INSTANT, "ended_at": INSTANT, "reading_wh": WHOLE}
MIX = {"region": TEXT, "hour_start": INSTANT, "source": TEXT, "generation_pwh": pa.decimal128(38, 0)}
MIX |= {"is_estimated": FLAG, "batch_seq": WHOLE}
SUPPLY = dict.fromkeys(
    ("supply_id", "supply_kind", "scope_kind", "scope_id", "operator_id", "station_id", "region"), TEXT
)
SUPPLY |= {"hour_start": INSTANT, "contract_id": TEXT, **dict.fromkeys(("available_wh", "charged_wh"), WHOLE)}
SUPPLY |= dict.fromkeys(("charged_from_pv_wh", "round_trip_per_mille", "batch_seq"), WHOLE)
CERTIFICATE = {**dict.fromkeys(("registry", "serial", "contract_id", "region"), TEXT), "production_month": DAY}
CERTIFICATE |= {"energy_wh": WHOLE, "retired_at": INSTANT, "expires_on": DAY}
CERTIFICATE |= dict.fromkeys(("is_linked_to_credits", "is_used_for_quota", "is_revoked"), FLAG)
MATCH = dict.fromkeys(("session_id", "region", "supply_id", "supply_kind", "contract_id"), TEXT)
MATCH |= {"hour_start": INSTANT, **dict.fromkeys(("turn", "factor_ug_per_kwh", "matched_wh"), WHOLE)}
# What a run without a past does not have.
NOTHING = {
    "held_session": "session_id VARCHAR",
    "released_session": "session_id VARCHAR",
    "deferred_session": "session_id VARCHAR",
    "session_set_aside": "session_id VARCHAR",
    "claim_decided": "session_id VARCHAR, holder_id VARCHAR",
    "posted": "programme VARCHAR, session_id VARCHAR, vintage DATE, user_id VARCHAR, points BIGINT",
    "prior_vintage": "programme VARCHAR, vintage DATE, state VARCHAR",
    "prior_state": "session_id VARCHAR, programme VARCHAR, vintage DATE, state VARCHAR, methodology VARCHAR, energy_wh BIGINT, "
    "provisional_until TIMESTAMPTZ",
    "prior_match": "session_id VARCHAR, region VARCHAR, hour_start TIMESTAMPTZ, supply_id VARCHAR, contract_id VARCHAR, "
    "matched_wh BIGINT, counted_wh BIGINT, provisional_until TIMESTAMPTZ",
    "watermark": "programme VARCHAR, batch_seq BIGINT",
}


def table(types: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as Arrow; what a row does not tell is empty."""
    told = list(rows)
    return pa.table({name: pa.array([row.get(name) for row in told], kind) for name, kind in types.items()})


def long_table(types: Mapping[str, Any], rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Many rows as Arrow, each with a value for every column."""
    columns = zip(*rows, strict=True) if rows else [()] * len(types)
    return pa.table({name: pa.array(told, kind) for (name, kind), told in zip(types.items(), columns, strict=True)})


def landed_days(session: Session) -> int:
    """Days from the end to the first landing: some sessions land on the last day of the usual claim window, some after it."""
    return sum(session.session_id.encode()) % 32


def _scope(session: Session) -> dict[str, Any]:
    names = ("session_id", "programme", "region", "power_type", "metering_point", "operator_id", "station_id")
    row = {name: getattr(session, name) for name in (*names, "county_code", "user_id", "rated_w", "reading_wh")}
    row |= {"started_at": utc(session.started_at), "ended_at": utc(session.ended_at), "is_withdrawn": False}
    row |= {"first_landed_at": row["ended_at"] + timedelta(days=landed_days(session)), "is_enrolled": True}
    return row | {"vintage": local_day(session.ended_at), "landing_digest": session.session_id, "row_number": 1}


def _intervals(session: Session) -> Iterator[tuple[Any, ...]]:
    """Each with its number, in order of time; the instants on whatever clock they are told."""
    name = session.session_id
    for number, each in enumerate(metered(session), 1):
        yield name, name, 1, number, each.started_at, each.ended_at, each.reading_wh


def _mix(given: Given) -> Iterator[dict[str, Any]]:
    for (region, hour), told in given.mix.items():
        for source, amount in told.generation.items():
            row = {"region": region, "hour_start": hour, "source": source, "generation_pwh": Decimal(int(amount))}
            yield row | {"is_estimated": told.is_estimated or None, "batch_seq": 0}


def _supply(given: Given) -> Iterator[dict[str, Any]]:
    """A station's supply names the operator of the station, and a contract is called as its supply."""
    operators = {each.station_id: each.operator_id for each in given.sessions}
    for each in given.supply:
        operator = operators.get(each.scope_id) if each.scope_kind == "station" else None
        contract_id = each.supply_id if each.supply_kind == "contract" else None
        yield vars(each) | {"operator_id": operator, "contract_id": contract_id, "batch_seq": 0}


@dataclass(frozen=True)
class Told:
    """What is given, and the same as relations that any version can be run on."""

    given: Given
    relations: Mapping[str, pa.Table]

    @classmethod
    def of(cls, given: Given, like: Told | None = None) -> Told:
        """`like` is told already, maybe of the same mix."""
        intervals = [row for each in given.sessions for row in _intervals(each)]
        is_mix_told = like is not None and like.given.mix is given.mix
        return cls(
            given,
            {
                "session_scope": table(SCOPE, (_scope(each) for each in given.sessions)),
                "charging_interval": long_table(INTERVAL, intervals),
                "grid_mix_current": like.relations["grid_mix_current"] if is_mix_told else table(MIX, _mix(given)),
                "green_supply_current": table(SUPPLY, _supply(given)),
            },
        )


def _load(engine: Engine, version: Methodology, told: Told, rules: Rules) -> None:
    for relation, rows in told.relations.items():
        engine.load(relation, rows)
    engine.con.execute(
        "UPDATE session_scope SET methodology = ?, lacks_county = ? AND county_code IS NULL",
        [version.name, version.needs_county],
    )
    engine.load_rows("run_clock", "instant TIMESTAMPTZ", [(told.given.clock,)])
    engine.load_rows("run_scope", "programme VARCHAR, vintage_from DATE, vintage_until DATE", [(None, None, None)])
    for relation, columns in NOTHING.items():
        engine.load_rows(relation, columns, [])
    engine.con.execute("CREATE TABLE session_touched AS SELECT session_id FROM session_scope")
    engine.con.execute(
        """CREATE TABLE session_as_stood AS
        SELECT * EXCLUDE (is_withdrawn, lacks_county, is_enrolled) FROM session_scope LIMIT 0"""
    )
    _load_programmes(engine, version, told.given, rules)


def _load_programmes(engine: Engine, version: Methodology, given: Given, rules: Rules) -> None:
    names = sorted({each.programme for each in given.sessions})
    caps = {
        "energy_wh_per_account_and_vintage": None if rules.kwh_cap is None else int(rules.kwh_cap) * 1000,
        "points_per_account_and_vintage": rules.points_cap,
    }
    load_rules(engine, [(name, vars(rules), caps) for name in names])
    load_match_rule(engine, [(name, MATCH_CLOSE_HOURS * 3600) for name in names])
    load_applicability(engine, {version.name: version})
    engine.load_rows("programme", "programme VARCHAR, zone VARCHAR", [(name, PROGRAMME_ZONE.key) for name in names])
    # A region is one programme's; the sessions of a stranger come after those whose regions he visits.
    of_region = {each.region: each.programme for each in reversed(given.sessions)}
    engine.load_rows("programme_region", "programme VARCHAR, region VARCHAR", [(p, r) for r, p in of_region.items()])
    engine.load_rows(
        "methodology_in_force",
        "methodology VARCHAR, programme VARCHAR, in_force_from DATE, in_force_until DATE",
        [(version.name, name, FIRST_VINTAGE, None) for name in names],
    )


@contextmanager
def ran(
    version: Methodology,
    told: Told,
    rules: Rules = NO_RULES,
    matched_before: pa.Table | None = None,
    certificates: Iterable[Mapping[str, Any]] = (),
) -> Iterator[Engine]:
    """The engine after a version ran on all that is given, with matches of earlier accountings where there are some."""
    with Engine(threads=1) as engine:
        _load(engine, version, told, rules)
        past = table(MATCH, ()) if matched_before is None else matched_before
        engine.load("energy_match_log", past.select(list(MATCH)))
        engine.con.execute("CREATE TABLE match_hour_log AS SELECT DISTINCT region, hour_start FROM energy_match_log")
        engine.load("certificate_current", table(CERTIFICATE, certificates))
        awarding.match(engine, {version.name: version})
        engine.table("session_admitted", awarding.ACCOUNT_SQL / "session_admitted.sql")
        awarding.run_versions(engine, {version.name: version})
        yield engine


def results(version: Methodology, told: Told) -> dict[str, Amounts | None]:
    """Amounts of every session as an oracle gives them; None waits. Points are those of the award, without any rule or cap."""
    waiting: dict[str, Amounts | None] = {each.session_id: None for each in told.given.sessions}
    with ran(version, told) as engine:
        rows = engine.con.execute(
            """SELECT a.session_id, a.energy_wh, CAST(a.baseline_emissions_ng AS BIGINT), CAST(a.project_emissions_ng AS BIGINT),
              CAST(a.emission_reductions_ng AS BIGINT), w.points
            FROM session_assessment AS a LEFT JOIN session_award AS w USING (session_id)"""
        ).fetchall()
    return waiting | {name: Amounts(*amounts) for name, *amounts in rows}
