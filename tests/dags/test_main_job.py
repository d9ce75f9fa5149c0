"""The main job on files of one's own: what it refuses, what it holds, and with which exit code it ends."""

from __future__ import annotations

from pathlib import Path

from tests.dags.embedded import main_job, posted

SESSION = (
    "operator,order_number,revised_at,account,station_id,region,power_type,metering_point,rated_kw,started_at,ended_at,energy_kwh\n"
    "OP,1,{revised_at},someone@example.org,S1,US-CAL-CISO,AC,ac_input,,2026-03-09T18:00:00Z,2026-03-09T19:00:00Z,{energy_kwh}\n"
)
GRID = (
    "region,hour_start,coal_mwh,gas_mwh,oil_mwh,nuclear_mwh,hydro_mwh,wind_mwh,solar_mwh,biomass_mwh,geothermal_mwh,unknown_mwh\n"
    "US-CAL-CISO,2026-03-09T18:00:00Z,,100,,,,,100,,,\n"
)
AT = "2026-04-20T00:00:00Z"


def write(home: Path, name: str, text: str) -> Path:
    path = home / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_refused_file_stops_the_job_at_once_with_its_reason(tmp_path: Path) -> None:
    grid = write(tmp_path, "grid.csv", GRID)
    bad = write(tmp_path, "sessions.csv", SESSION.replace(",energy_kwh\n", ",energy_mwh\n"))
    done = main_job(tmp_path, "--grid", f"grid_mix_csv={grid}", "--sessions", f"session_csv={bad}", "--at", AT)
    assert done.returncode == 1
    assert "energy_kwh" in done.stderr
    assert str(tmp_path / "airflow" / "main_job.log") in done.stderr
    assert done.stdout.count("failed") == 1, "a refusal is not tried again"
    assert "account_vintage" not in done.stdout


def test_what_is_held_is_shown_after_the_rest_is_published(tmp_path: Path) -> None:
    grid = write(tmp_path, "grid.csv", GRID)
    told = SESSION.format(revised_at="2026-03-09T19:05:00Z", energy_kwh="10.000")
    retold = SESSION.format(revised_at="2026-03-10T08:00:00Z", energy_kwh="9.000")
    arguments = ["--programme", "us_california", "--grid", f"grid_mix_csv={grid}", "--at", AT]
    first = main_job(tmp_path, *arguments, "--sessions", f"session_csv={write(tmp_path, 'first.csv', told)}")
    assert first.returncode == 0, first.stderr
    before = posted(tmp_path)
    second = main_job(tmp_path, *arguments, "--sessions", f"session_csv={write(tmp_path, 'second.csv', retold)}")
    assert second.returncode == 3
    assert "OP:1" in second.stderr
    assert "publish_points" in second.stdout
    assert posted(tmp_path)[1:] == before[1:]


def test_an_unknown_source_is_a_usage_error(tmp_path: Path) -> None:
    done = main_job(tmp_path, "--grid", "no_such_source=grid.csv")
    assert done.returncode == 2
    assert "grid_mix_csv" in done.stderr


def test_a_place_that_no_lake_can_have_is_a_usage_error(tmp_path: Path) -> None:
    done = main_job(tmp_path, "--lake", "ftp://host/lake")
    assert done.returncode == 2
    assert "'ftp://host/lake' is no place for a lake" in done.stderr
