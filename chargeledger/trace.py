"""Trace: where the points of a charge are, from the received row to the credited entry, or to the state that it waits in.

Everything is read as it stands in the newest staged tables and the ledger; nothing is computed again, and nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from chargeledger import rooms, trace_published, trace_state
from chargeledger.computation import load_prior, open_inputs
from chargeledger.engine import Engine, quoted
from chargeledger.errors import UsageError
from chargeledger.lake import Lake, instant_text
from chargeledger.programme import Programme, load_programmes, programmes
from chargeledger.restating import keep_versions
from chargeledger.scope import Inputs
from chargeledger.trace_asked import no_such_day, unknown_order

TRACE_SQL = rooms.TRANSFORMS / "trace"
ACCOUNT_SQL = rooms.TRANSFORMS / "account"
# What account/ knows of a lineage before anything is computed, in the order in which one rests on the other.
PLACED = (
    "session_current",
    "charging_station_current",
    "session_station",
    "session_owner_current",
    "enrolment_current",
)
TRACED = ("traced_row", "traced_revision", "traced_owner")
Row = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """Rows of the traced lineages, by relation and lineage, and what holds for all of them."""

    rows: dict[str, dict[str, list[Row]]]
    vintages: dict[tuple[str, date], Row]
    deadlines: dict[str, int | None]
    programmes: dict[str, Programme]

    def of(self, relation: str, session_id: str) -> list[Row]:
        return self.rows[relation].get(session_id, [])


def trace_order(lake: Lake, order: str) -> list[Row]:
    """The lineages of an order: one named ISSUER:ORDER, or every one with that order number. Raises UsageError for none."""
    with Engine(spill=lake.spill()) as engine:
        commits = _open(lake, engine)
        engine.table("known_lineage", TRACE_SQL / "known_lineage.sql")
        asked = quoted(order.strip().upper())
        found = engine.rows(f"SELECT session_id FROM known_lineage WHERE {asked} IN (session_id, order_number)")
        if not found:
            raise UsageError(unknown_order(engine, lake, order))
        return _traced(lake, engine, commits, sorted(str(row["session_id"]) for row in found))


def trace_day(lake: Lake, user_id: str, day: date) -> list[Row]:
    """The lineages of a user that ended on a local day, and those in quarantine whose day nobody could read."""
    with Engine(spill=lake.spill()) as engine:
        commits = _open(lake, engine)
        engine.load_rows("asked", "user_id VARCHAR, day DATE", [(user_id, day)])
        engine.table("asked_lineage", TRACE_SQL / "asked_lineage.sql")
        ids = sorted(str(row["session_id"]) for row in engine.rows("SELECT session_id FROM asked_lineage"))
        told = [row for row in _traced(lake, engine, commits, ids) if day in row["days"] or not row["days"]]
        if not told:
            raise UsageError(no_such_day(engine, user_id, day))
        return told


def _open(lake: Lake, engine: Engine) -> list[Any]:
    inputs = Inputs.newest(lake)
    commits = lake.commits(until=inputs.ledger_version)
    open_inputs(lake, engine, inputs, commits)
    return commits


def _traced(lake: Lake, engine: Engine, commits: list[Any], ids: list[str]) -> list[Row]:
    found = _found(engine, ids)
    since = min((row["ledger_version"] for rows in found.rows["history"].values() for row in rows), default=0)
    where = trace_published.Publications.of(lake, since)
    clocks = {commit.version: commit for commit in commits}
    return [_lineage(found, where, clocks, session_id) for session_id in ids]


def _found(engine: Engine, ids: list[str]) -> Found:
    """Run what account/ knows of a lineage on the rows of these lineages alone."""
    programme_files = programmes()
    versions = load_programmes(engine, programme_files, draft_allowed=True)
    _keep_only(engine, ids)
    for relation in PLACED:
        engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")
    load_prior(engine)
    engine.table("prior_proposal", ACCOUNT_SQL / "prior_proposal.sql")
    versions = keep_versions(engine, versions, everything_anew=False)
    engine.table("session_scope", ACCOUNT_SQL / "session_scope.sql")
    for relation in (*TRACED, "traced_hour"):
        engine.table(relation, TRACE_SQL / f"{relation}.sql")
    told = {
        **{
            name: f"SELECT * FROM {name}"
            for name in (*TRACED, "traced_hour", "session_scope", "prior_state", "prior_proposal")
        },
        "history": "SELECT session_id, state, reason, ledger_version FROM session_state_log ORDER BY ledger_version",
        "match": "SELECT * FROM energy_match_log ORDER BY hour_start, supply_id",
        "entry": "SELECT * FROM ledger_entry_log ORDER BY seq",
    }
    rows: dict[str, dict[str, list[Row]]] = {name: {} for name in told}
    for name, sql in told.items():
        for row in engine.rows(sql):
            rows[name].setdefault(str(row["session_id"]), []).append(row)
    vintages = {(row["programme"], row["vintage"]): row for row in engine.rows("SELECT * FROM prior_vintage")}
    deadlines = {name: version.value_of("missing_hour_deadline_s") for name, version in versions.items()}
    return Found(rows, vintages, deadlines, {p.name: p for p in programme_files})  # type: ignore[arg-type]


def _keep_only(engine: Engine, ids: list[str]) -> None:
    """Tables of the asked lineages' rows, which stand before the whole ones of the same name."""
    engine.load_rows("traced", "session_id VARCHAR", [(each,) for each in ids])
    engine.con.execute("CREATE SCHEMA kept; SET search_path = 'kept,main'")
    tokens = "SELECT token_id FROM main.charging_session WHERE session_id IN (SELECT session_id FROM traced)"
    for relation, mine in {
        **dict.fromkeys(
            ("charging_session", "session_state_log", "ledger_entry_log", "energy_match_log", "award_proposal_log"),
            "session_id",
        ),
        "row_outcome": "row_key",
    }.items():
        engine.con.execute(
            f"CREATE TABLE kept.{relation} AS SELECT * FROM main.{relation} WHERE {mine} IN (SELECT session_id FROM traced)"
        )
    engine.con.execute(
        f"""CREATE TABLE kept.session_owner AS SELECT * FROM main.session_owner
        WHERE session_id IN (SELECT session_id FROM traced) OR token_id IN ({tokens})"""
    )
    engine.con.execute(
        """CREATE TABLE kept.enrolment AS SELECT * FROM main.enrolment
        WHERE user_id IN (SELECT user_id FROM kept.session_owner)"""
    )
    engine.con.execute(
        """CREATE TABLE kept.grid_intensity_state_log AS SELECT g.* FROM main.grid_intensity_state_log AS g
        JOIN (SELECT DISTINCT region FROM kept.session_state_log) AS r ON r.region = g.region
        WHERE g.hour_start BETWEEN (SELECT min(started_at) - INTERVAL 1 HOUR FROM kept.charging_session)
          AND (SELECT max(ended_at) FROM kept.charging_session)"""
    )


