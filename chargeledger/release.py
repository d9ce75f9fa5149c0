"""Release: rows that wait in quarantine are read again from their landed file, by the definition of today.

What a release changes stands under a digest of its own, so that every table takes it once, and counts from its `batch` row on.
That row is added only on top of the batches it was judged on: two releases never give one row two fates.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from chargeledger.candidates import STAGING_SQL, read_candidates
from chargeledger.contract import contract
from chargeledger.engine import Engine
from chargeledger.errors import LostRace, Refused
from chargeledger.lake import Lake
from chargeledger.landing import Landed, landed_file
from chargeledger.quarantine import open_quarantine
from chargeledger.source import Source, load_source
from chargeledger.staging import (
    append_batch,
    batch_row,
    check,
    find_earlier,
    open_registers,
    outcome_rows,
    profile,
    read_landed,
    said_of_broken,
    write_rows,
)
from chargeledger.table import append_if_unchanged

KEEPS_KEY = "charging_session"  # its keys are lineages, which the ledger follows


@dataclass(frozen=True)
class Selection:
    """Which of the rows that wait: those of a rule, of the batch that refused them, or of both."""

    rule: str | None
    batch_seq: int | None


def release_file(lake: Lake, digest: str, source_name: str, selection: Selection, key: bytes) -> dict[str, Any]:
    """Take up the selected rows of one landed file. Returns file, taken, staying (rows by rule) and the batch, if any changed."""
    source, landed = load_source(source_name), landed_file(lake, digest)
    with lake.one_at_a_time(source.relation), Engine(spill=lake.spill()) as engine:
        read_landed(lake, engine, source, landed, key)
        read_candidates(engine, source)
        engine.con.execute("ALTER TABLE landed_row RENAME TO landed_of_file")
        engine.con.execute("ALTER TABLE candidate_row RENAME TO row_of_file")
        while True:
            try:
                return _release(lake, engine, source, landed, selection)
            except LostRace:
                continue


def _release(lake: Lake, engine: Engine, source: Source, landed: Landed, selection: Selection) -> dict[str, Any]:
    batch, outcomes = lake.table("batch"), lake.table("row_outcome")
    open_quarantine(lake, engine)
    open_registers(engine, source, batch, outcomes, lake.table(source.relation))
    engine.load_rows("arriving", "landing_seq BIGINT, landed_at TIMESTAMPTZ", [(landed.landing_seq, landed.landed_at)])
    _judge(engine, source, landed, selection)
    staying = engine.rows(
        """SELECT coalesce(r.rule, f.rule) AS rule FROM fate AS f LEFT JOIN released_row AS r USING (row_number)
        WHERE coalesce(r.outcome, f.outcome) = 'quarantined'"""
    )
    told = {"file": landed.file_name, "taken": engine.count("SELECT 1 FROM taken_row"), "batch": None}
    told["staying"] = dict(sorted(Counter(str(row["rule"]) for row in staying).items()))
    if engine.count("SELECT 1 FROM released_row") == 0:
        return told
    engine.table("fate", STAGING_SQL / "file_fate.sql")
    findings = check(engine, source)
    if broken := said_of_broken(engine, source, findings):
        raise Refused(f"{landed.file_name}: with the rows released, {broken}. Nothing of it was released")
    engine.con.execute("CREATE OR REPLACE TABLE fate AS SELECT * FROM released_row")
    engine.con.execute(
        "CREATE OR REPLACE TABLE landed_row AS SELECT l.* FROM landed_of_file AS l SEMI JOIN fate USING (row_number)"
    )
    engine.table("profile", STAGING_SQL / "profile.sql")
    released = replace(landed, landing_digest=_digest(engine, source, landed))
    if outcomes.transaction_version(released.landing_digest) is None:
        append_if_unchanged(outcomes, outcome_rows(engine, source, released), landing_digest=released.landing_digest)
    write_rows(lake, engine, source, released)
    row = batch_row(source, released, findings) | {"state": "staged", "released_from": landed.landing_digest}
    return told | {"batch": append_batch(batch, row | profile(engine))}


def _judge(engine: Engine, source: Source, landed: Landed, selection: Selection) -> None:
    """`taken_row`, `fate` of the rows taken, and of them `released_row`: those that a release changes."""
    _hold_to_rows(engine, landed)
    engine.load_rows(
        "release",
        "file_digest VARCHAR, rule VARCHAR, batch_seq BIGINT, keeps_key BOOLEAN",
        [(landed.landing_digest, selection.rule, selection.batch_seq, source.relation == KEEPS_KEY)],
    )
    engine.table("taken_row", STAGING_SQL / "taken_row.sql")
    engine.con.execute("CREATE OR REPLACE TABLE candidate_row AS SELECT * FROM taken_row")
    engine.con.execute("CREATE OR REPLACE TABLE landed_row AS SELECT * FROM landed_of_file")
    find_earlier(engine, source, landed.landing_seq)
    # Rows of the file that wait and were not asked for: a row may contradict one, and none is yet a row to repeat.
    engine.con.execute(
        """INSERT INTO earlier_revision SELECT c.row_key, c.content_digest, c.revised_at, true, false
        FROM row_of_file AS c CROSS JOIN release AS r
        JOIN quarantined_row AS w ON w.file_digest = r.file_digest AND w.row_number = c.row_number AND w.is_waiting
        WHERE c.rule IS NULL AND c.row_number NOT IN (SELECT row_number FROM taken_row)"""
    )
    engine.table("fate", STAGING_SQL / "row_outcome.sql")
    engine.table("released_row", STAGING_SQL / "released_row.sql")


def _hold_to_rows(engine: Engine, landed: Landed) -> None:
    """Rows are known by their number, so a definition that counts them otherwise may release none."""
    then = engine.scalar(
        f"SELECT max(rows_received) FROM batch WHERE landing_digest = '{landed.landing_digest}' AND state = 'staged'"
    )
    now = engine.count("SELECT 1 FROM landed_of_file")
    if now != then:
        raise Refused(
            f"{landed.file_name}: its definition reads {now:,} rows today and read {then:,} when it was staged, so "
            "rows cannot be told apart by their number. Nothing of it was released; ask its sender for the rows again"
        )


def _digest(engine: Engine, source: Source, landed: Landed) -> str:
    """What a release is named by: its file, its definition, and every row with its new fate."""
    columns = ", ".join(c.name for c in contract("row_outcome").columns if c.name not in ("landing_digest", "relation"))
    rows = engine.rows(f"SELECT {columns}, rules FROM fate ORDER BY row_number")
    said = json.dumps([landed.landing_digest, source.digest(), rows], default=str, sort_keys=True)
    return hashlib.sha256(b"chargeledger release\0" + said.encode()).hexdigest()
