"""Staging: rows of a landed file become rows of a staged relation, or stand in quarantine with the rule they broke.

The fate of every row is fixed in one commit (`row_outcome`); what follows from it is written once however often a crash makes
it start again, and readers see a file only when its `batch` row is there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

import pyarrow as pa
from deltalake import DeltaTable

from chargeledger import rooms
from chargeledger.batch_rules import Finding, check_batch
from chargeledger.candidates import STAGING_SQL, read_candidates
from chargeledger.contract import contract
from chargeledger.engine import Engine
from chargeledger.errors import LostRace, Refused
from chargeledger.lake import Lake
from chargeledger.landing import Landed, unpacked
from chargeledger.limits import limits_of
from chargeledger.reading import read_rows
from chargeledger.source import Source, load_source
from chargeledger.table import append_if_unchanged, append_once, arrow_schema, files, row_count, rows_where

Report = Callable[[str], None]


def staged_batch(lake: Lake, landed: Landed) -> dict[str, object] | None:
    """The batch row of a landed file that is already staged."""
    rows = rows_where(lake.table("batch"), landing_digest=landed.landing_digest)
    return next((row for row in rows.to_pylist() if row["state"] == "staged"), None)


def stage_in_turn(lake: Lake, source: Source, landed: Landed, key: bytes, report: Report) -> dict[str, object]:
    """Stage a landed file after those of its relation that landed before it and were neither staged nor refused."""
    with lake.one_at_a_time(source.relation):
        for earlier in _waiting(lake, source.relation, landed.landing_seq):
            try:
                stage(lake, load_source(earlier.source), earlier, key)
                report(f"staged  {earlier.file_name}, which landed before")
            except Refused as refusal:
                report(f"refused  {refusal}")
        return staged_batch(lake, landed) or stage(lake, source, landed, key)


def _waiting(lake: Lake, relation: str, landing_seq: int) -> list[Landed]:
    judged = set(rows_where(lake.table("batch"), ["landing_digest"]).column(0).to_pylist())
    sources = rooms.source_names(relation)
    rows = rows_where(lake.table("landing_file")).sort_by("landing_seq").to_pylist()
    waiting = [row for row in rows if row["landing_seq"] < landing_seq and row["landing_digest"] not in judged]
    return [Landed(**row, is_new=False) for row in waiting if row["source"] in sources]


def stage(lake: Lake, source: Source, landed: Landed, key: bytes) -> dict[str, object]:
    """Check and stage one landed file and return its batch row. Raises Refused where the file as a whole may not pass."""
    with Engine(spill=lake.spill()) as engine:
        try:
            read_landed(lake, engine, source, landed, key)
        except Refused as refusal:
            _register(lake, source, landed, "refused", str(refusal), _empty_profile(), [])
            raise
        read_candidates(engine, source)
        while True:
            try:
                return _stage_rows(lake, engine, source, landed)
            except LostRace:
                continue


def read_landed(lake: Lake, engine: Engine, source: Source, landed: Landed, key: bytes) -> None:
    """Fill `landed_row` from a landed file. Raises Refused where it is not what the definition says."""
    limits_of(source).hold("file_size", landed.byte_count, landed.file_name)
    with unpacked(lake, landed.landing_digest, engine.workspace) as path:
        read_rows(engine, source, path, landed.file_name, key)


def _stage_rows(lake: Lake, engine: Engine, source: Source, landed: Landed) -> dict[str, object]:
    outcomes = lake.table("row_outcome")
    open_registers(engine, source, lake.table("batch"), outcomes, lake.table(source.relation))
    engine.load_rows("arriving", "landing_seq BIGINT, landed_at TIMESTAMPTZ", [(landed.landing_seq, landed.landed_at)])
    if outcomes.transaction_version(landed.landing_digest) is None:
        find_earlier(engine, source, landed.landing_seq)
        engine.table("fate", STAGING_SQL / "row_outcome.sql")
        lost = engine.count("SELECT row_number FROM landed_row EXCEPT ALL SELECT row_number FROM fate")
        if lost or engine.count("SELECT 1 FROM fate") != engine.count("SELECT 1 FROM landed_row"):
            raise Refused(
                f"{landed.file_name}: not every row has exactly one fate ({lost} have none); nothing was staged"
            )
        findings = check(engine, source)
        if broken := said_of_broken(engine, source, findings):
            refusal = f"{landed.file_name}: {broken}"
            _register(lake, source, landed, "refused", refusal, profile(engine), findings)
            raise Refused(refusal)
        append_if_unchanged(outcomes, outcome_rows(engine, source, landed), landing_digest=landed.landing_digest)
    else:
        engine.con.execute(
            f"CREATE OR REPLACE TABLE fate AS SELECT o.*, c.rules FROM row_outcome AS o JOIN candidate_row AS c "
            f"USING (row_number) WHERE landing_digest = '{landed.landing_digest}'"
        )
        findings = check(engine, source)
    write_rows(lake, engine, source, landed)
    return _register(lake, source, landed, "staged", None, profile(engine), findings)


def write_rows(lake: Lake, engine: Engine, source: Source, landed: Landed) -> None:
    """Write once what follows from `fate`: the rows refused, and the rows of every relation of the source."""
    _write_quarantine(lake, engine, source, landed)
    for relation in source.relations:
        _write_relation(lake, engine, relation, landed)


def open_registers(engine: Engine, source: Source, batch: DeltaTable, outcomes: DeltaTable, told: DeltaTable) -> None:
    """Show the engine what was staged, the fate of every row, and what the source's relation holds, as opened."""
    engine.view("batch", files(batch), contract("batch"))
    engine.view("row_outcome", files(outcomes), contract("row_outcome"))
    engine.view(source.relation, files(told), source.contract)


