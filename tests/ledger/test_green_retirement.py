"""A contract's match is provisional until as much of its contract, region and month is retired as is matched, or its deadline.

Paper: March 2026 ends on 31 March 16:00 Z; 180 x 86 400 s later it is 27 September 16:00 Z. 1 100 and 500.005 kWh of contract K1
are matched in March: two certificates of 1 MWh settle them, and one leaves floor(match x 1 000 000 / 1 600 005).
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from chargeledger import asking, rooms
from chargeledger.explain import explain
from chargeledger.lake import Lake
from tests.ledger import green_book
from tests.ledger.green_book import CN, HOUR, NOON, OP, SECOND, Charge, GreenBook, Supply
from tests.ledger.told import certificate, station
from tests.oracle import green

DEADLINE = datetime(2026, 9, 27, 16, tzinfo=UTC)
MAY = datetime(2026, 5, 2, tzinfo=UTC)
UNMATCHED, MATCHED = 303_031_200, 912_631_200
ELEVENTH = NOON + 24 * HOUR
APRIL = datetime(2026, 3, 31, 16, tzinfo=UTC)  # 00:00 of 1 April in Shanghai
FIRST = [Charge(n, (100_000,), account=f"u{n}", place=f"A{n}") for n in range(1, 12)]
SECOND_DAY = [Charge(n, (100_001,), ELEVENTH, f"u{n}", f"A{n}") for n in range(20, 25)]
OTHERS = [  # another contract; another month; no contract
    Charge(30, (100_000,), NOON, "v", "B1", green_book.OTHER),
    Charge(31, (100_000,), APRIL, "w", "B2"),
    Charge(32, (100_000,), NOON + 5 * HOUR, "x", "B3"),
]
ALL = [*FIRST, *SECOND_DAY, *OTHERS]
SUPPLY = [
    Supply("C", 2_000_000, scope="operator", scope_id=green_book.OP),
    Supply("C", 2_000_000, ELEVENTH),
    Supply("C", 2_000_000, APRIL),
    Supply("D", 2_000_000, scope="operator", scope_id=green_book.OTHER, operator=green_book.OTHER, contract="K2"),
]
MARCH_K1_WH = 11 * 100_000 + 5 * 100_001


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GreenBook:
    """All of them, landed in time and matched in the first days of April."""
    folder = tmp_path_factory.mktemp("retired")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rooms, "METHODOLOGY", green_book.adopt(folder))
        book, landed = GreenBook(folder / "book"), APRIL + 2 * HOUR
        book.supply(*SUPPLY, at=landed)
        book.charges(*ALL, at=landed)
        book.settle(APRIL + 73 * HOUR)
    assert len(book.matched()) == len(ALL) - 1
    return book


@pytest.fixture
def book(made: GreenBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GreenBook:
    monkeypatch.setattr(rooms, "METHODOLOGY", made.folder.parent / "methodology")
    copy = made.copy(tmp_path / "copy")
    return GreenBook(copy.folder)


def ids(charges: list[Charge]) -> set[str]:
    return {each.session_id for each in charges}


def open_sessions(book: GreenBook) -> set[str]:
    """Sessions that are provisional still."""
    states = book.states("session_state", "session_id")
    return {key for key, row in states.items() if row["provisional_until"] is not None}


K1_MARCH, K2, K1_APRIL = ids(FIRST + SECOND_DAY), ids(OTHERS[:1]), ids(OTHERS[1:2])


def test_all_with_a_contract_are_open_until_its_month_is_retired(book: GreenBook) -> None:
    states = book.states("session_state", "session_id")
    assert open_sessions(book) == K1_MARCH | K2 | K1_APRIL
    for charge in ALL[:-1]:
        assert states[charge.session_id]["provisional_until"] == green.retirement_due(charge.start)
    assert green.retirement_due(NOON) == DEADLINE != green.retirement_due(APRIL)


def test_a_file_of_retirements_touches_the_sessions_of_its_contract_and_month_and_settles_them_when_there_is_enough(
    book: GreenBook,
) -> None:
    book.certificates(certificate(1), at=MAY)
    assert book.settle(MAY)["touched"] == len(K1_MARCH)
    assert open_sessions(book) == K1_MARCH | K2 | K1_APRIL
    book.certificates(certificate(2), at=MAY + HOUR)
    done = book.settle(MAY + HOUR)
    assert (done["touched"], done["posted_entries"]) == (len(K1_MARCH), 0)
    assert open_sessions(book) == K2 | K1_APRIL
    book.certificates(certificate(3, production_month="2026-04", retired_at="2026-05-02T00:00:00Z"), at=MAY + 2 * HOUR)
    assert book.settle(MAY + 2 * HOUR)["touched"] == len(K1_APRIL)
    assert open_sessions(book) == K2


def test_a_vintage_is_final_only_when_its_matches_are_settled(book: GreenBook) -> None:
    book.settle(MAY)  # past every window of correction
    assert set(book.vintages().values()) == {"provisional"}
    book.certificates(certificate(1), certificate(2), at=MAY)
    book.settle(MAY)
    assert book.vintages() == {
        (CN, "2026-03-10"): "provisional",
        (CN, "2026-03-11"): "final",
        (CN, "2026-04-01"): "provisional",
    }
    book.settle(green.retirement_due(APRIL))
    assert set(book.vintages().values()) == {"final"}


def test_at_the_deadline_and_not_a_second_before_what_is_not_retired_is_cut(book: GreenBook) -> None:
    book.certificates(certificate(1), at=MAY)
    book.settle(MAY)
    before = book.reductions()
    assert book.settle(DEADLINE - SECOND)["posted_entries"] == 0
    assert (book.reductions(), open_sessions(book)) == (before, K1_MARCH | K2 | K1_APRIL)
    book.settle(DEADLINE)
    assert open_sessions(book) == K1_APRIL
    matched = book.matched()
    march = {key: wh for key, wh in matched.items() if key[0] in K1_MARCH}
    assert sum(march.values()) == MARCH_K1_WH
    kept = green.cut(march, 1_000_000)
    assert 1_000_000 - len(march) <= sum(kept.values()) <= 1_000_000
    kept |= {key: wh for key, wh in matched.items() if key[0] in K1_APRIL}  # K2 has nothing retired
    due = green.assess(green_book.given(ALL, SUPPLY, DEADLINE), kept)
    assert book.reductions() == {key: each.amounts.emission_reductions_ng for key, each in due.items()}
    assert book.matched() == matched
    cut = book.entries()[len(ALL) :]
    assert {entry["reason"] for entry in cut} == {"changed green power"}
    assert {entry["kind"] for entry in cut} <= {"adjustment", "revaluation"}
    assert {entry["session_id"] for entry in cut} == K1_MARCH | K2
    for commit in book.commits():
        assert asking.rerun(commit["receipt"], book.lake)["same"]


def test_a_revoked_certificate_reopens_what_is_not_final_and_counts_for_nothing_at_the_deadline(
    book: GreenBook,
) -> None:
    """The second day, final and standing, uses 500 005 of the 1 000 000 Wh that are left; 499 995 are there for the first."""
    book.certificates(certificate(1), certificate(2), at=MAY)
    book.settle(MAY)
    before = book.reductions()
    book.certificates(certificate(2, revoked="true"), at=MAY + HOUR)
    book.settle(MAY + HOUR)
    assert (book.reductions(), open_sessions(book) & K1_MARCH) == (before, ids(FIRST))
    book.settle(DEADLINE)
    first = {key: wh for key, wh in book.matched().items() if key[0] in ids(FIRST)}
    kept = green.cut(first, 1_000_000 - 5 * 100_001)
    kept |= {key: wh for key, wh in book.matched().items() if key[0] in ids(SECOND_DAY) | K1_APRIL}
    due = green.assess(green_book.given(ALL, SUPPLY, DEADLINE), kept)
    assert book.reductions() == {key: each.amounts.emission_reductions_ng for key, each in due.items()}
    assert {entry["reason"] for entry in book.entries()[len(ALL) :]} == {"changed green power"}


NOT_COUNTED = {
    "another month": {"production_month": "2026-04"},
    "another contract": {"contract_id": "K99"},
    "another region": {"region": "CN-GRID-NORTH"},
    "not retired": {"retired_at": "", "retirement_reference": ""},
    "retired at the deadline": {"retired_at": "2026-09-27T16:00:00Z"},
    "expired": {"expires_on": "2026-04-30"},
    "linked to credits": {"linked_to_credits": "true"},
    "used for a quota": {"used_for_quota": "true"},
    "revoked": {"revoked": "true"},
}
COUNTED = {
    "in the last second": {"retired_at": "2026-09-27T15:59:59Z"},
    "on its last day": {"expires_on": "2026-05-01"},
}


def test_which_certificates_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is the only one of a contract of its own, which matched one session of an hour of its own."""
    monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path))
    book, at, due = GreenBook(tmp_path / "book"), NOON + 100 * HOUR, {}
    charges, supply, rows = [], [], []
    for n, (name, told) in enumerate((NOT_COUNTED | COUNTED).items()):
        hour, contract = NOON + n * HOUR, f"K{n}"
        charges.append(Charge(n, (100_000,), hour, place=f"P{n}"))
        supply.append(Supply(f"S{n}", 100_000, hour, contract=contract))
        rows.append(certificate(n, **{"contract_id": contract} | told))
        due[charges[-1].session_id] = name, 100_000 * (MATCHED if name in COUNTED else UNMATCHED)
    book.supply(*supply, at=at)
    book.charges(*charges, at=at)
    book.settle(at)
    book.certificates(*rows, at=DEADLINE)
    book.settle(DEADLINE)
    found = book.reductions()
    assert {name: found[key] for key, (name, _) in due.items()} == dict(due.values())


