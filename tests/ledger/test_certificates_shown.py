"""Certificates without a contract are shown wherever a figure of theirs could be looked for, and counted nowhere.

The programme is the Chinese one as it is, whose version matches no green power.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chargeledger.cli import app
from chargeledger.lake import Lake
from chargeledger.report import write_report
from chargeledger.summary import summarise
from tests.ledger.book import AT, CN, US, Book, charge
from tests.ledger.told import certificate

EAST, NORTH = "CN-GRID-EAST", "CN-GRID-NORTH"
OPEN = {"retired_at": "", "retirement_reference": ""}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Two of the east in March, one of them revoked; one of the north in February; one of a contract."""
    book = Book(tmp_path_factory.mktemp("shown") / "book")
    book.send(
        "certificate_csv",
        certificate(1, contract_id="", **OPEN),
        certificate(2, contract_id="", revoked="true", **OPEN),
        certificate(3, contract_id="", region=NORTH, production_month="2026-02", retired_at="2026-03-01T00:00:00Z"),
        certificate(4, **OPEN),
    )
    book.sessions(charge("1", "10"))
    book.account()
    book.publish()
    return book


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_publication_shows_them_by_region_and_month_and_counts_none(book: Book) -> None:
    names = (
        "contract_id",
        "region",
        "production_month",
        "certificates",
        "staged_wh",
        "retired_wh",
        "revoked_wh",
        "counted_wh",
    )
    assert [tuple(row[name] for name in names) for row in book.published("certificate_balance")] == [
        (None, EAST, date(2026, 3, 1), 2, 2_000_000, 0, 1_000_000, 0),
        (None, NORTH, date(2026, 2, 1), 1, 1_000_000, 1_000_000, 0, 0),
        ("K1", EAST, date(2026, 3, 1), 1, 1_000_000, 0, 0, 0),
    ]
    assert {row["retirement_due"] for row in book.published("certificate_balance")} == {
        None
    }  # no version here has a deadline
    (session,) = book.published("session_assessment")
    alone = Book(book.folder.parent / "alone")
    alone.sessions(charge("1", "10"))
    alone.account()
    assert alone.session("OP:1")["points"] == session["points"] > 0


def test_summary_publish_and_report_say_shown_not_counted(book: Book, tmp_path: Path) -> None:
    lake = Lake(book.lake)
    assert [summarise(lake, name)["certificates"] for name in (None, CN, US)] == [
        (3, 3_000_000),
        (3, 3_000_000),
        (0, 0),
    ]
    for command in (["publish", "--at", AT], ["summary"], ["summary", "--programme", CN]):
        said = CliRunner().invoke(app, [*command, "--lake", book.lake]).output
        assert "ertificates without a contract: 3 (3.000 MWh): shown, not counted" in said
    assert "not counted" not in CliRunner().invoke(app, ["summary", "--programme", US, "--lake", book.lake]).output
    page = words(write_report(lake, CN, tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "Shown, not counted: 3 certificates (3.000 MWh) without a contract" in page
    assert f"{NORTH} 2026-02 1 1.000 1.000 0.000" in page and f"{EAST} 2026-03 2 2.000 0.000 1.000" in page
    assert f"K1 {EAST} 2026-03 1 0.000 0.000 0.000 0.000 0.000 –" in page


def test_without_certificates_nothing_is_said_of_them(tmp_path: Path) -> None:
    alone = Book(tmp_path / "alone")
    alone.sessions(charge("1", "10"))
    alone.account()
    alone.publish()
    assert "Green certificates" not in write_report(Lake(alone.lake), CN, tmp_path / "r.html").read_text(
        encoding="utf-8"
    )
    assert "not counted" not in CliRunner().invoke(app, ["summary", "--lake", alone.lake]).output
