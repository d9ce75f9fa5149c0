"""What arrives, not when it arrives, decides what stands while a vintage is provisional.

Paper: R Wh of AC charging in China are worth R x 382 031 200 ng; in California R x (905 091 303 - 370 000 000) in an hour of gas.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.ledger.book import CN, HOUR, NOON, US, Book, charge, charge_us, mix, user

NG_PER_WH, GRAM = 382_031_200, 10**9
EARLY, LATE = "2026-03-10T01:00:00Z", "2026-03-10T02:00:00Z"
# Session 1 is told twice, the later revision moves it from alice to bob and from 10 to 12 kWh; session 3 gets its owner
# in another file; session 5 waits for its hour, which is the fourth file.
FILES = {
    "first telling": (charge("1", "10", revised=EARLY), charge("2", "10")),
    "revision": (charge("1", "12", "bob", revised=LATE), charge("3", "9", "", revised=EARLY)),
    "owner": (charge("3", "9", "bob", revised=LATE), charge_us("5", "10")),
    "grid": (mix(HOUR, gas=100),),
}
DUE = {
    (CN, user("alice"), "2026-03-09"): (3820, 3_820_312_000_000),
    (CN, user("bob"), "2026-03-09"): (4584 + 3438, 4_584_374_400_000 + 3_438_280_800_000),
    (US, user("alice"), "2026-03-10"): (5350, 5_350_913_030_000),
}


def send(book: Book, name: str) -> None:
    (book.grid if name == "grid" else book.sessions)(*FILES[name], at=NOON)


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], Book]:
    """A lake for every order of the four files; orders that begin alike share their beginning."""
    folder = tmp_path_factory.mktemp("orders")
    books = {(): Book(folder / "none")}
    for length in range(1, len(FILES) + 1):
        for order in itertools.permutations(FILES, length):
            books[order] = books[order[:-1]].copy(folder / "-".join(order).replace(" ", "_"))
            send(books[order], order[-1])
    return {order: book for order, book in books.items() if len(order) == len(FILES)}


def test_every_order_of_four_files_gives_every_user_the_same(arrived: dict[tuple[str, ...], Book]) -> None:
    assert len(arrived) == 24
    for order, book in arrived.items():
        book.account(at=NOON)
        assert book.sums() == DUE, order


@pytest.mark.parametrize(
    "order",
    [tuple(FILES), tuple(FILES)[::-1], ("grid", "revision", "first telling", "owner")],
    ids=["as written", "backwards", "revision first"],
)
def test_accounting_after_every_file_ends_where_data_on_time_does(tmp_path: Path, order: tuple[str, ...]) -> None:
    book = Book(tmp_path)
    for name in order:
        send(book, name)
        book.account(at=NOON)
    assert book.sums() == DUE


@pytest.mark.parametrize(
    "order",
    [
        (0, 1),
        pytest.param(
            (1, 0),
        ),
    ],
)
def test_an_owner_stated_once_is_known_whatever_arrived_first(tmp_path: Path, order: tuple[int, int]) -> None:
    """The later revision has no account; the owner that the earlier one states holds until another is stated."""
    book = Book(tmp_path)
    rows = charge("1", "10", revised=EARLY), charge("1", "12", "", revised=LATE)
    for place in order:
        book.sessions(rows[place])
    book.account()
    assert book.sums() == {(CN, user("alice"), "2026-03-09"): (4584, 4_584_374_400_000)}


@dataclass(frozen=True)
class Telling:
    """One revision of one session, and the file that brings it."""

    order: int
    revised_minute: int
    file: int
    energy_wh: int
    account: str
    day: int

    def row(self) -> str:
        kwh = f"{self.energy_wh // 1000}.{self.energy_wh % 1000:03d}"
        ended = f"2026-03-{self.day:02d}T12:00:00+08:00"
        return charge(str(self.order), kwh, self.account, ended, revised=f"2026-03-11T10:{self.revised_minute:02d}:00Z")


TELLINGS = st.lists(
    st.builds(
        Telling,
        order=st.integers(1, 4),
        revised_minute=st.integers(0, 59),
        file=st.integers(0, 2),
        energy_wh=st.integers(500, 60_000),
        account=st.sampled_from(["alice", "bob", "carol"]),
        day=st.integers(9, 10),
    ),
    min_size=1,
    max_size=10,
    unique_by=lambda telling: (telling.order, telling.revised_minute),
)
SCOPES = st.lists(st.sampled_from([None, "2026-03-09", "2026-03-10", "skip"]), min_size=3, max_size=3)


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a history takes seconds: no shrinking
    suppress_health_check=list(HealthCheck),
)
@given(tellings=TELLINGS, scopes=SCOPES)
def test_any_history_ends_with_the_latest_revision_of_every_session(
    tmp_path_factory: pytest.TempPathFactory, tellings: list[Telling], scopes: list[str | None]
) -> None:
    book = Book(tmp_path_factory.mktemp("history"))
    for number, scope in enumerate(scopes):
        if rows := [telling.row() for telling in tellings if telling.file == number]:
            book.sessions(*rows)
        if scope != "skip" and book.root.exists():
            book.account(scope)
    book.account()
    due: dict[tuple[str, str, str], tuple[int, int]] = {}
    for order in {telling.order for telling in tellings}:
        counts = max((t for t in tellings if t.order == order), key=lambda telling: telling.revised_minute)
        key = (CN, user(counts.account), f"2026-03-{counts.day:02d}")
        points, reductions = due.get(key, (0, 0))
        worth = counts.energy_wh * NG_PER_WH
        due[key] = (points + worth // GRAM, reductions + worth)
    assert book.sums() == due
