"""Certificates against what is matched with their contracts, month by month, over generated books.

The oracle is plain Python: a certificate as told last has one fate; before the deadline a match counts whole, from it on
floor(match x what is retired and free / matched); what stands in a final vintage keeps what it counted, and comes first.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chargeledger import rooms
from chargeledger.errors import Refused
from tests.ledger import altered, green_book
from tests.ledger.green_book import CN, HOUR, Charge, GreenBook, Supply
from tests.ledger.told import certificate

MWH, EAST, NORTH = 1_000_000, "CN-GRID-EAST", "CN-GRID-NORTH"
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
DUE = {
    MARCH: datetime(2026, 9, 27, 16, tzinfo=UTC),
    APRIL: datetime(2026, 10, 27, 16, tzinfo=UTC),
}  # 180 days after each
MATCHING = datetime(2026, 4, 19, tzinfo=UTC)
MAY = datetime(2026, 5, 20, tzinfo=UTC)
CLOCKS = (DUE[MARCH] - timedelta(seconds=1), DUE[MARCH], DUE[APRIL])
FATES = ("retired", "late", "revoked", "expired", "used_elsewhere", "unretired")
Row = dict[str, Any]


class Told:
    """A generated book: charges that are each matched whole with a contract, and certificates told again and again."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.certificates: dict[int, Row] = {}
        self.charges: dict[Charge, tuple[str, date]] = {}
        self.supply: list[Supply] = []
        for place, contract in enumerate(("K1", "K2", "K3")):  # each on days of its own, so that some become final
            for month, first in ((MARCH, 20), (APRIL, 2)):
                for number in range(3 if contract == "K1" else self.chance.choice((3, 7, 13))):
                    self._charge(contract, month, first + 4 * place + number % 4)

    def _charge(self, contract: str, month: date, day: int) -> None:
        order, wh = len(self.charges) + 1, self.chance.choice((100_000, 150_001, 199_999))
        hour = datetime(month.year, month.month, day, 4, tzinfo=UTC)
        self.charges[Charge(order, (wh,), hour, f"u{order}", f"P{order}")] = contract, month
        scope = {"scope": "station", "scope_id": f"P{order}", "contract": contract}
        self.supply.append(Supply(f"S{order}", wh, hour, **scope))

    def tell(self, clock: datetime) -> list[Row]:
        """Certificates told at the clock: new ones, and some of the old ones otherwise than before.

        What K1 has retired of March is enough at first, and is revoked once its vintages are final.
        """
        again = self.chance.sample(sorted(self.certificates), len(self.certificates) // 2)
        fresh = range(len(self.certificates), len(self.certificates) + 12)
        told = {
            serial: self._certificate(serial, clock, lost)
            for lost, serials in ((3, again), (9, fresh))
            for serial in serials
        }
        if clock == CLOCKS[0]:
            told[0] = certificate(0)
        self.certificates |= told
        if clock == CLOCKS[1]:
            mine = {"contract_id": "K1", "production_month": "2026-03", "region": EAST}
            told |= {
                n: row | {"revoked": "true"} for n, row in self.certificates.items() if mine.items() <= row.items()
            }
            self.certificates |= told
        return list(told.values())

    def _certificate(self, serial: int, clock: datetime, lost: int) -> Row:
        """One of about so many is revoked."""
        pick, month = self.chance.choice, self.chance.choice(list(DUE))
        retired = pick((clock, clock, month_end(month) + HOUR, DUE[month], DUE[month] - timedelta(seconds=1), None))
        retired = None if retired is None or retired > clock else retired
        return certificate(
            serial,
            contract_id=pick(("K1", "K1", "K2", "K3", "")),
            production_month=f"{month:%Y-%m}",
            region=pick((EAST, EAST, EAST, NORTH)),
            retired_at=retired.isoformat() if retired else "",
            retirement_reference=f"R{serial}" if retired else "",
            expires_on=pick(("", "", "", "2026-06-15", "2026-09-27")),
            linked_to_credits=pick(("false",) * 9 + ("true",)),
            used_for_quota=pick(("false",) * 9 + ("true",)),
            revoked=pick(("",) * lost + ("true",)),
        )


def month_end(month: date) -> datetime:
    return DUE[month] - timedelta(days=180)


def fate(row: Row, clock: datetime) -> str:
    """The one thing that became of a certificate, by the clock."""
    retired = datetime.fromisoformat(row["retired_at"]) if row["retired_at"] else None
    judged = ((retired or clock) + timedelta(hours=8)).date()  # in Shanghai
    if row["revoked"] == "true":
        return "revoked"
    if "true" in (row["linked_to_credits"], row["used_for_quota"]):
        return "used_elsewhere"
    if row["expires_on"] and judged > date.fromisoformat(row["expires_on"]):
        return "expired"
    if retired is None:
        return "unretired"
    return "late" if row["contract_id"] and retired >= DUE[month_of(row)] else "retired"


def month_of(row: Row) -> date:
    return date.fromisoformat(f"{row['production_month']}-01")


def fates(rows: Iterable[Row], clock: datetime) -> dict[tuple[str | None, str, date], Counter[str]]:
    found: dict[tuple[str | None, str, date], Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[row["contract_id"] or None, row["region"], month_of(row)][fate(row, clock)] += 1
    return found


def standing(book: GreenBook) -> set[str]:
    """Sessions whose award is there, in a vintage that is final."""
    final = {day for (_, day), state in book.vintages().items() if state == "final"}
    rows = book.states("session_state", "session_id").values()
    return {row["session_id"] for row in rows if row["state"] == "awarded" and row["vintage"].isoformat() in final}


def counting(told: Told, clock: datetime, before: dict[str, int], stands: set[str]) -> tuple[dict[str, int], set[str]]:
    """What counts of every session's match, and which sessions of them only until the deadline."""
    retired = {key: each["retired"] * MWH for key, each in fates(told.certificates.values(), clock).items()}
    counted, is_open = {key: wh for key, wh in before.items() if key in stands}, set()
    for owed in set(told.charges.values()):
        mine = {each.session_id: each.parts[0] for each, key in told.charges.items() if key == owed}
        free = max(retired.get((owed[0], EAST, owed[1]), 0) - sum(before[key] for key in mine if key in stands), 0)
        rest = {key: wh for key, wh in mine.items() if key not in stands}
        total = sum(rest.values())
        for key, wh in rest.items():
            counted[key] = wh * free // total if free < total and clock >= DUE[owed[1]] else wh
        if free < total and clock < DUE[owed[1]]:
            is_open |= rest.keys()
    return counted, is_open


def owed_rows(told: Told, clock: datetime, counted: dict[str, int], is_open: set[str], final: set[str]) -> list[Row]:
    certificates = fates(told.certificates.values(), clock)
    keys = certificates.keys() | {(contract, EAST, month) for contract, month in told.charges.values()}
    rows = []
    for contract, region, month in sorted(keys, key=lambda key: (key[0] or "", *key[1:])):
        found = certificates.get((contract, region, month), Counter())
        row: Row = {"contract_id": contract, "region": region, "production_month": month}
        row |= {"certificates": found.total(), "staged_wh": found.total() * MWH}
        row |= {f"{name}_wh": found[name] * MWH for name in FATES}
        here = [each for each, key in told.charges.items() if (*key[:1], EAST, key[1]) == (contract, region, month)]
        names = {each.session_id for each in here}
        row["matched_wh"] = sum(each.parts[0] for each in here)
        row["counted_wh"] = sum(counted[name] for name in names)
        row["provisional_wh"] = sum(counted[name] for name in names & is_open)
        row["deficit_wh"] = max(sum(counted[name] for name in names & final) - row["retired_wh"], 0)
        row["retirement_due"] = DUE[month] if contract else None
        rows.append(row | {"is_past_due": clock >= DUE[month] if contract else None})
    return rows


@pytest.mark.parametrize("seed", range(int(os.environ.get("CHARGELEDGER_SEEDS", "1"))))
def test_every_row_is_as_on_paper_and_no_more_counts_than_is_retired(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path))
    book, told, counted = GreenBook(tmp_path / "book"), Told(seed), dict[str, int]()
    lost = set[str]()
    book.supply(*told.supply, at=MATCHING)
    book.charges(*told.charges, at=MATCHING)
    book.settle(MATCHING)
    assert sum(book.matched().values()) == sum(charge.parts[0] for charge in told.charges)
    for clock in CLOCKS:
        stands = standing(book)
        book.certificates(*told.tell(clock), at=clock)
        assert book.settle(clock)["held"] == []
        counted, is_open = counting(told, clock, counted, stands)
        book.publish(at=clock.isoformat())
        found = book.published("certificate_balance")
        assert found == owed_rows(told, clock, counted, is_open, standing(book))
        for row in found:
            assert not row["is_past_due"] or row["counted_wh"] <= row["retired_wh"] + row["deficit_wh"]
            assert row["contract_id"] or not row["matched_wh"]
        lost |= {name for row in found for name in ("provisional_wh", "deficit_wh") if row[name]}
    assert sum(row["counted_wh"] for row in found) < sum(row["matched_wh"] for row in found)
    assert lost == {"provisional_wh", "deficit_wh"}


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GreenBook]:
    """A certificate that was retired is revoked after its vintage has become final: what stands is a deficit."""
    folder = tmp_path_factory.mktemp("lost")
    only, landed = Charge(1, (150_000,), datetime(2026, 3, 20, 4, tzinfo=UTC)), datetime(2026, 4, 1, tzinfo=UTC)
    later = Charge(2, (10_000,), datetime(2026, 4, 2, 4, tzinfo=UTC), "bob", "Q")
    unbundled = certificate(2, contract_id="", retired_at="", retirement_reference="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rooms, "METHODOLOGY", green_book.adopt(folder))
        book = GreenBook(folder / "book")
        book.supply(Supply("C", 150_000, only.start), at=landed)
        book.charges(only, at=landed)
        book.certificates(certificate(1), unbundled, at=MAY)
        book.settle(MAY)
        assert book.vintages() == {(CN, "2026-03-20"): "final"}
        book.certificates(certificate(1, revoked="true"), at=MAY)
        book.charges(later, at=MAY)
        book.settle(MAY)
        yield book


@pytest.mark.parametrize(
    ("relation", "line", "wrong", "said"),
    [
        ("certificate_balance", "fate = 'retired' THEN", "fate = 'unretired' THEN", "certificates_close"),
        ("certificate_balance", "WHEN is_final THEN counted_wh", "WHEN is_final THEN 0", "counted_within_certificates"),
        ("certificate_balance", "SUM(counted_wh)", "SUM(matched_wh) + 1", "counted_within_match"),
        ("certificate_judged", "WHEN is_revoked THEN 'revoked'", "WHEN is_revoked THEN 'gone'", "certificates_close"),
    ],
)
def test_a_balance_that_does_not_hold_is_not_published(
    lost: GreenBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relation: str, line: str, wrong: str, said: str
) -> None:
    altered.publish_sql(monkeypatch, tmp_path, relation, line, wrong)
    with pytest.raises(Refused, match=said):
        lost.publish(at=MAY.isoformat())


def test_what_counts_beyond_what_is_retired_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that forgets the deadline."""
    monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path))
    cut = "THEN int_div(supplied_wh * retired_wh, contract_matched_wh)"
    altered.version_sql(monkeypatch, tmp_path, "cn_ev_charging@3.0.0", "settle", cut, "THEN supplied_wh")
    book, only = GreenBook(tmp_path / "book"), Charge(1, (150_000,), datetime(2026, 3, 2, 4, tzinfo=UTC))
    book.supply(Supply("C", 150_000, only.start), at=MATCHING)
    book.charges(only, at=MATCHING)
    book.certificates(certificate(1, used_for_quota="true"), at=DUE[MARCH])
    book.settle(DUE[MARCH])
    with pytest.raises(Refused, match="counted_within_certificates"):
        book.publish(at=DUE[MARCH].isoformat())
