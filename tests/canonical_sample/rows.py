"""Rows of the written sample, and what they say of themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
REGIONS = {f"CN-GRID-{name}" for name in ("NORTH", "NE", "EAST", "CENTRAL", "NW", "SOUTH", "SW")}
Row = dict[str, str]


def id_of(row: Row) -> str:
    """The lineage of a session."""
    return f"{row['operator']}:{row['order_number']}".upper()


def seconds_of(row: Row) -> int:
    """How long a session charged."""
    started_at, ended_at = (datetime.fromisoformat(row[name]) for name in ("started_at", "ended_at"))
    return (ended_at - started_at) // timedelta(seconds=1)


def with_defect(defect: str, sessions: list[Row], written: dict[str, Any]) -> list[Row]:
    """The sessions that the sample declares to have a defect."""
    ids = written["expected"]["defects"][defect]["session_ids"]
    return [row for row in sessions if id_of(row) in ids]


def sound_rows(sessions: list[Row], written: dict[str, Any]) -> list[Row]:
    """The sessions of which no defect is declared."""
    ids = {i for defect in written["expected"]["defects"].values() for i in defect["session_ids"]}
    return [row for row in sessions if id_of(row) not in ids]