def find_earlier(engine: Engine, source: Source, landing_seq: int) -> None:
    """`earlier_revision`: what was accepted before, of the keys of `candidate_row`."""
    engine.con.execute("CREATE OR REPLACE TABLE candidate_key AS SELECT DISTINCT row_key FROM candidate_row")
    engine.load_rows(
        "duplicate_policy",
        "relation VARCHAR, landing_seq BIGINT, compares_all BOOLEAN",
        [(source.relation, landing_seq, source.contract.custom["duplicateOf"] == "any earlier revision")],
    )
    engine.table("earlier_revision", STAGING_SQL / "earlier_revision.sql")


def check(engine: Engine, source: Source) -> list[Finding]:
    """Run the batch rules of relation and source on the profile of `fate`, and on the relations that they name."""
    engine.table("profile", STAGING_SQL / "profile.sql")
    rules = source.contract.batch_rules + source.definition.batch_rules
    named = {rule.on for rule in rules} - {"profile"}
    for name in sorted(named):
        engine.table(name, STAGING_SQL / f"{name}.sql")
    return check_batch(rules, {name: engine.arrow(f"SELECT * FROM {name}") for name in sorted(named | {"profile"})})


def said_of_broken(engine: Engine, source: Source, findings: list[Finding]) -> str | None:
    """Why a batch may not pass, in words; None where every batch rule that may keep it out holds."""
    broken = [finding for finding in findings if not finding.passed and finding.severity == "refuse_batch"]
    if not broken:
        return None
    said = "; ".join(f"rule {f.rule_id}: {f.description}: {f.observed}" for f in broken)
    common = engine.rows(
        "SELECT rule, count(*) AS rows FROM fate WHERE rule IS NOT NULL GROUP BY rule ORDER BY rows DESC, rule LIMIT 3"
    )
    rows = ", ".join(f"{row['rule']} {row['rows']}" for row in common)
    said += f". Most refused rows: {rows}" if rows else ""
    return f"{said}. The file is kept as landed; compare its units, zone and formats with {source.definition.file}"


