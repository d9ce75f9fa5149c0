"""Is a day in? What should have come, by control totals or by earlier weeks, against what came, per operator, region and vintage;
and deliveries that came short, of whatever day.

It reads the newest staged tables and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chargeledger import rooms
from chargeledger.computation import ACCOUNT_SQL
from chargeledger.contract import contract
from chargeledger.engine import Engine, quoted
from chargeledger.lake import Lake, instant_text
from chargeledger.programme import programmes
from chargeledger.scope import Scope
from chargeledger.source import load_source

Row = dict[str, Any]
COMPLETENESS_SQL = rooms.TRANSFORMS / "completeness"
# `batch` first: a file that it names has its rows in the others.
READ = ("batch", "charging_session", "charging_station", "quarantine", "row_outcome", "delivery_control")
OF_A_SESSION = ("session_current", "charging_station_current", "session_station")
RELATIONS = ("session_received", "delivery_received", "delivery_expected", "completeness", "short_delivery")
JUDGED = ("completeness", "short_delivery")
DAYS = 7


@dataclass(frozen=True)
class Completeness:
    """Rows of `completeness` and `short_delivery`; refused rows that name no operator or day; files refused whole; the newest day
    with a session."""

    rows: list[Row]
    short_deliveries: list[Row]
    unplaced_rows: int
    refused_files: int
    newest_vintage: date | None

    @property
    def missing(self) -> list[str]:
        """Everything that asks for somebody, a line each: days, then deliveries, worst first."""
        return [
            f"{row['issuer']} {row['region'] or 'all regions'} {row['vintage']}: {row['missing_sessions']:,} of "
            f"{row['expected_sessions']:,} sessions missing, by {row['basis']}"
            for row in self.short
        ] + [
            f"{row['delivery']} until {instant_text(row['updated_until'])}: {row['missing_records']:,} of "
            f"{row['announced_records']:,} records missing"
            for row in self.short_deliveries
        ]

    @property
    def short(self) -> list[Row]:
        """Days that ask for somebody, worst first."""
        found = [row for row in self.rows if row["is_short"]]
        return sorted(found, key=lambda r: (-r["missing_sessions"], r["vintage"], r["issuer"], r["region"] or ""))


def last_week(clock: datetime, programme: str | None) -> Scope:
    """The seven days up to the last that has ended anywhere: of the programme's zone, or of all zones."""
    zones = [found.zone for found in programmes() if programme in (None, found.name)]
    yesterday = max(clock.astimezone(ZoneInfo(zone)).date() for zone in [*zones, "UTC"]) - timedelta(days=1)
    return Scope(programme, yesterday - timedelta(days=DAYS - 1), yesterday)


def judge(lake: Lake, scope: Scope, clock: datetime) -> Completeness:
    """Judge the vintages of the scope that have ended by the clock."""
    with Engine(spill=lake.spill()) as engine:
        for relation in READ:
            engine.view(relation, lake.files(relation), contract(relation))
        engine.con.execute("CREATE TABLE staged_batch AS SELECT * FROM batch WHERE state = 'staged'")
        _load_rules(engine, scope, clock)
        engine.table("session_current", ACCOUNT_SQL / "session_current.sql")
        engine.con.execute("DELETE FROM session_current WHERE is_credit_alone")
        unplaced = _place_refused(engine)
        for relation in OF_A_SESSION[1:]:
            engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")
        for relation in RELATIONS:
            engine.table(relation, COMPLETENESS_SQL / f"{relation}.sql")
        for relation in JUDGED:
            engine.hold_to(contract(relation), relation)
        newest = engine.rows("SELECT max(vintage) AS vintage FROM session_received WHERE NOT is_refused")[0]["vintage"]
        return Completeness(
            engine.rows("SELECT * FROM completeness"),
            engine.rows("SELECT * FROM short_delivery"),
            unplaced,
            _refused_files(engine),
            newest if isinstance(newest, date) else None,
        )


