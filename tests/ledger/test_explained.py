"""Every point of the story can be explained: what `explain` computes again is what the ledger holds, with sources and digests."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from chargeledger.errors import UsageError
from chargeledger.explain import explain
from chargeledger.lake import Lake
from tests.ledger import altered
from tests.ledger.book import AT, HOUR, US, Book, charge, charge_us, mix

PARTS = ("not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")


def explained(book: Book, session_id: str) -> str:
    """What `chargeledger explain` prints."""
    out = io.StringIO()
    explain(Lake(book.lake), session_id, Console(file=out, width=400))
    return out.getvalue()


def numbers(text: str) -> dict[str, int]:
    """Points, reductions and their parts from the line that says where every nanogram went."""
    (line,) = re.findall(r"ER = ([-\d,]+) x 10\^9 \+ (.*) ng", text)
    parts = [int(number.replace(",", "")) for number in re.findall(r"-?\d[\d,]*", line[1].replace(", ", "; "))]
    (reductions,) = re.findall(r"ER = BE - PE = ([-\d,]+) ng", text)
    points = int(line[0].replace(",", ""))
    return {
        "points": points,
        "emission_reductions_ng": int(reductions.replace(",", "")),
        **dict(zip(PARTS, parts, strict=True)),
    }


def held_by_ledger(book: Book, session_id: str) -> dict[str, int]:
    """The same, summed over the entries."""
    mine = [entry for entry in book.entries() if entry["session_id"] == session_id]
    return {name: sum(int(entry[name]) for entry in mine) for name in ("points", "emission_reductions_ng", *PARTS)}


def awarded(book: Book) -> list[str]:
    """Sessions for which the ledger holds something, without those that wait for approval."""
    states = book.states("session_state", "session_id")
    return sorted({e["session_id"] for e in book.entries() if states[e["session_id"]]["state"] != "awaiting approval"})


def test_the_numbers_of_every_award_are_those_of_the_ledger(whole_story: Book) -> None:
    sessions = awarded(whole_story)
    assert len(sessions) == 11
    for session_id in sessions:
        assert numbers(explained(whole_story, session_id)) == held_by_ledger(whole_story, session_id), session_id


def test_another_factor_would_be_noticed(whole_story: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "CAST(f.factor_ug_per_kwh AS BIGINT)"
    altered.version_sql(monkeypatch, tmp_path, "cn_ev_charging@1.2.0", "intensity", line, "CAST(530600001 AS BIGINT)")
    assert numbers(explained(whole_story, "OP:1")) != held_by_ledger(whole_story, "OP:1")


def test_a_session_of_the_national_factor_is_explained_with_its_sources(whole_story: Book) -> None:
    said = explained(whole_story, "OP:1")
    assert "programme cn_green_energy" in said and "2026-03-09" in said
    assert "BE = 12,000 x 912,631,200 = 10,951,574,400,000 ng" in said
    assert "PE = 6,367,200,000,000 = 6,367,200,000,000 ng" in said  # 12 000 x 530 600 000
    assert "factor 530600000 ug/kWh" in said and "notice 2025 No. 47" in said
    (first, second) = [entry for entry in whole_story.entries() if entry["session_id"] == "OP:1"]
    assert first["methodology_digest"] in said
    assert second["receipt_digest"] in said and first["receipt_digest"][:16] in said


def test_a_session_of_an_hourly_mix_is_explained_hour_by_hour(whole_story: Book) -> None:
    said = explained(whole_story, "OP:6")
    assert "2026-03-10T17:00:00Z     10,000 Wh x   333,000,000 ug/kWh =     3,330,000,000,000 ng" in said
    assert "generation mix of the hour" in said and "Electricity Maps" in said


def test_a_session_that_waits_says_for_what(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.sessions(charge_us("1", "10"))
    book.account()
    assert "its factor is missing: the session waits for this hour" in explained(book, "op:1")


def test_a_capped_award_is_explained_with_its_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered.points_cap(monkeypatch, tmp_path, US, 8000)
    book = Book(tmp_path / "book")
    book.grid(mix(HOUR, gas=100))
    book.sessions(charge_us("X", "10"), charge_us("Y", "10"))
    book.account()
    for session_id, points in (("OP:X", 5350), ("OP:Y", 2650)):
        assert held_by_ledger(book, session_id)["points"] == points
        assert numbers(explained(book, session_id)) == held_by_ledger(book, session_id)


def test_a_held_award_is_explained_as_it_stands(california: Book) -> None:
    california.sessions(charge_us("1", "20"))
    california.account()
    assert numbers(explained(california, "OP:1")) == held_by_ledger(california, "OP:1")


def test_a_session_that_was_not_accounted_is_not_there(china: Book) -> None:
    china.sessions(charge("2", "10"), at=AT)
    with pytest.raises(UsageError, match="OP:2"):
        explained(china, "OP:2")
