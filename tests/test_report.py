"""The report: exact, of one piece, the same bytes again, and honest about what waits, what is refused and what is made up."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import warnings
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from chargeledger import flow, publication_inputs, report, report_plot
from chargeledger.engine import Engine
from chargeledger.errors import UsageError
from chargeledger.lake import Lake
from chargeledger.programme import programmes
from chargeledger.published import require_current
from chargeledger.report import write_report
from chargeledger.summary import open_database, summarise
from tests.canonical_sample import sample
from tests.flow import small_california as small

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Great Expectations imports a module that Python 3.11 calls deprecated
    import great_expectations  # noqa: F401

CHINA = "cn_green_energy"
VOID = {"meta", "link", "br"}
LATER = "2026-03-14T00:00:00Z"
HEADER = small.SESSION_HEADER


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake with the built-in sample, accounted and published."""
    folder = tmp_path_factory.mktemp("sampled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", "5a" * 32)
        written = sample.write_sample(folder / "files")
        sessions = [("session_csv", str(path)) for path in written["sessions"]]
        grid = [("grid_mix_csv", str(path)) for path in written["grid"]]
        flow.run(sessions, grid, str(folder / "lake"), CHINA, written["at"])
        yield Lake(folder / "lake")


@pytest.fixture(scope="module")
def page(sampled: Lake, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(sampled, CHINA, tmp_path_factory.mktemp("page") / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def california(tmp_path: Path) -> Lake:
    """Three made-up days, the grid's second day missing."""
    flow.ingest("grid_mix_csv", [small.write_grid(tmp_path / "grid.csv", [*range(24), *range(48, 72)])],
                str(tmp_path / "lake"), small.AT)  # fmt: skip
    flow.ingest("session_csv", [small.write_sessions(tmp_path / "sessions.csv")], str(tmp_path / "lake"), small.AT)
    flow.account(str(tmp_path / "lake"), None, small.PROGRAMME, at=small.AT)
    flow.publish(str(tmp_path / "lake"), at=small.AT)
    return Lake(tmp_path / "lake")


class Elements(HTMLParser):
    """Every element with its attributes; raises where one is not closed as it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"


def words(text: str) -> str:
    """What a person reads, blanks folded."""
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>|&nbsp;", " ", text, flags=re.DOTALL).split())


def test_it_tells_the_exact_totals_of_the_summary(sampled: Lake, page: str) -> None:
    told, read = summarise(sampled, CHINA), words(page)
    assert f"Estimated CO2 avoided {Decimal(told['emission_reductions_ng']).scaleb(-12):,.3f} kg" in read
    assert f"{told['emission_reductions_ng']:,} ng" in read
    assert f"Energy delivered {Decimal(told['energy_wh']).scaleb(-3):,.3f} kWh" in read
    assert f"Points {told['points']:,}" in read
    assert f"Sessions assessed {told['sessions']:,}" in read
    assert f"Users {told['users']:,}" in read
    for state, count in told["states"].items():
        of_state = re.findall(rf'<tr><th scope="row">{state}</th>.*?data-label="Sessions">([0-9,]+)<', page)
        assert sum(int(number.replace(",", "")) for number in of_state) == count, state
    for rule, count in told["quarantine"].items():
        assert re.search(rf"<code>{rule.partition(': ')[2]}</code>.*?data-label=\"Rows\">{count:,}<", page), rule


def test_both_sums_from_baseline_to_points_close(page: str) -> None:
    said = dict(re.findall(r'<th scope="row">([^<]*)(?:<sup>9</sup>)?</th><td class="n">([0-9,-]+) ng', page))
    ng = {name: int(number.replace(",", "")) for name, number in said.items()}
    parts = [value for name, value in ng.items() if name.startswith("+ ")]
    assert len(parts) == 4
    assert ng["points × 10"] + sum(parts) == ng["= emission reductions"], "the ledger's, the later of the two"
    assert ng["points × 10"] % 10**9 == 0
    assert ng["baseline emissions"] - ng["− project emissions"] == (
        ng["= emission reductions"] + ng["of them without an owner, or held: not in the ledger"]
    )


def test_it_names_publication_digest_and_methodology(sampled: Lake, page: str) -> None:
    published = require_current(sampled)
    assert published.digest in page
    assert "publication 1 of 2026-03-13 15:58:30 UTC" in words(page)
    con = open_database(published)
    used = con.execute("SELECT DISTINCT methodology, methodology_digest FROM ledger_entry").fetchall()
    con.close()
    assert used
    assert all(name in page and digest in page for name, digest in used)


def test_it_says_what_is_synthetic_and_what_is_provisional(page: str) -> None:
    read = words(page)
    assert "Synthetic: 2,355 of 2,355 sessions are the built-in sample, generated, not real" in read
    assert "Baseline provisional" in read
    china = next(programme for programme in programmes() if programme.name == CHINA)
    assert china.provisional
    assert all(sentence in read for sentence in china.provisional)
    assert not re.search(r"\b(credits?|offsets?)\b", read, re.IGNORECASE)


def test_it_shows_no_person_and_no_session(sampled: Lake, page: str) -> None:
    con = open_database(require_current(sampled))
    for (value,) in con.execute(
        "SELECT user_id FROM user_points UNION SELECT session_id FROM session_status"
    ).fetchall():
        assert value not in page
    con.close()


def test_it_is_of_one_piece(page: str) -> None:
    elements = Elements(page.partition("<!DOCTYPE html>")[2]).found
    links = [value for _, given in elements for name, value in given.items() if name in ("href", "src", "srcset")]
    assert links == ["data:,"]
    assert not {tag for tag, _ in elements} & {"script", "iframe", "object", "embed", "form", "base"}
    assert not re.search(r"https?:|url\(|@import|javascript:| on\w+=", page)
    assert page.startswith("<!DOCTYPE html>\n")
    assert "default-src 'none'" in page


def test_every_drawing_has_words_and_every_table_heads(page: str) -> None:
    elements = Elements(page).found
    ids = [given["id"] for _, given in elements if "id" in given]
    drawings = [given for tag, given in elements if tag == "svg"]
    assert len(drawings) == 6
    assert len(ids) == len(set(ids))
    assert all(given["role"] == "img" and given["aria-labelledby"] in ids for given in drawings)
    assert all("scope" in given for tag, given in elements if tag == "th")


def test_the_same_publication_gives_the_same_bytes(
    sampled: Lake, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for threads in ("1", "4"):
        monkeypatch.setenv("CHARGELEDGER_THREADS", threads)
        again = write_report(sampled, CHINA, tmp_path / "again" / "report.html").read_bytes()
        assert hashlib.sha256(again).hexdigest() == hashlib.sha256(page.encode()).hexdigest()


def test_all_programmes_are_those_that_have_sessions(sampled: Lake, page: str, tmp_path: Path) -> None:
    assert write_report(sampled, None, tmp_path / "all.html").read_text(encoding="utf-8") == page


def test_a_programme_without_sessions_has_a_page_that_says_so(sampled: Lake, tmp_path: Path) -> None:
    text = write_report(sampled, small.PROGRAMME, tmp_path / "none.html").read_text(encoding="utf-8")
    Elements(text)
    assert "No vintage yet." in text
    assert "Points 0" in words(text)


def test_energy_by_hour_sums_to_all_energy(sampled: Lake) -> None:
    with Engine() as engine:
        report._open(sampled, engine, require_current(sampled))
        report._choose(engine, None)
        hours = report._read(engine, "energy_by_local_hour")
        assert sum(row["energy_wh"] for row in hours) == report._read(engine, "report_total")[0]["energy_wh"]
    assert [row["local_hour"] for row in hours] == sorted({row["local_hour"] for row in hours})
    assert len(hours) > 12


def test_a_lake_without_a_publication_is_a_wrong_call(lake: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no publication yet"):
        write_report(Lake(lake), None, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_an_empty_publication_has_a_page(lake: str, tmp_path: Path) -> None:
    empty = Lake(lake)
    flow.publish(lake, at=LATER)
    text = write_report(empty, None, tmp_path / "report.html").read_text(encoding="utf-8")
    Elements(text)
    assert "No file has landed." in text
    assert "Points 0" in words(text)


def test_a_publication_of_the_newest_vintages_says_that_it_is_a_part(
    sampled: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(sampled.root, lake)
    shutil.rmtree(lake / "published")
    monkeypatch.setattr(publication_inputs, "WHOLE_BELOW_SESSIONS", 1)
    monkeypatch.setattr(publication_inputs, "WINDOW_DAYS", 1)
    Lake(lake)
    flow.publish(str(lake))
    text = write_report(Lake(lake), CHINA, tmp_path / "report.html").read_text(encoding="utf-8")
    read, told = words(text), summarise(Lake(lake), CHINA)
    assert "This publication holds the detail of the newest vintages only." in read
    assert f"Sessions assessed {told['sessions']:,}" in read
    assert "The newest 2 of 2." in read
    assert f"Points {summarise(sampled, CHINA)['points']:,}" in read, "the whole ledger's"


def test_an_unknown_programme_is_a_wrong_call(sampled: Lake, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown programme 'moon'"):
        write_report(sampled, "moon", tmp_path / "report.html")


def test_a_place_that_cannot_be_written_is_a_wrong_call(sampled: Lake, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot write"):
        write_report(sampled, CHINA, tmp_path / "file" / "report.html")


def test_missing_hours_and_the_sessions_that_wait_for_them_are_seen(california: Lake, tmp_path: Path) -> None:
    text = write_report(california, small.PROGRAMME, tmp_path / "report.html").read_text(encoding="utf-8")
    waiting = summarise(california, small.PROGRAMME)["states"]["awaiting grid"]
    read = words(text)
    assert waiting > 0
    assert f"! {waiting} sessions wait" in read
    assert "Synthetic" not in read
    assert "Baseline provisional" not in read, "the baseline of this programme's version is published"
    # Sessions charge from 3 January 00:00 to 5 January 12:10 UTC; 4 January UTC lies on two days of Los Angeles.
    assert "24 region-hours between the first and the last session have no factor yet" in read
    assert "Hours without a factor 24 region-hours on 2 days." in read


def test_what_came_after_the_publication_and_what_was_refused_needs_somebody(sampled: Lake, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(sampled.root, lake)
    row = "INVENTED-A,{},,person,ST,CN-GRID-EAST,DC,dc_output,60,2026-03-11T09:00:00+08:00,2026-03-11T10:00:00+08:00,{}"
    late = small.write_lines(tmp_path / "late.csv", HEADER, [row.format(1, "10.0")])
    bad = small.write_lines(tmp_path / "bad.csv", HEADER, [row.format(2, "-10.0"), row.format(3, "10.0")])
    flow.ingest("session_csv", [late], str(lake), LATER)
    with pytest.raises(Exception, match="quarantined_share"):
        flow.ingest("session_csv", [bad], str(lake), LATER)
    text = write_report(Lake(lake), CHINA, tmp_path / "report.html").read_text(encoding="utf-8")
    read = words(text)
    Elements(text)
    assert "! 2 files need you 20 batches staged (1 of them after this publication), 1 refused." in read
    assert "! refused bad.csv: rule quarantined_share" in read
    assert "1 in refused files, of which nothing counts" in read
    assert "✓ Every check passed" in read
    assert "person" not in read


def _staged(**changed: Any) -> dict[str, Any]:
    finding = {"rule_id": "rows_present", "passed": True, "observed": "as expected", "description": "has rows"}
    row = {"state": "staged", "rows_close": True, "energy_closes": True, "batch_seq": 1, "refusal": None}
    return row | {"validation": json.dumps([finding])} | changed


@pytest.mark.parametrize(
    ("changed", "trouble"),
    [
        ({}, []),
        ({"rows_close": False}, ["its sums do not close"]),
        ({"energy_closes": False}, ["its sums do not close"]),
        ({"state": "refused", "refusal": "unit: Wh"}, ["unit: Wh"]),
        ({"state": "refused, later staged", "refusal": "unit: Wh"}, []),
        ({"state": "landed only", "validation": None}, ["ingest it again"]),
    ],
)
def test_a_batch_says_what_asks_for_a_person(changed: dict[str, Any], trouble: list[str]) -> None:
    assert report._batch(_staged(**changed), [])["trouble"] == trouble


@pytest.mark.parametrize(("span", "ticks", "step"), [(0, 4, 1), (4, 4, 1), (5, 4, 2), (1_000, 4, 500), (811, 6, 200)])
def test_steps_are_round(span: int, ticks: int, step: int) -> None:
    assert report_plot.nice_step(span, ticks) == step


@pytest.mark.parametrize("days", [1, 2, 3, 7, 31, 62, 63, 100, 365, 811, 3_650, 20_000])
def test_labels_of_days_are_few_and_on_the_drawing(days: int) -> None:
    labels = report_plot.day_labels(report_plot.Scale.of(days, 1), date(2018, 10, 8))
    assert 1 <= len(labels) <= report_plot.LABELS + 1
    assert all(0 <= float(at.removesuffix("%")) <= 100 for at, _ in labels)


def test_a_level_breaks_where_a_place_has_none_and_gaps_are_runs() -> None:
    scale = report_plot.Scale.of(10, 4)
    assert scale.steps("mean", [(0, 4), (1, 2), (5, 4)]).path == "M0 0H10000V5000H20000M50000 0H60000"
    assert scale.gaps([2, 3, 4, 9]) == (("20.00%", "30.00%"), ("90.00%", "10.00%"))


def test_many_bars_are_one_path_and_few_tell_their_value() -> None:
    few = report_plot.Scale.of(3, 4).bars("points", [(0, 0, 4, "a: 4"), (2, 0, 2, "b: 2")])
    assert [shape.title for shape in few] == ["a: 4", "b: 2"]
    many = report_plot.Scale.of(811, 4).bars("points", [(place, 0, 4, "") for place in range(811)])
    assert len(many) == 1
    assert many[0].path.count("z") == 811
