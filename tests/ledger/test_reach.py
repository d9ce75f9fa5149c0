"""A run that reads what is in reach leaves the lake as one that reads everything does, whatever happened in whatever order."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chargeledger import computation
from tests.ledger import altered, decided
from tests.ledger.book import CN, Book, Row
from tests.ledger.told import charged, enrolled, owner, station

STATES = {
    "session_state": ("session_id",),
    "vintage_state": ("programme", "vintage"),
    "vintage_open": ("programme", "vintage"),
    "grid_intensity_state": ("methodology", "region", "hour_start"),
}
PUBLISHED = ("user_points", "vintage", "session_status", "session_assessment", "period_statement", "ledger_entry")
START = datetime.fromisoformat("2026-03-09T00:00:00+00:00")


def whole(patch: pytest.MonkeyPatch) -> None:
    """Let every run read everything."""
    patch.setattr(computation, "reaches_back_to", lambda *_: None)


def kept(book: Book) -> dict[str, object]:
    """What is the same however much a run read: entries, and the newest row of every state."""
    receipts = ("receipt_digest", "ledger_version")
    found: dict[str, object] = {
        "entries": [{name: value for name, value in row.items() if name not in receipts} for row in book.entries()]
    }
    for relation, key in STATES.items():
        rows = book.states(relation, *key).items()
        found[relation] = {named: {n: v for n, v in row.items() if n not in receipts} for named, row in rows}
    return found


def published(book: Book) -> dict[str, list[Row]]:
    """What readers see of a publication, but for the receipts."""
    return {
        name: [{n: v for n, v in row.items() if n != "receipt_digest"} for row in book.published(name)]
        for name in PUBLISHED
    }


class World:
    """Steps of a life that one seed gives: who charges where and when, what is corrected and moved, and what is accounted."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.orders: list[Row] = []
        self.told = 0

    def _charge(self) -> Row:
        """A charge about a midnight of one of four days, on one of three connectors or none; or a later telling."""
        draw = self.draw
        self.told += 1
        if self.orders and draw.random() < 0.45:
            row = dict(draw.choice(self.orders))
            ended = datetime.fromisoformat(row["ended_at"]) + timedelta(hours=draw.choice((-24, -3, 0, 0, 3, 24)))
            row |= {"account": draw.choice(("alice", "bob", "carol", "")), "energy_kwh": str(draw.randint(1, 30))}
            row |= {"ended_at": ended.isoformat(), "started_at": (ended - timedelta(hours=2)).isoformat()}
        else:
            ended = START + timedelta(hours=24 * draw.randint(0, 3) + 16, minutes=30 * draw.randint(-20, 15))
            row = charged(
                str(len(self.orders)), "10", account=draw.choice(("alice", "bob", "")), ended_at=ended.isoformat()
            )
            row |= {"operator": draw.choice(("OP", "OP", "AGG")), "connector_id": draw.choice(("1", "2", "3", ""))}
            row |= {"region": draw.choice(("", "CN-GRID-EAST")), "token": draw.choice(("", "card"))}
            self.orders.append(row)
        return row | {"revised_at": (START + timedelta(days=6, minutes=self.told)).isoformat()}

    def steps(self, number: int) -> list[tuple[str, tuple[object, ...]]]:
        """What is done to a book, step by step."""
        found: list[tuple[str, tuple[object, ...]]] = []
        for place in range(number):
            rows = {row["order_number"]: row for row in (self._charge() for _ in range(self.draw.randint(6, 12)))}
            found.append(("session_csv", tuple(rows.values())))
            kind = self.draw.random()
            if kind < 0.3:
                region = self.draw.choice(("CN-GRID-EAST", "CN-GRID-NORTH", "NO"))
                connector, issuer = self.draw.choice(("1", "2", "")), self.draw.choice(("", "AGG"))
                since = "2026-01-01T00:00:00+08:00" if place else "2026-01-02T00:00:00+08:00"
                found.append(
                    ("station_csv", (station(connector_id=connector, issuer=issuer, region=region, valid_from=since),))
                )
            elif kind < 0.5:
                found.append(("session_owner_csv", (owner(token="card", account=self.draw.choice(("bob", "dora"))),)))
            day = (START + timedelta(days=self.draw.randint(0, 3))).date().isoformat()
            found.append(("account", (self.draw.choice((None, None, day)),)))
        return [*found, ("account", (None,))]


def live(book: Book, steps: list[tuple[str, tuple[object, ...]]]) -> Book:
    for place, (what, told) in enumerate(steps):
        at = (START + timedelta(days=8 + 3 * place)).isoformat()  # vintages become final on the way
        if what == "account":
            book.account(told[0], at=at)  # type: ignore[arg-type]
        else:
            book.send(what, *told, at=at)  # type: ignore[arg-type]
    book.publish(at=at)
    return book


@pytest.mark.parametrize("seed", range(3))
def test_reading_what_is_in_reach_gives_what_reading_everything_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Under a cap in every second world; corrections move charges over midnights, into a day that is final, and to others."""
    if seed % 2:
        altered.points_cap(monkeypatch, tmp_path / "capped", CN, 5000)
    steps = World(seed).steps(4)
    near = live(Book(tmp_path / "near"), steps)
    with pytest.MonkeyPatch.context() as patch:
        whole(patch)
        far = live(Book(tmp_path / "far"), steps)
    assert len(near.entries()) > 6
    assert kept(near) == kept(far)
    assert published(near) == published(far)


def test_an_enrolment_of_whom_a_rejected_change_names_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger knows the award as alice's; what was rejected gives it to bob, who enrols later: that is another change."""
    altered.programme_line(monkeypatch, tmp_path / "asking", CN, "enrolment: none", "enrolment: required")
    later = "2026-04-20T00:00:00Z"
    book = Book(tmp_path / "book")
    book.send("enrolment_csv", enrolled("alice"))
    book.send("session_csv", charged("1"))
    book.account(at=later)
    book.send("session_owner_csv", owner(order_number="1"), at=later)
    decided.reject(book, book.account(at=later), at=later)
    book.send("enrolment_csv", enrolled("bob"), at=later)
    assert book.account(at=later)["held"] == ["OP:1"]
