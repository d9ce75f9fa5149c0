"""Border relations filled by hand, for cases and worked examples: what is told of a row, and empty what is not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from chargeledger.contract import contract
from chargeledger.methodology import Methodology
from chargeledger.programme import MATCH_CLOSE_HOURS, load_match_rule
from chargeledger.relations import Relations


def load_border(engine: Relations, relation: str, rows: Iterable[dict[str, Any]]) -> None:
    """Create a border relation, typed by its contract, from what is told of its rows by column."""
    columns = contract(relation).digest_columns
    definition = ", ".join(f'"{column.name}" {column.sql_type}' for column in columns)
    engine.load_rows(relation, definition, [tuple(row.get(column.name) for column in columns) for row in rows])


def load_matches(engine: Relations, matches: Iterable[dict[str, Any]], hours: Iterable[tuple[str, datetime]]) -> None:
    """Green supply: these matches, these region-hours that have been matched, no certificate, the usual match close."""
    load_border(engine, "match_known", matches)
    load_border(engine, "match_hour_known", [{"region": region, "hour_start": hour} for region, hour in hours])
    load_border(engine, "certificate_known", [])
    load_match_rule(engine, [("case", MATCH_CLOSE_HOURS * 3600)])


def vintage_of(version: Methodology, ended_at: datetime) -> date:
    """The day of the end, or the version's first day for a case that names no later one."""
    first: date = version.identity["applicability"]["vintage_from"]
    return max(ended_at.date(), first)
