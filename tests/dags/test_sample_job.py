"""The main job on the built-in sample, from the command to the publication, through the DAGs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from deltalake import DeltaTable

from tests.dags.embedded import airflow, main_job, posted


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home in which the job has run on the sample, and what it said."""
    home = tmp_path_factory.mktemp("sampled")
    done = main_job(home, "--sample")
    assert done.returncode == 0, done.stderr
    return home, done.stdout


def test_the_sample_ends_in_a_summary_and_a_publication(sampled: tuple[Path, str]) -> None:
    home, said = sampled
    current, entries, points = posted(home)
    assert entries > 0
    assert points > 0
    assert "SYNTHETIC" in said
    assert str(home / "lake" / "published" / current) in "".join(said.split("\n"))


def test_files_land_in_the_order_of_their_names(sampled: tuple[Path, str]) -> None:
    home, _ = sampled
    landed = DeltaTable(str(home / "lake" / "staged" / "landing_file")).to_pyarrow_table().to_pylist()
    names = [(row["source"], row["file_name"]) for row in sorted(landed, key=lambda row: row["landing_seq"])]
    grid = [name for name in names if name[0] in ("certificate_csv", "green_supply_csv", "grid_mix_csv")]
    assert names == [*sorted(grid), *sorted(set(names) - set(grid))]


def test_the_second_run_posts_nothing(sampled: tuple[Path, str]) -> None:
    home, _ = sampled
    before = posted(home)
    assert main_job(home).returncode == 0
    assert posted(home) == before


def test_an_auditor_compares_and_posts_nothing(sampled: tuple[Path, str]) -> None:
    home, _ = sampled
    before = posted(home)
    told = {
        "vintages": "2026-03-09..2026-03-11",
        "methodology": "cn_ev_charging@1.1.0",
        "programme": "cn_green_energy",
        "lake": str(home / "lake"),
    }
    done = airflow(home, "dags", "test", "rerun_methodology", "--conf", json.dumps(told))
    assert done.returncode == 0, done.stdout
    assert len(list((home / "lake" / "comparisons").glob("*.json"))) == 1
    assert posted(home) == before


def test_no_identity_reaches_airflow(sampled: tuple[Path, str]) -> None:
    home, _ = sampled
    files = [path for path in (home / "airflow").rglob("*") if path.is_file() and "sample" not in path.parts]
    assert files
    assert [path for path in files if b"synthetic-user-" in path.read_bytes()] == []
