"""The first paragraph of an explanation: what a driver asks, with figures from paper, in English and Chinese."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from chargeledger import rooms
from chargeledger.errors import UsageError
from chargeledger.explain import explain
from chargeledger.lake import Lake
from tests.ledger import green_book, hourly_book
from tests.ledger.book import SOURCES, Book
from tests.ledger.green_book import CLOSE, HOUR, NOON, Charge, GreenBook, Supply
from tests.ledger.hourly_book import EAST, EVENING, HourlyBook, ac, mixed
from tests.ledger.told import charged, station

# 10,000 Wh drawn through a charger of 923 per mille.
AFTER_LOSSES = Charge(3, (9_230,), account="carol", place="P3", meter="dc_output")
REGION_AT_60 = {"region": green_book.REGION, "hour_start": NOON.isoformat(), "is_estimated": ""}
DIRTY = REGION_AT_60 | dict.fromkeys((f"{s}_mwh" for s in SOURCES), "") | {"coal_mwh": "60", "wind_mwh": "40"}


def paragraph(book: Book, session_id: str, language: str = "en") -> str:
    """The paragraph before the numbers."""
    out = io.StringIO()
    explain(Lake(book.lake), session_id, Console(file=out, width=4000), language)
    return out.getvalue().split("\n\n")[1].strip()


def figures(text: str) -> list[str]:
    """The numbers of a text, sorted, dates aside."""
    plain = re.sub(r"\d+ [A-Z][a-z]+ 2026|2026年\d+月\d+日", "", text)
    return sorted(re.findall(r"\d[\d,.]*\d|\d", plain.replace("CO2", "")))


@pytest.fixture(scope="module")
def green(tmp_path_factory: pytest.TempPathFactory) -> GreenBook:
    """Charges of 10 kWh drawn in one hour whose mix is 60 % coal: beneath a roof with 4 kWh, without, and DC beneath 5 kWh."""
    folder = tmp_path_factory.mktemp("green")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rooms, "METHODOLOGY", green_book.adopt(folder))
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", "5a" * 32)
        book = GreenBook(folder / "book")
        book.send("grid_mix_csv", DIRTY, at=green_book.SOON.isoformat())
        book.supply(Supply("ROOF", 4_000, kind="pv", scope="station", scope_id="P1"))
        book.supply(Supply("ROOF-3", 5_000, kind="pv", scope="station", scope_id="P3"))
        book.charges(Charge(1, (10_000,)), Charge(2, (10_000,), account="bob", place="P2"), AFTER_LOSSES)
        book.settle(CLOSE)
        yield book  # type: ignore[misc]


def test_green_power_gives_more_than_the_mix_of_the_region(green: GreenBook) -> None:
    # BE 10,000 x 912,631,200; PE 6,000 x 609,600,000; by the mix 10,000 x 0.6 x 827,300,000: all in ng.
    said = paragraph(green, Charge(1, (10_000,)).session_id)
    assert said.startswith("On 10 March 2026 you charged 10 kWh in East China grid.")
    assert "about 9.1 kg of CO2" in said and "the electricity caused about 3.7 kg" in said
    assert "avoided an estimated 5.4 kg of CO2. That gives 5,468 points: one for every whole gram." in said
    assert "40 % of the electricity was matched with green power: 4 kWh from solar panels at the station." in said
    assert (
        "496.4 g of CO2 per kWh, it would give 4,162 points; here it gives 1,306 more, because green power counts"
        in said
    )
    assert said.endswith("A light car is assumed, since nobody told the vehicle.")


def test_without_green_power_the_residual_factor_gives_fewer(green: GreenBook) -> None:
    said = paragraph(green, Charge(2, (10_000,)).session_id)
    assert "That gives 3,030 points" in said and "No green power counts for it." in said
    assert "it would give 4,162 points; here it gives 1,132 fewer." in said
    assert "counts with 609.6 g of CO2 per kWh" in said and "the mix of the region had 496.4 g" in said


def test_the_share_of_green_power_is_of_what_was_drawn(green: GreenBook) -> None:
    said = paragraph(green, AFTER_LOSSES.session_id)
    assert "you charged 9.23 kWh" in said
    assert "50 % of the electricity was matched with green power: 5 kWh from solar panels at the station." in said


@pytest.mark.parametrize("order", [1, 2])
def test_both_languages_tell_the_same_figures(green: GreenBook, order: int) -> None:
    session_id = Charge(order, (10_000,)).session_id
    english, chinese = paragraph(green, session_id), paragraph(green, session_id, "zh")
    assert figures(english) == figures(chinese) and len(figures(english)) > 8
    assert "您于2026年3月10日在华东电网充电10千瓦时。" in chinese and "绿电" in chinese


def test_an_unknown_language_is_told_with_those_that_are_known(green: GreenBook) -> None:
    with pytest.raises(UsageError, match="unknown language 'fr': en, zh"):
        paragraph(green, Charge(1, (10_000,)).session_id, "fr")


def test_an_open_hour_and_a_total_without_metering_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hourly_book.use_version(monkeypatch, tmp_path, "cn_ev_charging@2.0.0")
    book = HourlyBook(tmp_path / "book")
    book.grid({(EAST, hourly_book.NOON - timedelta(hours=1)): mixed(50)})
    book.charge(ac("1", hourly_book.NOON))
    book.charge(ac("2", hourly_book.NOON - HOUR, region="CN-GRID-NW"))
    book.run()
    said = paragraph(book, "OP:1")
    assert "The charger sent only the total, so all of it counts with the dirtiest hour of the charge." in said
    # 45 days after 05:00 UTC of the 9th of March
    assert "This may still change, most likely upward, until 23 April 2026 at the latest" in said
    waiting = paragraph(book, "OP:2")
    assert "It has no points yet: the grid operator has not sent" in waiting and "avoided" not in waiting
    assert "暂无积分" in paragraph(book, "OP:2", "zh")


def test_a_county_that_is_not_known_and_a_bus_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hourly_book.use_version(monkeypatch, tmp_path, "cn_ev_charging@1.3.0")
    book = HourlyBook(tmp_path / "book")
    book.send("station_csv", station(station_id="HERE"), at=EVENING.isoformat())
    rows = [charged("1", station_id="HERE"), charged("2", station_id="NOWHERE"), charged("3", station_id="HERE")]
    book.send("session_csv", *rows[:2], at=EVENING.isoformat())
    book.send("session_csv", rows[2] | {"vehicle_class": "bus"}, at=EVENING.isoformat())
    book.run()
    # 10,000 x (912,631,200 - 573,700,000) ng: the factor of Shanghai
    assert "That gives 3,389 points" in paragraph(book, "OP:1")
    assert "what is known of the charging station is not enough" in paragraph(book, "OP:2")
    bus = paragraph(book, "OP:3")
    assert "no programme covers this place, day or vehicle" in bus and "assumed" not in bus
