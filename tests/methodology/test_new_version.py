"""A new version: copied to a draft, checked, published, frozen. A draft is for comparing, never for accounting."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from deltalake import DeltaTable

from chargeledger import asking, flow, rooms, version_check, versioning
from chargeledger.errors import Refused, UsageError
from chargeledger.methodology import load, published, read_folder

AT = "2026-03-13T16:00:00Z"
OLD, NEW = "cn_ev_charging@1.2.0", "cn_ev_charging@1.2.1"
HEADER = (
    "operator,order_number,revised_at,account,station_id,region,power_type,metering_point,rated_kw,"
    "started_at,ended_at,energy_kwh\n"
)
# 30 kWh AC: 30,000 x (912,631,200 - 530,600,000) ng = 11,460.936 g; at 500 g/kWh 30,000 x 412,631,200 = 12,378.936 g.
SESSION = "PAPER,1,,driver,S1,CN-GRID-EAST,AC,ac_input,,2026-03-09T18:00:00+08:00,2026-03-09T22:00:00+08:00,30\n"


@pytest.fixture
def draft(room: Path) -> Path:
    """The draft of the next version, as it was copied."""
    folder = versioning.new_version(load(OLD), "1.2.1")
    assert folder == room / "cn_ev_charging_1.2.1"
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def lean(draft: Path) -> Path:
    """The draft with its annual cases alone: checked in a second."""
    for name in ("boundaries.yaml", "rewards.yaml"):
        (draft / "cases" / name).unlink()
    return draft


def test_a_draft_is_the_old_folder_with_another_number(draft: Path, room: Path) -> None:
    old, new = room / "cn_ev_charging_1.2.0", draft
    files = {path.relative_to(old) for path in old.rglob("*") if path.is_file()}
    assert files == {path.relative_to(new) for path in new.rglob("*") if path.is_file()}
    assert {f for f in files if (old / f).read_bytes() != (new / f).read_bytes()} == {Path("methodology.yaml")}
    said = yaml.safe_load((new / "methodology.yaml").read_text(encoding="utf-8"))
    was = yaml.safe_load((old / "methodology.yaml").read_text(encoding="utf-8"))
    assert said == was | {"version": "1.2.1", "status": "draft"}
    assert load(OLD).name == OLD, "the old one stays as it was published"


@pytest.mark.parametrize("number", ["1.2.0", "1.1.9", "0.9.0"])
def test_a_number_that_is_not_later_is_a_wrong_call(room: Path, number: str) -> None:
    with pytest.raises(UsageError, match=r"is not later than 1\.2\.0"):
        versioning.new_version(load(OLD), number)
    assert {path.name for path in room.glob("cn_*")} == {
        path.name for path in (rooms.ROOT / "methodology").glob("cn_*")
    }


def test_later_is_a_matter_of_numbers_not_of_letters(room: Path) -> None:
    folder = versioning.new_version(load(OLD), "1.10.0")
    assert folder.name == "cn_ev_charging_1.10.0" and folder.parent == room


@pytest.mark.parametrize("number", ["1.3", "1.3.0-rc1", "../1.3.0", "next"])
def test_a_number_of_another_form_is_a_wrong_call(room: Path, number: str) -> None:
    with pytest.raises(UsageError):
        versioning.new_version(load(OLD), number)
    assert len(list(room.glob("*"))) == len(list(Path(versioning.__file__).parents[1].glob("methodology/*")))


def test_a_folder_that_is_there_is_not_written_over(draft: Path) -> None:
    edit(draft / "METHODOLOGY.md", "provisional", "Provisional")
    before = (draft / "METHODOLOGY.md").read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        versioning.new_version(load(OLD), "1.2.1")
    assert (draft / "METHODOLOGY.md").read_bytes() == before


def test_a_draft_goes_round_to_a_frozen_version(lean: Path, room: Path) -> None:
    with pytest.raises(Refused, match="is a draft: publish it first"):
        load(NEW)
    others = published()
    edit(lean / "METHODOLOGY.md", "Against 1.1.0:", "Against 1.2.0: words alone. Against 1.1.0:")
    findings = version_check.check(load(NEW, draft_allowed=True))
    assert [finding.what for finding in findings if not finding.passed] == []
    digest = versioning.publish(NEW)
    assert load(NEW).digest == digest == published()[NEW]["digest"]
    assert {name: entry for name, entry in published().items() if name != NEW} == others
    assert yaml.safe_load((lean / "methodology.yaml").read_text(encoding="utf-8"))["status"] == "published"
    assert (room / "published.yaml").read_text(encoding="utf-8").startswith("# Freeze digests")
    with pytest.raises(Refused, match="is published already"):
        versioning.publish(NEW)
    edit(lean / "METHODOLOGY.md", "words alone", "words only")
    with pytest.raises(Refused, match="is not what was published"):
        load(NEW)


TWICE = "CN,average,500000000,2026-01-01,,2023,2025-12-31,x,H\nCN,average,530600000,"
BROKEN = [
    ("assess.sql", "e.value, 1000)", "e.value, 912631200)", "912631200: a number belongs into"),
    ("cases/annual.yaml", "project_emissions_ng: 1", "project_emissions_ng: 2", "case annual.yaml"),
    ("parameters.yaml", "value: 912631200", "value: 912631201", "derivations: baseline_intensity AC"),
    ("parameters.yaml", 'value: "6.5"', 'value: "6.6"', "derivations: baseline_intensity AC"),
    ("parameters.yaml", "confidence: P", 'confidence: ""', "citations: without: gasoline_kg_per_l"),
    ("factors.csv", ' in 2023",H', ' in 2023",', "citations: without: average"),
    ("factors.csv", "CN,average,530600000,", TWICE, "dates: factor CN average: overlap on 2026-01-01"),
    (
        "parameters.yaml",
        "valid_until: null\n    derivation",
        "valid_until: 2027-01-01\n    derivation",
        "ends on 2027-01-01",
    ),
    ("METHODOLOGY.md", "| 11460 | 0.0 |", "| 11461 | 0.0 |", "sensitivity table: not what the recomputation gives"),
    ("METHODOLOGY.md", "<!-- sensitivity:end -->", "", "sensitivity table: METHODOLOGY.md has no"),
    (
        "assess.sql",
        "div_up(d.reading_emissions_ng * 1000, e.value)",
        "d.reading_emissions_ng * 1000 / e.value",
        "assess.sql: /",
    ),
    ("award.sql", "one row per assessed session", "a row for an assessed session", "award.sql: no first sentence"),
    ("assess.sql", "div_up(d.reading", "int_div(d.reading", "case annual.yaml 'DC output, 2023 national'"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "said"), BROKEN)
def test_a_draft_that_does_not_pass_is_not_published(lean: Path, file: str, old: str, new: str, said: str) -> None:
    before = published()
    edit(lean / file, old, new)
    with pytest.raises(Refused) as refused:
        versioning.publish(NEW)
    assert str(refused.value).startswith(f"{NEW} does not pass: ") and said in str(refused.value)
    assert published() == before
    assert "status: draft" in (lean / "methodology.yaml").read_text(encoding="utf-8")


@pytest.fixture
def session(lake: str, tmp_path: Path) -> str:
    """A lake with the one session, staged."""
    path = tmp_path / "sessions.csv"
    path.write_text(HEADER + SESSION, encoding="utf-8")
    flow.ingest("session_csv", [str(path)], lake, AT)
    return lake


@pytest.mark.usefixtures("lean")
def test_a_draft_accounts_nothing_even_when_a_programme_names_it(room: Path, session: str) -> None:
    edit(room / "programmes" / "cn_green_energy.yaml", OLD, NEW)
    with pytest.raises(Refused, match="is a draft: publish it first"):
        flow.account(session, at=AT)
    assert DeltaTable(f"{session}/ledger/ledger_entry").to_pyarrow_table().num_rows == 0
    versioning.publish(NEW)
    assert flow.account(session, at=AT)["posted_points"] == 11_460


def test_a_draft_is_compared_and_posts_nothing(draft: Path, session: str) -> None:
    assert flow.account(session, at=AT)["posted_points"] == 11_460
    edit(draft / "factors.csv", "530600000", "500000000")
    ledger = DeltaTable(f"{session}/ledger/ledger_entry").version()
    told: dict[str, Any] = asking.compare_methodology(session, "2026-03-09", NEW, "cn_green_energy", at=AT)
    assert (told["sessions"], told["points"], told["ledger_points"]) == (1, 12_378, 11_460)
    assert DeltaTable(f"{session}/ledger/ledger_entry").version() == ledger
    kept = json.loads(Path(told["comparison"]).read_bytes())
    (day,) = kept["vintages"]
    assert (day["vintage"], day["emission_reductions_ng"]) == ("2026-03-09", "12378936000000")
    assert day["ledger_emission_reductions_ng"] == "11460936000000"
    assert kept["methodology_digest"] == read_folder(draft).digest
    assert re.fullmatch(r"[0-9a-f]{64}\.json", Path(told["comparison"]).name)


def test_a_version_is_not_compared_on_days_before_it_applies(session: str) -> None:
    with pytest.raises(Refused, match="applies from 2026-01-01: a vintage of 2025-12-31 is refused"):
        asking.compare_methodology(session, "2025-12-31", OLD, "cn_green_energy", at=AT)
