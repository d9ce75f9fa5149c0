"""Every example of every version, through the version's own SQL, to the ng and the point; and a wrong answer is reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from chargeledger import rooms
from chargeledger.cases import CaseResult, case_files, check_cases, run_cases
from chargeledger.engines import open_engine
from chargeledger.errors import Refused
from chargeledger.methodology import Methodology, load, read_folder

CHINESE = ("1.0.0", "1.1.0", "1.2.0")
FILES = [(name, path.name) for name in rooms.methodology_names() for path in case_files(load(name))]


def broken(results: list[CaseResult]) -> list[tuple[str, tuple[str, ...]]]:
    return [(result.name, result.differences) for result in results if not result.passed]


def read(path: Path) -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return said


def written(folder: Path, said: dict[str, Any]) -> Path:
    path = folder / "cases.yaml"
    path.write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")
    return path


def test_every_version_has_cases_of_every_kind() -> None:
    assert {name for name, _ in FILES} == set(rooms.methodology_names())
    for name in rooms.methodology_names():
        given = [case["given"] for path in case_files(load(name)) for case in read(path)["cases"]]
        assert {"sessions" in told and "pools" not in told for told in given} == {True, False}, (
            f"{name} needs cases of assessment and of award"
        )


@pytest.mark.parametrize(("name", "file"), FILES)
def test_a_versions_own_cases_hold(name: str, file: str, engine_name: str, tmp_path: Path) -> None:
    version = load(name)
    path = version.folder / "cases" / file
    results = list(run_cases(version, path, on=open_engine(engine_name, tmp_path)))
    assert len(results) == len(read(path)["cases"]) > 0
    assert broken(results) == []


@pytest.mark.parametrize("number", CHINESE)
def test_the_given_annual_examples_hold(shared: Path, number: str) -> None:
    path = shared / "vectors" / "cn_ev_charging_annual.yaml"
    mine = [case for case in read(path)["cases"] if case["given"]["version"] == number]
    results = list(run_cases(load(f"cn_ev_charging@{number}"), path, only=number))
    assert [result.name for result in results] == [case["name"] for case in mine] and mine
    assert broken(results) == []


def test_the_given_hourly_examples_hold(shared: Path) -> None:
    results = list(run_cases(load("us_ev_charging@1.0.0"), shared / "vectors" / "us_ev_charging.yaml"))
    assert len(results) == 3 and broken(results) == []


@pytest.mark.parametrize("name", rooms.methodology_names())
def test_the_given_rewards_hold_under_the_rules_of_the_programme(shared: Path, tmp_path: Path, name: str) -> None:
    rules = read(rooms.METHODOLOGY / "programmes" / "cn_green_energy.yaml")["reward_rules"]
    said = {"rules": rules, **read(shared / "vectors" / "rewards.yaml")}
    results = list(run_cases(load(name), written(tmp_path, said)))
    assert len(results) == 5 and broken(results) == []


@pytest.mark.parametrize("number", CHINESE)
@pytest.mark.parametrize("file", ["annual.yaml", "boundaries.yaml"])
def test_the_versions_own_factor_gives_what_a_given_intensity_gives(number: str, file: str, tmp_path: Path) -> None:
    """A case that states the intensity stands in for the step; here the step itself and factors.csv give it."""
    version = load(f"cn_ev_charging@{number}")
    said = read(version.folder / "cases" / file)
    (factor,) = version.factors
    own = [case for case in said["cases"] if case["given"]["intensity_ug_per_kwh"] == int(factor["factor_ug_per_kwh"])]
    assert own
    for case in own:
        del case["given"]["intensity_ug_per_kwh"]
    assert broken(list(run_cases(version, written(tmp_path, {"cases": own})))) == []


def wrong(path: tuple[str | int, ...], by: int = 1) -> Callable[[dict[str, Any]], None]:
    """Moves the number at a path of a case."""

    def apply(case: dict[str, Any]) -> None:
        node: Any = case
        for part in path[:-1]:
            node = node[part]
        node[path[-1]] += by

    return apply


HOUR = "2021-06-15T20:00:00Z"
ANSWERS = [
    ("boundaries.yaml", ("expect", "energy_wh"), "energy_wh: expected"),
    ("boundaries.yaml", ("expect", "baseline_emissions_ng"), "baseline_emissions_ng: expected"),
    ("boundaries.yaml", ("expect", "project_emissions_ng"), "project_emissions_ng: expected"),
    ("boundaries.yaml", ("expect", "emission_reductions_ng"), "emission_reductions_ng: expected"),
    ("boundaries.yaml", ("expect", "points"), "points: expected"),
    ("grid_mix.yaml", ("expect", "intensity_ug_per_kwh", HOUR), "intensity_ug_per_kwh: expected"),
    ("grid_mix.yaml", ("expect", "reading_wh_by_hour", HOUR), "reading_wh: expected"),
    ("grid_mix.yaml", ("given", "reading_wh"), "energy_wh: expected"),
    ("rewards.yaml", ("expect", "sessions", "a", "points"), "a: expected"),
    ("rewards.yaml", ("expect", "sessions", "a", "rounding_ng"), "a: expected"),
    ("rewards.yaml", ("given", "sessions", 0, "emission_reductions_ng"), "a: expected"),
]


@pytest.mark.parametrize(("file", "path", "said"), ANSWERS)
def test_a_wrong_answer_is_reported(file: str, path: tuple[str | int, ...], said: str, tmp_path: Path) -> None:
    version = load("us_ev_charging@1.0.0")
    document = read(version.folder / "cases" / file)
    document["cases"] = document["cases"][:1]
    wrong(path)(document["cases"][0])
    ((_, differences),) = broken(list(run_cases(version, written(tmp_path, document))))
    assert any(difference.startswith(said) for difference in differences)


def test_a_wrong_reason_is_reported(tmp_path: Path) -> None:
    version = load("cn_ev_charging@1.2.0")
    document = read(version.folder / "cases" / "rewards.yaml")
    document["cases"] = document["cases"][:1]
    document["cases"][0]["expect"]["sessions"]["a"]["reason"] = "late"
    ((name, _),) = broken(list(run_cases(version, written(tmp_path, document))))
    assert name == "bounds of energy"


def waiting(version: Methodology) -> dict[str, Any]:
    cases = read(version.folder / "cases" / "grid_mix.yaml")["cases"]
    found: dict[str, Any] = next(case for case in cases if case["expect"].get("awaiting"))
    return found


def test_a_session_that_should_wait_and_does_not_is_reported(tmp_path: Path) -> None:
    version = load("us_ev_charging@1.0.0")
    sound = read(version.folder / "cases" / "grid_mix.yaml")["cases"][0]
    assert not sound["expect"].get("awaiting")
    sound["expect"] = {"awaiting": "grid"}
    ((_, said),) = broken(list(run_cases(version, written(tmp_path, {"cases": [sound]}))))
    assert said == ("awaits grid by the case, but was assessed",)


def test_a_session_that_waits_and_should_not_is_reported(tmp_path: Path) -> None:
    version = load("us_ev_charging@1.0.0")
    case = waiting(version) | {"expect": {"energy_wh": 1}}
    ((_, said),) = broken(list(run_cases(version, written(tmp_path, {"cases": [case]}))))
    assert said == ("was not assessed",)


def test_an_award_that_the_answer_leaves_out_is_reported(tmp_path: Path) -> None:
    version = load("us_ev_charging@1.0.0")
    document = read(version.folder / "cases" / "rewards.yaml")
    del document["cases"][0]["expect"]["sessions"]["b"]
    assert broken(list(run_cases(version, written(tmp_path, document))))


def test_an_answer_that_nothing_gives_is_reported(tmp_path: Path) -> None:
    version = load("us_ev_charging@1.0.0")
    document = read(version.folder / "cases" / "boundaries.yaml")
    document["cases"] = document["cases"][:1]
    document["cases"][0]["expect"] = {"project_emisions_ng": 7}
    assert broken(list(run_cases(version, written(tmp_path, document))))


def test_a_version_without_cases_cannot_be_checked(room: Path) -> None:
    for path in (room / "us_ev_charging_1.0.0" / "cases").iterdir():
        path.unlink()
    with pytest.raises(Refused, match="has no cases"):
        check_cases(read_folder(room / "us_ev_charging_1.0.0"))