def outcome_rows(engine: Engine, source: Source, landed: Landed) -> pa.Table:
    """`fate` as rows of row_outcome."""
    rows = engine.arrow(
        f"""SELECT '{landed.landing_digest}' AS landing_digest, row_number, '{source.relation}' AS relation, row_key,
        content_digest, revised_at, outcome, rule, amount_wh FROM fate ORDER BY row_number"""
    )
    return rows.cast(arrow_schema(contract("row_outcome")))


def _write_quarantine(lake: Lake, engine: Engine, source: Source, landed: Landed) -> None:
    rows = engine.arrow(
        f"""SELECT '{landed.landing_digest}' AS landing_digest, f.row_number, '{source.relation}' AS relation, f.row_key,
        f.rule, coalesce(f.rules, f.rule) AS rules, TIMESTAMPTZ '{landed.landed_at.isoformat()}' AS first_seen_at,
        CAST(to_json(r) AS VARCHAR) AS row_json
        FROM fate AS f JOIN landed_row AS r USING (row_number) WHERE f.outcome = 'quarantined' ORDER BY f.row_number"""
    )
    if rows.num_rows:
        append_once(lake.table("quarantine"), rows.cast(arrow_schema(contract("quarantine"))), landed.landing_digest)


def _write_relation(lake: Lake, engine: Engine, relation: str, landed: Landed) -> None:
    owed = contract(relation)
    columns = ", ".join(f'c."{c.name}"' for c in owed.digest_columns)
    order = "ended_at, session_id" if "ended_at" in owed.column_names else ", ".join(owed.key)
    rows = engine.arrow(
        f"""SELECT {columns}, '{landed.landing_digest}' AS landing_digest, c.row_number
        FROM candidate_{relation} AS c JOIN fate AS f USING (row_number)
        WHERE f.outcome IN ('accepted', 'superseded') ORDER BY {order}, c.row_number"""
    )
    if rows.num_rows:
        append_once(lake.table(relation), rows.cast(arrow_schema(owed)), landed.landing_digest)


def profile(engine: Engine) -> dict[str, object]:
    """The counts and sums of a batch, from `profile`."""
    row = engine.rows("SELECT * FROM profile")[0]
    return {name: value for name, value in row.items() if name in contract("batch").column_names}


def _empty_profile() -> dict[str, object]:
    owed = contract("batch").column_names
    return dict.fromkeys([name for name in owed if name.startswith("rows_") or name.endswith("_wh")], 0)


def _register(
    lake: Lake,
    source: Source,
    landed: Landed,
    state: str,
    refusal: str | None,
    profile: dict[str, object],
    findings: list[Finding],
) -> dict[str, object]:
    while True:
        table = lake.table("batch")
        if state == "staged" and (known := staged_batch(lake, landed)):
            return known
        row = batch_row(source, landed, findings) | {"state": state, "refusal": refusal} | profile
        try:
            return append_batch(table, row)
        except LostRace:
            continue


def batch_row(source: Source, landed: Landed, findings: list[Finding]) -> dict[str, object]:
    """What a batch says of its file, its definition and its batch rules; its caller adds state, counts and sums."""
    return {
        "landing_digest": landed.landing_digest,
        "landing_seq": landed.landing_seq,
        "landed_at": landed.landed_at,
        "source": source.name,
        "relation": source.relation,
        "definition_digest": source.digest(),
        "validation": json.dumps([asdict(finding) for finding in findings], sort_keys=True),
    }


def append_batch(table: DeltaTable, row: dict[str, object]) -> dict[str, object]:
    """Append a batch under the next number and return it. Raises LostRace where another was faster."""
    numbered = {"batch_seq": row_count(table) + 1} | row
    append_if_unchanged(table, pa.Table.from_pylist([numbered], schema=arrow_schema(contract("batch"))))
    return numbered