def _load_rules(engine: Engine, scope: Scope, clock: datetime) -> None:
    """The clock, the scope, the programmes' regions and zones, and every file of data_contracts/reference."""
    for path in sorted((rooms.CONTRACTS / "reference").glob("*.csv")):
        text = f"SELECT * FROM read_csv({quoted(path)}, all_varchar = true)"
        engine.con.execute(f'CREATE TABLE "{path.stem}" AS {text}')
    engine.con.execute(
        "CREATE OR REPLACE TABLE completeness_rule AS SELECT CAST(COLUMNS(*) AS BIGINT) FROM completeness_rule"
    )
    engine.con.execute(
        "CREATE TABLE earlier_week AS SELECT unnest(range(1, weeks_compared + 1)) AS weeks FROM completeness_rule"
    )
    found = programmes()
    engine.load_rows("programme", "programme VARCHAR, zone VARCHAR", [(p.name, p.zone) for p in found])
    regions = [(p.name, region) for p in found for region in p.regions]
    engine.load_rows("programme_region", "programme VARCHAR, region VARCHAR", regions)
    span = (scope.programme, scope.vintage_from, scope.vintage_until)
    engine.load_rows("run_scope", "programme VARCHAR, vintage_from DATE, vintage_until DATE", [span])
    engine.load_rows("run_clock", "instant TIMESTAMPTZ", [(clock,)])


def _place_refused(engine: Engine) -> int:
    """Add to `session_current` what was only ever refused, so that one SQL places it; return the rows that cannot be placed."""
    engine.con.execute("CREATE TABLE refused_row AS SELECT * FROM session_current LIMIT 0")
    engine.load_words("ingest")
    for name in rooms.source_names("charging_session"):
        _read_refused(engine, name)
    engine.table("refused_session", COMPLETENESS_SQL / "refused_session.sql")
    engine.con.execute("INSERT INTO session_current BY NAME SELECT * FROM refused_session")
    rows = "SELECT 1 FROM quarantine JOIN staged_batch USING (landing_digest) WHERE quarantine.relation = 'charging_session'"
    known = (
        "SELECT 1 FROM refused_row AS r WHERE r.issuer IS NOT NULL AND (r.ended_at IS NOT NULL OR r.session_id IN ({}))"
    )
    return engine.count(rows) - engine.count(known.format("SELECT session_id FROM session_current"))


def _read_refused(engine: Engine, name: str) -> None:
    """Read the rows of a source that stand in quarantine once more by its SQL: operator, day and region of what was refused."""
    source = load_source(name)
    engine.con.execute(
        f"""CREATE OR REPLACE TABLE refused_line AS
        SELECT row_number() OVER () AS row_number, q.row_key, q.row_json, q.first_seen_at
        FROM quarantine AS q JOIN staged_batch AS b ON b.landing_digest = q.landing_digest
        WHERE q.relation = 'charging_session' AND b.source = {quoted(name)}"""
    )
    if not engine.count("SELECT 1 FROM refused_line"):
        return
    paths = [(column, '$."' + column + '"') for column in source.definition.column_names]
    texts = ", ".join(f'json_extract_string(row_json, {quoted(path)}) AS "{column}"' for column, path in paths)
    engine.con.execute(f"CREATE OR REPLACE TABLE landed_row AS SELECT row_number, {texts} FROM refused_line")
    constants = {**source.constants, "file_name": None}  # rows of many files
    columns = "".join(f', "{constant}" VARCHAR' for constant in constants)
    engine.load_rows("source_constant", f"one INTEGER{columns}", [(1, *constants.values())])
    engine.table("refused_candidate", source.sql("charging_session"))
    told = {row[0] for row in engine.con.execute("DESCRIBE refused_candidate").fetchall()}
    wanted = ("issuer", "region", "station_id", "connector_id", "started_at", "ended_at", "reading_wh")
    columns = ", ".join(f"c.{column}" for column in wanted if column in told)
    engine.con.execute(
        f"""INSERT INTO refused_row BY NAME
        SELECT coalesce(l.row_key, sha256_hex(l.row_json)) AS session_id, {columns}, l.first_seen_at AS first_landed_at
        FROM refused_line AS l JOIN refused_candidate AS c USING (row_number)"""
    )


def _refused_files(engine: Engine) -> int:
    """Files of sessions that were refused whole and not staged since: what they hold does not count as received."""
    return engine.count(
        """SELECT DISTINCT landing_digest FROM batch WHERE relation = 'charging_session' AND state = 'refused'
        AND landing_digest NOT IN (SELECT landing_digest FROM staged_batch)"""
    )
