"""Which version is in force for whom, from when: a programme that contradicts a version, or another programme, is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chargeledger.engine import Engine
from chargeledger.errors import Refused, UsageError
from chargeledger.programme import check_name, load_programmes, programmes, read_programme


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def china(room: Path) -> Path:
    return room / "programmes" / "cn_green_energy.yaml"


@pytest.fixture
def california(room: Path) -> Path:
    return room / "programmes" / "us_california.yaml"


def load_all() -> None:
    with Engine(threads=1) as engine:
        load_programmes(engine, programmes())


def refusal() -> str:
    with pytest.raises(Refused) as refused:
        load_all()
    return str(refused.value)


def test_the_programmes_of_the_project_load(room: Path) -> None:
    load_all()
    assert (
        {p.name for p in programmes()}
        == {"cn_green_energy", "us_california"}
        == {p.stem for p in room.glob("programmes/*")}
    )


def test_rules_of_award_are_those_from_paper() -> None:
    by_name = {p.name: p for p in programmes()}
    assert by_name["cn_green_energy"].rules == {
        "min_energy_wh": 500,
        "max_energy_wh": 200_000,
        "max_charging_s": 48 * 3600,
        "max_power_per_mille": 1050,
        "claim_window_s": 30 * 86_400,
    }
    assert set(by_name["us_california"].rules.values()) == {None}
    assert {cap for p in by_name.values() for cap in p.caps.values()} == {None}
    assert by_name["cn_green_energy"].correction_window_s == 30 * 86_400
    assert by_name["us_california"].correction_window_s == 0
    assert {name: p.zone for name, p in by_name.items()} == {
        "cn_green_energy": "Asia/Shanghai",
        "us_california": "America/Los_Angeles",
    }


def test_a_version_in_force_before_it_applies_is_refused(china: Path) -> None:
    edit(china, "2026-01-01, version: cn_ev_charging@1.2.0", "2025-12-31, version: cn_ev_charging@1.2.0")
    said = refusal()
    assert "cn_ev_charging@1.2.0 in force from 2025-12-31" in said and "it applies from 2026-01-01" in said


def test_a_version_in_force_from_its_first_day_or_later_is_right(china: Path) -> None:
    edit(china, "2026-01-01, version: cn_ev_charging@1.2.0", "2026-02-01, version: cn_ev_charging@1.2.0")
    load_all()


def test_a_version_in_force_where_it_does_not_apply_is_refused(california: Path, china: Path) -> None:
    edit(china, "CN-GRID-SW]", "CN-GRID-SW, US-TEX]")
    assert "uses cn_ev_charging@1.0.0 in US-TEX, where it does not apply" in refusal()
    edit(china, "CN-GRID-SW, US-TEX]", "CN-GRID-SW]")
    edit(california, "us_ev_charging@1.0.0", "cn_ev_charging@1.0.0")
    edit(california, "2018-01-01", "2024-05-01")
    assert "uses cn_ev_charging@1.0.0 in US-CAL-CISO, where it does not apply" in refusal()


def test_two_programmes_that_claim_one_region_are_refused(california: Path) -> None:
    edit(california, "[US-CAL-CISO]", "[US-CAL-CISO, CN-GRID-NE]")
    said = refusal()
    assert "region CN-GRID-NE is claimed by the programmes cn_green_energy and us_california" in said


def test_a_version_that_nobody_has_is_refused(china: Path) -> None:
    edit(china, "cn_ev_charging@1.1.0", "cn_ev_charging@1.1.1")
    with pytest.raises(UsageError, match=r"unknown methodology 'cn_ev_charging@1\.1\.1'"):
        load_all()


def swap_days(path: Path) -> None:
    edit(path, "2025-01-01", "2026-06-01")


def same_day(path: Path) -> None:
    edit(path, "2025-01-01", "2024-05-01")


def no_zone(path: Path) -> None:
    edit(path, "zone: Asia/Shanghai\n", "")


def no_rule(path: Path) -> None:
    edit(path, "  claim_window_s: 2592000 ", "  # ")


def no_yaml(path: Path) -> None:
    edit(path, "regions: [", "regions: [[")


@pytest.mark.parametrize("change", [swap_days, same_day, no_zone, no_rule, no_yaml])
def test_a_file_that_is_no_programme_is_refused_by_name(china: Path, change: Callable[[Path], None]) -> None:
    change(china)
    with pytest.raises(Refused, match=r"cn_green_energy\.yaml"):
        read_programme(china)


def test_a_name_that_no_programme_has_is_a_wrong_call() -> None:
    check_name(None)
    check_name("us_california")
    with pytest.raises(UsageError, match=r"unknown programme 'us_oregon'. Known: cn_green_energy, us_california"):
        check_name("us_oregon")


def test_norway_without_quotes_is_refused_and_the_way_out_is_told(china: Path) -> None:
    edit(china, "CN-GRID-SW]", "CN-GRID-SW, NO]")
    assert "regions" in refusal()


def test_a_region_that_is_named_twice_is_refused(china: Path) -> None:
    edit(china, "[CN-GRID-NORTH, CN-GRID-NE,", "[CN-GRID-NORTH, CN-GRID-NORTH, CN-GRID-NE,")
    assert "CN-GRID-NORTH" in refusal()


def test_two_files_of_one_programme_are_refused(china: Path) -> None:
    (china.parent / "cn_copy.yaml").write_bytes(china.read_bytes())
    assert "cn_green_energy" in refusal()


@pytest.mark.parametrize(("old", "new"), [("Asia/Shanghai", "Asia/Peking"), ("caps:", "more: 1\ncaps:")])
def test_a_programme_that_says_what_nobody_reads_is_refused(china: Path, old: str, new: str) -> None:
    edit(china, old, new)
    assert "cn_green_energy" in refusal()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("enrolment: none", "enrolment: none\napproval: {points_per_cent: 5}", "nobody reads points_per_cent"),
        (
            "enrolment: none",
            "enrolment: none\napproval: {points_per_mille: -1}",
            "points_per_mille under 'approval' must be",
        ),
        (
            "enrolment: none",
            "enrolment: none\napproval: {users_per_mille: true}",
            "users_per_mille under 'approval' must be",
        ),
        (
            "enrolment: none",
            "enrolment: none\napproval: {vintage_age_days: 1.5}",
            "vintage_age_days under 'approval' must be",
        ),
        (
            "adopted: at the start}\ncorrection",
            "adopted: at the start, restate: all}\ncorrection",
            "says 'restate: all'; it may say",
        ),
        (
            "adopted: at the start}\ncorrection",
            "adopted: at the start, restates: x}\ncorrection",
            "nobody reads restates",
        ),
    ],
)
def test_a_threshold_or_an_adoption_that_nobody_knows_is_refused(china: Path, old: str, new: str, said: str) -> None:
    edit(china, old, new)
    with pytest.raises(Refused, match=said):
        read_programme(china)


def test_the_programmes_of_the_project_set_no_threshold_and_restate_nothing() -> None:
    for programme in programmes():
        assert set(programme.thresholds.values()) == {None}
        assert {programme.restates(start) for start, _, _ in programme.versions} == {"forward_only"}


def test_what_a_line_says_of_past_vintages_and_thresholds_is_read(china: Path) -> None:
    edit(china, "adopted: at the start}\ncorrection", "adopted: at the start, restate: restate_open}\ncorrection")
    edit(
        china,
        "enrolment: none",
        "enrolment: none\napproval: {points_per_mille: 50, users_per_mille: null, vintage_age_days: 90}",
    )
    read = read_programme(china)
    assert read.thresholds == {"points_per_mille": 50, "users_per_mille": None, "vintage_age_days": 90}
    assert [read.restates(start) for start, _, _ in read.versions] == ["forward_only", "forward_only", "restate_open"]
