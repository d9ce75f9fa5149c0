"""A green-power day of short supply: every match and result is the oracle's, given and left make up what was there, and a session
that lands late takes nothing from anybody.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from chargeledger import rooms
from tests.ledger import green_book
from tests.ledger.book import user
from tests.ledger.green_book import HOUR, NOON, OP, OTHER, SECOND, Charge, GreenBook, Supply
from tests.oracle import green, hourly

SESSIONS = 10_000
HOURS = [NOON + number * HOUR for number in range(4)]
ALL_CLOSED = HOURS[-1] + 73 * HOUR
LANDED = HOURS[-1] + 2 * HOUR
LATE = Charge(SESSIONS + 1, (30_000,), account="latecomer", place="LATE")
AMOUNTS = ("energy_wh", "baseline_emissions_ng", "project_emissions_ng", "emission_reductions_ng")


SHARED = (("P1", OP, "ac_input"), ("P1", OTHER, "ac_input"), ("P3", OP, "dc_output"))


def charges(count: int, seed: int = 1) -> list[Charge]:
    """Charges of some hundred users at two operators, some of nobody, by AC and at DC outputs, of one hour or two on connectors
    of their own; and at three shared stations one after the other, six an hour.
    """
    chance = random.Random(seed)
    told: list[Charge] = []

    def add(parts: tuple[int, ...], start: datetime, place: str, operator: str, meter: str, minutes: int) -> None:
        account = chance.choice(("", *(f"driver-{n}" for n in range(400))))
        told.append(Charge(len(told) + 1, parts, start, account, place, operator, meter, minutes))

    for place, operator, meter in SHARED:
        for hour in HOURS:
            for slot in range(6):
                add((chance.randrange(500, 9_000),), hour + slot * HOUR / 6, place, operator, meter, 10)
    while len(told) < count:
        parts = tuple(chance.randrange(1, 20_000) for _ in range(chance.choice((1, 1, 2))))
        start = chance.choice(HOURS[: len(HOURS) + 1 - len(parts)])
        meter, operator = chance.choice(("ac_input", "dc_output")), chance.choice((OP, OTHER))
        add(parts, start, f"C{len(told)}", operator, meter, chance.randrange(1, 61))
    return told


def supply(count: int) -> list[Supply]:
    """Less than half of what so many sessions ask for; nothing at all in the last hour."""
    return [
        pool
        for hour in HOURS[:-1]
        for pool in (
            Supply("ROOF", 7_001, hour, "pv", "station", "P1"),
            Supply("ROOF2", 5_003, hour, "pv", "station", "P1", OTHER),
            Supply("BOX", 4_999, hour, "battery", "station", "P3", charged_wh=9_001, from_pv_wh=2_000),
            Supply("FLEET", count * 200 + 1, hour, "contract", "operator", OP, contract="K2"),
            Supply("ALL", count * 400 + 3, hour),
        )
    ]


@pytest.fixture(scope="module")
def told() -> list[Charge]:
    return charges(SESSIONS)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, told: list[Charge]) -> GreenBook:
    """The day, matched."""
    folder = tmp_path_factory.mktemp("short")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rooms, "METHODOLOGY", green_book.adopt(folder))
        book = GreenBook(folder / "book")
        book.supply(*supply(SESSIONS), at=LANDED)
        assert book.charges(*told, at=LANDED)["rows_accepted"] == SESSIONS
        book.settle(ALL_CLOSED)
    return book


def test_every_match_is_the_oracles_and_nothing_is_lost(book: GreenBook, told: list[Charge]) -> None:
    pools = supply(SESSIONS)
    due = green.matches(green_book.given(told, pools, ALL_CLOSED))
    assert book.matched() == due
    given: Counter[tuple[datetime, str]] = Counter()
    for (_, hour, name), wh in due.items():
        given[hour, name] += wh
    asked: Counter[datetime] = Counter()
    for charge in told:
        asked.update(green.demand_wh(charge.given()))
    for pool in pools:  # short: what is left is less than a Wh a session
        left = pool.wh - given[pool.hour, pool.name]
        assert 0 <= left < SESSIONS, pool
    for row in book.rows_of("match_hour"):
        hour = row["hour_start"]
        there = sum(pool.wh for pool in pools if pool.hour == hour)
        out = sum(wh for (at, _), wh in given.items() if at == hour)
        assert (row["demand_wh"], row["available_wh"], row["matched_wh"]) == (asked[hour], there, out)
    assert {row["hour_start"] for row in book.rows_of("match_hour")} == set(HOURS)


def test_every_result_is_the_oracles(book: GreenBook, told: list[Charge]) -> None:
    due = green.assess(green_book.given(told, supply(SESSIONS), ALL_CLOSED))
    states = book.states("session_state", "session_id")
    found = {key: tuple(int(row[name]) for name in AMOUNTS) for key, row in states.items()}
    assert found == {key: tuple(getattr(each.amounts, name) for name in AMOUNTS) for key, each in due.items()}
    assert {key: row["provisional_until"] for key, row in states.items()} == {
        key: each.provisional_until for key, each in due.items()
    }


def test_one_late_session_lowers_nobodys_points(
    book: GreenBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path))
    held, entries, matches = by_user(book), len(book.entries()), book.matched()
    book.charges(LATE, at=ALL_CLOSED + SECOND)
    done = book.settle(ALL_CLOSED + SECOND)
    now = by_user(book)
    falling = [name for name, points in held.items() if now[name] < points]
    print(
        f"{SESSIONS} sessions, 1 late: {done['posted_entries']} entries posted, {len(falling)} users whose points fall"
    )
    assert (done["posted_entries"], done["touched"], falling) == (1, 1, [])
    assert len(book.entries()) == entries + 1
    assert now == held | {user("latecomer"): now[user("latecomer")]}
    assert book.matched() == matches
    session = book.session(LATE.session_id)
    assert session["provisional_until"] is None
    assert int(session["emission_reductions_ng"]) == 30_000 * (912_631_200 - 609_600_000)


def by_user(book: GreenBook) -> Counter[str]:
    """Points by user, folded by hand."""
    held: Counter[str] = Counter()
    for entry in book.entries():
        held[entry["user_id"]] += entry["points"]
    return held


def test_the_location_based_result_beside_is_that_of_the_hourly_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, pools = charges(100, seed=2), supply(100)
    mix = {hour: {"coal": 50 + n, "wind": 50, "solar": 7 * n} for n, hour in enumerate(HOURS)}
    found = {}
    for version in ("2.0.0", "3.0.0"):
        monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path / version, version))
        book = GreenBook(tmp_path / version / "book")
        book.supply(*pools, at=LANDED)
        book.mix(mix, at=LANDED)
        book.charges(*told, at=LANDED)
        book.settle(ALL_CLOSED)
        found[version] = book.states("session_state", "session_id")
    hourly_due = hourly.assess(green_book.given(told, pools, ALL_CLOSED, mix))
    for key, beside in found["3.0.0"].items():
        own = found["2.0.0"][key]
        assert beside["other_basis_reductions_ng"] == own["emission_reductions_ng"], key
        assert own["other_basis_reductions_ng"] is None
        assert own["emission_reductions_ng"] == hourly_due[key].amounts.emission_reductions_ng
    assert (
        sum(row["other_basis_reductions_ng"] != row["emission_reductions_ng"] for row in found["3.0.0"].values()) == 100
    )