def _lineage(found: Found, where: trace_published.Publications, commits: dict[int, Any], session_id: str) -> Row:
    """Everything that is told of one lineage."""
    state = next(iter(found.of("prior_state", session_id)), None)
    scope = next(iter(found.of("session_scope", session_id)), None)
    entries = [entry | where.of_entry(entry) for entry in found.of("entry", session_id)]
    hours = found.of("traced_hour", session_id)
    revisions = found.of("traced_revision", session_id)
    history = [_run(row, commits) for row in found.of("history", session_id)]
    proposal = [
        row | {"receipt": commits[row["ledger_version"]].receipt} for row in found.of("prior_proposal", session_id)
    ]
    programme = found.programmes.get(str(state["programme"])) if state else None
    about = trace_state.About(
        session_id,
        state,
        scope,
        found.of("traced_row", session_id),
        revisions,
        hours,
        history,
        proposal,
        found.vintages.get((state["programme"], state["vintage"])) if state else None,
        programme,
        found.deadlines.get(str(state["methodology"])) if state else None,
    )
    return {
        "session_id": session_id,
        "days": sorted(
            {row["vintage"] for row in (state, scope, *entries) if row and row["vintage"]} or _utc_day(scope)
        ),
        "standing": trace_state.standing(about) | where.of_state(state),
        "points": sum(entry["points"] for entry in entries),
        "user_id": (scope or state or {}).get("user_id"),
        "received": about.rows,
        "revisions": revisions,
        "counts_because": trace_state.counts_because(revisions),
        "scope": scope,
        "assessment": state if state and state["energy_wh"] is not None else None,
        "provisional": list(programme.provisional) if programme else [],
        "owner_told": found.of("traced_owner", session_id),
        "hours": hours,
        "matches": found.of("match", session_id),
        "entries": entries,
        "history": history,
    }


def _utc_day(scope: Row | None) -> set[date]:
    return {scope["ended_at"].astimezone(UTC).date()} if scope else set()


def _run(row: Row, commits: dict[int, Any]) -> Row:
    """A state that a run gave, with the run's clock and receipt."""
    commit = commits[row["ledger_version"]]
    return {
        "state": row["state"],
        "reason": row["reason"],
        "ledger_version": row["ledger_version"],
        "clock": instant_text(commit.clock),
        "receipt": commit.receipt,
    }