def test_an_explanation_takes_the_matches_of_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is told after the deadline: what is left of a match depends on all hours of the month, not on the session's own."""
    monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path))
    book = GreenBook(tmp_path / "book")
    book.supply(*SUPPLY[:2], at=DEADLINE)
    book.charges(*FIRST, *SECOND_DAY, at=DEADLINE)
    book.certificates(certificate(1), at=DEADLINE)
    book.settle(DEADLINE)
    left = 100_001 * 1_000_000 // MARCH_K1_WH
    due = (100_001 - left) * UNMATCHED + left * MATCHED
    session = SECOND_DAY[0].session_id
    assert book.reductions()[session] == due
    out = io.StringIO()
    explain(Lake(book.lake), session, Console(file=out, width=400))
    assert f"{due:,} ng" in out.getvalue()


def test_a_serial_told_under_two_contracts_is_used_once_by_the_last_of_them(book: GreenBook) -> None:
    book.certificates(certificate(1), certificate(2), at=MAY)
    book.settle(MAY)
    assert open_sessions(book) == K2 | K1_APRIL
    book.certificates(certificate(2, contract_id="K2"), at=MAY)
    assert book.settle(MAY)["touched"] == 1 + len(FIRST)
    # the vintage of the 11th is final and stands, that of the 10th has lost what settled it
    assert open_sessions(book) == ids(FIRST) | K1_APRIL


