"""The same world without any of the mess: a lake that is told the last word on everything, once, on time and in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from chargeledger import flow
from tests.ledger.book import Book, user
from tests.simulator.facts import Facts
from tests.simulator.tellings import OwnerSaid, Said, text
from tests.simulator.world import ACCOUNTS

ACCOUNT = {user(account): account for account in ACCOUNTS}
Held = dict[tuple[Any, ...], tuple[int, int]]


def last_word(facts: Facts) -> dict[str, list[Said]]:
    """What there is to say in the end, by source: the telling of every order that counts, its owner, stations and hours."""
    placed = [
        found for lineage in sorted(facts.revisions) if (found := facts.placed(lineage)) and not found.is_withdrawn
    ]
    told: dict[str, list[Said]] = {
        "station_csv": [*facts.stations.values()],
        "grid_mix_csv": [*facts.grid.values()],
        "session_csv": [replace(each.telling, account="") for each in placed],
        "session_owner_csv": [OwnerSaid(each.lineage, ACCOUNT[each.user]) for each in placed if each.user],
    }
    return {source: rows for source, rows in told.items() if rows}


def on_time(folder: Path, facts: Facts, start: datetime, clock: datetime) -> Held:
    """What a lake holds that is told so at the start, and accounts once at the clock."""
    book = Book(folder)
    for source, rows in last_word(facts).items():
        book.send(source, *[row.row() for row in rows], at=text(start))
    if book.root.exists():
        flow.account(book.lake, at=text(clock))
    return held(book.entries() if (book.root / "ledger" / "ledger_entry").exists() else [])


def held(entries: Iterable[dict[str, Any]]) -> Held:
    """Points and reductions by programme, session, vintage and user; what holds nothing is left out."""
    points: Counter[tuple[Any, ...]] = Counter()
    reductions: Counter[tuple[Any, ...]] = Counter()
    for row in entries:
        key = (row["programme"], row["session_id"], row["vintage"], row["user_id"])
        points[key] += row["points"]
        reductions[key] += int(row["emission_reductions_ng"])
    return {key: (points[key], reductions[key]) for key in points if (points[key], reductions[key]) != (0, 0)}
