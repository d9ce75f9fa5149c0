"""One version, then another, then the first again, each for past vintages too and approved: session by session, in all parts.

The second is what it gives from scratch, the third is the first ledger again, and each is what the oracles have on paper. The day
of 10 March is final, so all its changes wait; that of the 25th is open. The cap is 6 000 points; on the 10th alice charges twice:
  annual (1.2.0)   10 and 5 kWh x 382.0312 g: 3 820 and 1 910 points, of which the cap cuts nothing
  hourly (2.0.0)   at 40 and 60 % of 827.3 g/kWh: 5 817 and 2 081, and 183 are left for the second
  green (3.0.0)    303.0312 g x 10 kWh + 609.6 g x 3.333 kWh of a roof: 5 062, and 938 of 1 515 are left for the second
A battery that loses half counts 1 219.2 g/kWh, more than gasoline: its charge is clamped. 400 Wh are too few, and not awarded.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.ledger import altered, decided, green_book, owed
from tests.ledger.book import Key
from tests.ledger.green_book import CN, HOUR, METERS, NOON, Charge, GreenBook, Supply
from tests.ledger.test_past_vintages import in_force
from tests.oracle import annual, green, hourly
from tests.oracle.given import local_day

ANNUAL, HOURLY, GREEN = (f"cn_ev_charging@{number}" for number in ("1.2.0", "2.0.0", "3.0.0"))
CAP = 6000
OPEN = NOON + timedelta(days=15)
LATER = datetime(2026, 4, 10, tzinfo=UTC)  # the vintage of 10 March has been final for some hours
MINUTE = timedelta(minutes=1)
FINAL_DAY = (
    Charge(1, (10_000,), place="A", minutes=40),
    Charge(2, (7_345, 5_000), account="bob", place="B", meter="dc_output"),
    Charge(3, (400,), account="carol", place="C"),
    Charge(4, (3_000,), NOON + 3 * HOUR, "dora", "D"),
    Charge(5, (8_000,), NOON + 40 * MINUTE, "", "A", minutes=20),  # nobody's, and it asks for its share of the roof
    Charge(6, (5_000,), NOON + HOUR, place="A"),
)
OPEN_DAY = (
    Charge(7, (9_001,), OPEN, place="A"),
    Charge(8, (6_000,), OPEN + HOUR, "bob", "B", meter="dc_output"),  # its hour is missing
)
CHARGES = (*FINAL_DAY, *OPEN_DAY)
ROOF = Supply("ROOF", 6_000, kind="pv", scope="station", scope_id="A")
SUPPLY = (
    ROOF,
    Supply("BOX", 3_000, NOON + 3 * HOUR, "battery", "station", "D", charged_wh=9_000, round_trip=500),
    Supply("C", 5_000, OPEN + HOUR),
)
MIX = {NOON: 40, NOON + HOUR: 60, NOON + 3 * HOUR: 100, OPEN: 80}
MIXES = {hour: {"coal": percent, "wind": 100 - percent} for hour, percent in MIX.items()}


def due(version: str) -> dict[Key, tuple[int, ...]]:
    """What a version gives from scratch, by the oracles."""
    given = green_book.given(CHARGES, SUPPLY, LATER, MIXES)
    if version == ANNUAL:
        amounts = [annual.cn_ev_charging(sum(each.parts), METERS[each.meter], each.meter, "1.2.0") for each in CHARGES]
    else:
        assessed = (hourly if version == HOURLY else green).assess(given)
        amounts = [assessed[each.session_id].amounts for each in CHARGES]
    return owed.by_rules(zip(given.sessions, amounts, (each.account for each in CHARGES), strict=True), CAP)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> GreenBook:
    """All of it landed in time, and nothing accounted."""
    book = GreenBook(tmp_path_factory.mktemp("told") / "book")
    for day, charges in ((NOON, FINAL_DAY), (OPEN, OPEN_DAY)):
        at = day + 6 * HOUR
        book.mix({hour: mix for hour, mix in MIXES.items() if local_day(hour) == local_day(day)}, at=at)
        book.supply(*(each for each in SUPPLY if local_day(each.hour) == local_day(day)), at=at)
        book.charges(*charges, at=at)
    return book


@pytest.mark.parametrize(
    ("one", "two"),
    [(ANNUAL, HOURLY), (HOURLY, GREEN), (GREEN, ANNUAL)],
    ids=["hourly and back to annual", "green and back to hourly", "annual and back to green"],
)
def test_two_approved_is_two_from_scratch_and_back_is_one_in_every_part_of_every_session(
    told: GreenBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: str, two: str
) -> None:
    altered.points_cap(monkeypatch, tmp_path, CN, CAP)
    in_force(monkeypatch, tmp_path, one)
    book, fresh = (GreenBook(told.copy(tmp_path / name).folder) for name in ("book", "fresh"))
    book.settle(LATER)
    first = book.stands()
    assert first == due(one)
    assert book.vintages() == {(CN, "2026-03-10"): "final", (CN, "2026-03-25"): "provisional"}
    in_force(monkeypatch, tmp_path, two, ", restate: restate_all")
    fresh.settle(LATER)
    waiting = book.settle(LATER)
    assert waiting["held"] == sorted(each.session_id for each in FINAL_DAY if each.account)
    decided.approve(book, waiting, at=LATER.isoformat())
    assert book.stands() == fresh.stands() == due(two)
    in_force(monkeypatch, tmp_path, one, ", restate: restate_all")
    decided.approve(book, book.settle(LATER), at=LATER.isoformat())
    assert book.stands() == first
    assert decided.all_receipts_are_the_same(book) == 5


def test_what_was_matched_in_an_open_vintage_counts_again_when_its_version_comes_back(
    told: GreenBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The open day alone, in which no change waits: its contract is matched under the first version, and not again."""
    book = GreenBook(told.copy(tmp_path / "book").folder)
    for version in (GREEN, ANNUAL, GREEN):
        in_force(monkeypatch, tmp_path, version, ", restate: restate_all")
        book.account("2026-03-25", at=LATER.isoformat())
        assert book.stands() == {key: amounts for key, amounts in due(version).items() if key[2] == "2026-03-25"}


def test_the_versions_differ_and_no_part_is_zero_in_all_of_them() -> None:
    by_version = [due(version) for version in (ANNUAL, HOURLY, GREEN)]
    assert len({tuple(sorted(each.items())) for each in by_version}) == 3
    sums = [sum(abs(amounts[place]) for each in by_version for amounts in each.values()) for place in range(6)]
    assert all(sums), sums