def test_hours_matched_later_unsettle_what_was_retired_for_less(book: GreenBook) -> None:
    """2 MWh had settled 1 600 kWh; with 500 more, 2 000 of 2 100 are retired. What is final stands, and comes first.

    The others share what it leaves, so that no more counts than is retired.
    """
    book.certificates(certificate(1), certificate(2), at=MAY)
    late = [Charge(n, (100_000,), NOON + HOUR, f"u{n}", f"L{n}") for n in range(40, 45)]
    book.supply(Supply("C", 2_000_000, NOON + HOUR), at=MAY)
    book.settle(APRIL + 74 * HOUR)
    assert open_sessions(book) == K2 | K1_APRIL
    book.charges(*late, at=MAY)
    book.settle(MAY)
    assert open_sessions(book) >= ids(FIRST) | ids(late)
    book.settle(DEADLINE)
    stands = sum(charge.parts[0] for charge in SECOND_DAY)  # on the 11th, whose vintage was final before
    left = 100_000 * (2_000_000 - stands) // (MARCH_K1_WH - stands + 500_000)
    due = (100_000 - left) * UNMATCHED + left * MATCHED
    assert {book.reductions()[key] for key in ids(FIRST) | ids(late)} == {due}
    assert stands + left * len(ids(FIRST) | ids(late)) <= 2_000_000


def test_certificates_of_a_region_are_held_against_what_is_matched_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """600 kWh of K1 in each of two regions, and 1 MWh retired in each: all of it counts."""
    monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path))
    book, landed, north = GreenBook(tmp_path / "book"), APRIL + 2 * HOUR, "CN-GRID-NORTH"
    charges = [Charge(n, (100_000,), account=f"u{n}", place=f"N{n}" if n > 6 else f"E{n}") for n in range(1, 13)]
    book.supply(Supply("E", 600_000), Supply("N", 600_000, region=north), at=landed)
    book.charges(*charges, at=landed)
    there = [
        station(operator=OP, station_id=f"N{n}", region=north, power_type="AC", metering_point="ac_input", rated_kw="")
        for n in range(7, 13)
    ]
    book.send("station_csv", *there, at=landed.isoformat())
    book.certificates(certificate(1), certificate(2, region=north), at=MAY)
    book.settle(DEADLINE)
    assert len(book.matched()) == 12
    assert set(book.reductions().values()) == {100_000 * MATCHED}
