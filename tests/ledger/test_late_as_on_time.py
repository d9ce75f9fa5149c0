"""What came late, twice, corrected, without its owner or before its hour stands in the end as if all had been told on time.

Session by session, in points and in all five signed parts, while a vintage is provisional, and under a cap too. In a final
vintage no award gives way to what comes late, so under a cap less is equal: the last test says what.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ledger import altered
from tests.ledger.book import CN, HOUR, PARTS, US, Book, charge_us, mix
from tests.ledger.green_book import GreenBook
from tests.ledger.hourly_book import use_version
from tests.ledger.late_worlds import GRAM, ORDERS, WORLDS, World

Cap = tuple[Callable[[pytest.MonkeyPatch, Path, str, int], None], int]


@pytest.fixture(scope="module")
def worlds() -> dict[str, World]:
    return {name: world() for name, world in WORLDS.items()}


def empty(world: World, patch: pytest.MonkeyPatch, folder: Path) -> GreenBook:
    """A lake of the world's version and cap."""
    use_version(patch, folder, world.version)
    if world.cap is not None:
        altered.points_cap(patch, folder, CN, world.cap)
    return GreenBook(folder / "book")


@pytest.mark.parametrize("name", WORLDS)
def test_on_time_stands_what_is_on_paper(
    worlds: dict[str, World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    book = empty(worlds[name], monkeypatch, tmp_path)
    for send in worlds[name].last_word:
        send(book)
    book.account(at=worlds[name].clock)
    assert book.stands() == worlds[name].owed
    assert {entry["kind"] for entry in book.entries()} == {"issuance"}


@pytest.mark.parametrize(("name", "order"), [(name, order) for name, orders in ORDERS.items() for order in orders])
def test_late_stands_the_same_as_on_time_in_every_part_of_every_session(
    worlds: dict[str, World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, order: str
) -> None:
    world = worlds[name]
    assert sorted(order) == sorted(world.files)
    book = empty(world, monkeypatch, tmp_path)
    for letter in order:
        world.files[letter](book)
        book.account(at=world.told_at)
    if world.clock != world.told_at:
        book.account(at=world.clock)
    assert book.stands() == world.owed
    assert len(book.entries()) > len(world.owed)  # something had to be put right


def test_no_part_is_zero_in_all_worlds(worlds: dict[str, World]) -> None:
    sums = [sum(abs(amounts[place]) for w in worlds.values() for amounts in w.owed.values()) for place in range(6)]
    assert all(sums), dict(zip(PARTS, sums, strict=True))


CHARGED_WH = {"X": 10_000, "Y": 10_000, "Z": 1_000}  # of alice, in an hour of gas in California: 535 091 303 ng a Wh


def final(folder: Path, files: list[str]) -> dict[str, tuple[int, ...]]:
    """What stands of each charge, all of PARTS; each file is accounted, and the vintage is final with the first run."""
    book = Book(folder)
    book.grid(mix(HOUR, gas=100))
    for names in files:
        book.sessions(*(charge_us(name, str(CHARGED_WH[name] // 1000)) for name in names))
        book.account()
        assert book.vintages() == {(US, "2026-03-10"): "final"}
    return {key[1].removeprefix("OP:"): amounts for key, amounts in book.stands().items()}


@pytest.mark.parametrize(
    ("cap", "on_time", "late"),
    [
        # 8 000 points: who comes gets what is left, so the charges share them otherwise, and the account has the same
        ((altered.points_cap, 8000), {"X": 5350, "Y": 2650, "Z": 0}, {"Z": 535, "Y": 5350, "X": 2115}),
        # 15 kWh: who comes gets all or nothing, so the account has more or less
        ((altered.energy_cap, 15_000), {"X": 5350, "Y": 0, "Z": 0}, {"Z": 535, "Y": 5350, "X": 0}),
    ],
    ids=["points", "energy"],
)
def test_under_a_cap_of_a_final_vintage_all_is_equal_but_who_is_capped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cap: Cap, on_time: dict[str, int], late: dict[str, int]
) -> None:
    """Equal are of each charge reductions, rounding, points with what is capped; and under a cap of points the sums."""
    impose, most = cap
    impose(monkeypatch, tmp_path, US, most)
    found = final(tmp_path / "on time", ["XYZ"]), final(tmp_path / "late", list("ZYX"))
    for stands, points in zip(found, (on_time, late), strict=True):
        for name, wh in CHARGED_WH.items():
            due, rounding = divmod(wh * 535_091_303, GRAM)
            amounts = points[name], wh * 535_091_303, 0, 0, rounding, (due - points[name]) * GRAM
            assert stands[name] == amounts, name
    sums = [tuple(map(sum, zip(*stands.values(), strict=True))) for stands in found]
    assert (sums[0] == sums[1]) == (impose is altered.points_cap)
