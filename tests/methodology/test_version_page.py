"""The page of a version: of one piece, the same bytes again, with every number and case of the folder, and a draft called one."""

from __future__ import annotations

import hashlib
import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from chargeledger import versioning
from chargeledger.errors import UsageError
from chargeledger.methodology import Methodology, load, published
from chargeledger.page import write_page
from chargeledger.version_page import write_version_page
from tests.command_line_lake import chargeledger

NAME = "cn_ev_charging@1.2.0"
VOID = {"meta", "link", "br", "hr"}


class Reader(HTMLParser):
    """Every element closed, and every attribute seen."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def said(page: str) -> str:
    """What a reader sees, in one line."""
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)).split())


def lean(version: Methodology) -> None:
    """Leave a draft its annual cases alone: its page is written in a second."""
    for name in ("boundaries.yaml", "rewards.yaml"):
        (version.folder / "cases" / name).unlink()


@pytest.fixture(scope="module")
def version() -> Methodology:
    return load(NAME)


@pytest.fixture(scope="module")
def page(version: Methodology, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_version_page(version, tmp_path_factory.mktemp("page") / "page.html").read_text(encoding="utf-8")


def test_the_page_is_whole_and_fetches_nothing(page: str) -> None:
    reader = Reader()
    reader.feed(page)
    assert reader.open == [] and page.startswith("<!DOCTYPE html>")
    fetching = [each for each in reader.attributes if each[1] in ("src", "srcset", "data", "action")]
    links = {value for tag, name, value in reader.attributes if name == "href" and tag != "link"}
    ids = {value for _, name, value in reader.attributes if name == "id"}
    assert fetching == [] and {link[1:] for link in links} <= ids and all(link.startswith("#") for link in links)
    assert "default-src 'none'" in page and not re.search(r"@import|url\((?!#)|<script", page)


def test_the_first_screen_says_what_is_provisional(page: str, version: Methodology) -> None:
    head = said(page.split("<main>")[0])
    assert "Baseline provisional" in head
    assert all(sentence in head for sentence in version.identity["provisional"])


def test_a_version_of_published_numbers_does_not_call_its_baseline_provisional() -> None:
    california = load("us_ev_charging@1.0.0")
    assert not versioning.has_provisional_baseline(california)
    assert versioning.has_provisional_baseline(load(NAME))


def test_the_text_is_that_of_the_folder(page: str, version: Methodology) -> None:
    text = re.sub(r"<!--.*?-->", "", (version.folder / "METHODOLOGY.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    shown = " ".join(re.findall(r"\w+", said(page.split('id="text">')[1].split("</section>")[0])))
    for paragraph in text.split("\n\n"):
        assert " ".join(re.findall(r"\w+", paragraph)) in shown
    assert "sensitivity:begin" not in page


def test_every_number_stands_with_its_unit_source_and_confidence(page: str, version: Methodology) -> None:
    shown = said(page)
    for name, entry in version.inputs.items():
        mark = "P provisional" if entry["confidence"] == "P" else entry["confidence"]
        row = f"{name} {entry['value']} {entry['unit']} {entry['valid_from']} {mark} {entry['source']}"
        assert " ".join(row.split()) in shown
    assert "= floor(10**9 * 2.9251 * 0.720 * 6.5 / 15.0) = 912,631,200 2026-01-01 P provisional" in shown
    assert "= floor(1000 * 0.923) = 923 2026-01-01 H derived from VM0038 v1.0" in shown
    (factor,) = version.factors
    assert f"CN average 530,600,000 2026-01-01 2023 2025-12-31 H {factor['citation']}" in shown
    for equation in version.identity["equations"]:
        formula = " ".join(equation["formula"].split())
        assert f"{equation['id']} {equation['step']}.sql {formula} {equation['reference']}" in shown


def test_every_case_stands_with_what_is_given_and_expected(page: str, version: Methodology) -> None:
    shown, counted = said(page), 0
    for path in (version.folder / "cases").glob("*.yaml"):
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]:
            assert f"{' '.join(case['name'].split())} ✓ holds" in shown
            numbers = [n for n in case["expect"].values() if isinstance(n, int)]
            assert all(f" {n:,}" in shown for n in numbers)
            counted += 1
    assert counted == page.count('class="case"') == 53


def test_bars_are_those_from_paper(page: str) -> None:
    """DC, 13 or 17 instead of 15 kWh/100 km: +41.6 and -31.8 %. The widest is 41.6, so the middle is 416 of 832 parts.

    -318 begins at 98 / 832 = 11.77 %, and is 318 / 832 = 38.22 % wide; +416 fills the right half.
    """
    last = page.split('<div class="tornado">')[2].split("</div>")[0]
    first = last.split("\n")[1]
    assert "electricity_kwh_per_100km 15.0 to 13.0, 17.0 kWh/100 km" in first and "-31.8 to +41.6 %" in first
    assert 'class="less" style="left:11.77%;width:38.22%"' in first
    assert 'class="more" style="left:50.00%;width:50.00%"' in first
    names = re.findall(r"<span>(\S+)", last)
    assert names == [
        "electricity_kwh_per_100km",
        "fuel_l_per_100km",
        "grid",
        "gasoline_kg_per_l",
        "charger_efficiency_dc",
    ]


def test_the_digests_are_those_of_the_files(page: str, version: Methodology) -> None:
    rows = dict(re.findall(r'row"><code>([\w./]+)</code></th><td><code>([0-9a-f]{64})', page.split('id="digests"')[1]))
    files = {p.relative_to(version.folder).as_posix(): p for p in version.folder.rglob("*") if p.is_file()}
    assert rows == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    lines = "".join(sorted(f"{name}\t{digest}\n" for name, digest in rows.items()))
    frozen = published()[NAME]
    assert hashlib.sha256(lines.encode()).hexdigest() == frozen["digest"]
    assert page.count(frozen["digest"]) == 2 and f"✓ as published on {frozen['published_on']}" in said(page)


def test_a_draft_is_called_one_and_what_breaks_is_shown(room: Path, tmp_path: Path) -> None:
    folder = versioning.new_version(load(NAME), "1.2.1")
    draft = load("cn_ev_charging@1.2.1", draft_allowed=True)
    lean(draft)
    path = folder / "METHODOLOGY.md"
    path.write_text(path.read_text(encoding="utf-8") + "\n<script>alert(1)</script>\n", encoding="utf-8")
    first, again = (write_version_page(draft, tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert first == again, "the same folder gives the same bytes"
    shown = said(first.decode())
    assert "Draft: not frozen, accounts nothing" in shown and "! a draft, never published" in shown
    assert "<script" not in first.decode() and "<script>alert(1)</script>" in shown
    cases = folder / "cases" / "annual.yaml"
    cases.write_text(cases.read_text(encoding="utf-8").replace("points: 10132\n", "points: 10133\n"), encoding="utf-8")
    shown = said(write_version_page(draft, tmp_path / "c.html").read_text(encoding="utf-8"))
    assert "! points: expected 10133, got 10132" in shown and "! 2 of 12 broken" in shown


def test_the_command_writes_the_page_where_it_is_told(tmp_path: Path) -> None:
    told = chargeledger("methodology", "show", "us_ev_charging@1.0.0", "--html", str(tmp_path / "page.html"))
    assert told.code == 0 and told.out == f"page: {tmp_path / 'page.html'}\n"
    shown = said((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "us_california from 2018-01-01" in shown and "Baseline provisional" not in shown.split("What it says")[0]
    wrong = chargeledger("methodology", "show", NAME, "page.html")
    assert wrong.code == 2 and "say --html page.html" in wrong.err


def test_a_page_that_cannot_be_written_is_a_wrong_call(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="Name another file after --html"):
        write_page(tmp_path / "file" / "page.html", "", "after --html")
