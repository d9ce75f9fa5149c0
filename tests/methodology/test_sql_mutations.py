"""The cases of a version catch what somebody could get wrong in its SQL: mutants, each of which must fail a case."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chargeledger import rooms
from chargeledger.methodology import load, read_folder
from tests.methodology.sql_mutants import MUTANTS, caught_by_cases, mutated

CHINA, CALIFORNIA = "cn_ev_charging@1.2.0", "us_ev_charging@1.0.0"
STEPS = [
    (CHINA, "allocate", "boundaries.yaml", "allocate"),
    (CHINA, "assess", "boundaries.yaml", "assess"),
    (CHINA, "award", "rewards.yaml", "award"),
    (CALIFORNIA, "allocate", "grid_mix.yaml", "allocate"),
    (CALIFORNIA, "assess", "grid_mix.yaml", "assess_two_baselines"),
    (CALIFORNIA, "intensity", "grid_mix.yaml", "intensity_mix"),
]
EACH = [
    pytest.param(name, step, file, mutant, id=f"{name[:2]}-{step}-{mutant['what']}")
    for name, step, file, group in STEPS
    for mutant in MUTANTS[group]
]


@pytest.mark.parametrize(("name", "step", "file", "mutant"), EACH)
def test_a_mutant_fails_a_case(name: str, step: str, file: str, mutant: dict[str, str], tmp_path: Path) -> None:
    assert caught_by_cases(mutated(load(name), step, mutant, tmp_path), file) is not None


WHOLE = [f"cn_ev_charging_1.{minor}.0" for minor in range(3)] + ["us_ev_charging_1.0.0"]
BY_INTERVAL = ["cn_ev_charging_2.0.0", "cn_ev_charging_3.0.0"]
SAME = {
    "award": [*WHOLE, "cn_ev_charging_1.3.0", *BY_INTERVAL],
    "assess": [*WHOLE, "cn_ev_charging_1.3.0"],
    "allocate": WHOLE,
    "split": BY_INTERVAL,
}


@pytest.mark.parametrize("step", SAME)
def test_these_steps_are_the_same_bytes_in_these_versions(step: str) -> None:
    """So a mutant that is noticed in one of them is noticed in all."""
    assert len({(rooms.METHODOLOGY / folder / f"{step}.sql").read_bytes() for folder in SAME[step]}) == 1


def test_the_result_beside_is_that_of_the_hourly_version() -> None:
    paths = (rooms.METHODOLOGY / f"cn_ev_charging_{step}.sql" for step in ("2.0.0/intensity", "3.0.0/location"))
    first, second = (path.read_text(encoding="utf-8").split("WITH source_hour", 1)[1] for path in paths)
    assert first == second


STATED = "a case states the intensity, and the annual versions' own step is never run by a case"


def test_a_mutant_of_the_annual_factor_fails_a_case(tmp_path: Path) -> None:
    version = mutated(load(CHINA), "intensity", MUTANTS["intensity_average"][0], tmp_path)
    assert caught_by_cases(version, "annual.yaml") is not None


def test_another_annual_factor_fails_a_case(tmp_path: Path) -> None:
    folder = tmp_path / "cn_ev_charging_1.2.0"
    shutil.copytree(load(CHINA).folder, folder)
    text = (folder / "factors.csv").read_text(encoding="utf-8")
    (folder / "factors.csv").write_text(text.replace("530600000", "430600000"), encoding="utf-8")
    assert caught_by_cases(read_folder(folder), "annual.yaml") is not None
