"""Quarantine as a data engineer reads it: which rows wait, under which rule, and what they say."""

from __future__ import annotations

from typing import Any

from chargeledger import rooms
from chargeledger.candidates import STAGING_SQL
from chargeledger.contract import contract
from chargeledger.engine import Engine, quoted
from chargeledger.lake import Lake
from chargeledger.source import load_source

UNWRITTEN_RULES = {
    "same_key_other_content": "two rows of one file tell one key differently, and neither is the later",
    "nothing_told": "the source's SQL reads nothing from the row",
    "key_as_received": "read today, the row has another key than it was received under: ask its sender for it again",
    "told_since": "files that landed later have taken back what the row tells: there is nothing to release",
}
Row = dict[str, Any]


def meaning(relation: str, rule: str) -> str:
    """What the contract or a source says of a row rule, or what a rule means that none needs to state."""
    definitions = [load_source(name).definition for name in rooms.source_names(relation)]
    rules = [found for definition in (*definitions, contract(relation)) for found in definition.row_rules]
    return (UNWRITTEN_RULES | {found.rule_id: found.description for found in rules}).get(rule, "")


def open_quarantine(lake: Lake, engine: Engine) -> None:
    """`quarantined_row`: every refusal of a row, and whether the row still waits, from the newest tables of the lake."""
    for relation in ("batch", "row_outcome", "quarantine", "landing_file"):
        engine.view(relation, lake.files(relation), contract(relation))
    engine.table("quarantined_row", STAGING_SQL / "quarantined_row.sql")


def chosen(rule: str | None, batch: int | None) -> str:
    """The predicate that keeps the rows of a rule, of a batch, or of both."""
    parts = ["true"]
    parts += [f"rule = {quoted(rule)}"] if rule is not None else []
    parts += [f"batch_seq = {int(batch)}"] if batch is not None else []
    return " AND ".join(parts)


def totals(lake: Lake, rule: str | None = None, batch: int | None = None, settled: bool = False) -> list[Row]:
    """Refusals by relation and rule: rows, waiting, batches, first_seen_at, example; with `settled`, those that are over too."""
    with Engine(spill=lake.spill()) as engine:
        open_quarantine(lake, engine)
        return engine.rows(
            f"""SELECT relation, rule, count(*) AS rows, count(*) FILTER (WHERE is_waiting) AS waiting,
              list_sort(list(DISTINCT batch_seq)) AS batches, min(first_seen_at) AS first_seen_at, min(row_key) AS example
            FROM quarantined_row WHERE {chosen(rule, batch)} AND (is_waiting OR {settled})
            GROUP BY relation, rule ORDER BY rows DESC, relation, rule"""
        )


def waiting_rows(lake: Lake, rule: str | None, batch: int | None, most: int) -> tuple[list[Row], int]:
    """The first rows that wait, in the order of landing and of their file, and the count of all."""
    with Engine(spill=lake.spill()) as engine:
        open_quarantine(lake, engine)
        told = f"FROM quarantined_row WHERE is_waiting AND {chosen(rule, batch)}"
        rows = engine.rows(f"SELECT * {told} ORDER BY landing_seq, row_number LIMIT {int(most)}")
        return rows, engine.count(f"SELECT 1 {told}")


def waiting_files(lake: Lake, rule: str | None, batch: int | None) -> list[Row]:
    """Files with rows that wait, in the order of landing: file_digest and the source that judged them last."""
    with Engine(spill=lake.spill()) as engine:
        open_quarantine(lake, engine)
        return engine.rows(
            f"""SELECT file_digest, max_by(source, batch_seq) AS source FROM quarantined_row
            WHERE is_waiting AND {chosen(rule, batch)} GROUP BY file_digest ORDER BY min(landing_seq)"""
        )
