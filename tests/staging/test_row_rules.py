"""Every row rule at its boundary: what just passes and what just fails, by the rule that is meant and no earlier one."""

from __future__ import annotations

from pathlib import Path

import pytest

from chargeledger import flow
from chargeledger.contract import contract
from tests.staging.canonical_files import AT, Row, grid_csv, grid_row, grid_rows, session_csv, session_row, session_rows
from tests.staging.conftest import fixed_key
from tests.staging.lake_contents import fates, rows_of

Told = dict[str, str]
FROM_2000 = {"started_at": "2000-01-01T00:00:00Z", "ended_at": "2000-01-01T01:00:00Z"}
TO_2099 = {"started_at": "2099-12-31T23:59:59Z", "ended_at": "2100-01-01T01:00:00Z"}
# Rules that no row of the canonical files can break, held at their boundary in test_city_traps.py.
# stay_possible: tests/staging/test_city_traps.py; credit_readable: tests/ledger/test_withdrawn.py;
# vehicle_class_known, a column that the canonical files need not have: tests/ledger/test_vehicle_class.py
OF_OTHER_SOURCES = {"stay_possible", "credit_readable", "vehicle_class_known"}
NOTHING = dict.fromkeys(("coal_mwh", "gas_mwh", "hydro_mwh"), "")

# (rule, what just passes, what just fails)
SESSION: list[tuple[str, Told, Told]] = [
    ("order_told", {"order_number": " 0 "}, {"order_number": "  "}),
    ("order_told", {"operator": "x"}, {"operator": ""}),
    ("issuer_plain", {"operator": "x", "order_number": "A:1"}, {"operator": "x:A"}),
    ("session_closed", {"ended_at": " 2026-03-10T10:00+08:00 "}, {"ended_at": "  "}),
    ("energy_readable", {"energy_kwh": " 10 "}, {"energy_kwh": "10,0"}),
    ("energy_readable", {"energy_kwh": "999.000000000000000000"}, {"energy_kwh": "999.0000000000000000000"}),
    ("energy_readable", {"energy_kwh": "+1"}, {"energy_kwh": ""}),
    ("energy_not_negative", {"energy_kwh": "0"}, {"energy_kwh": "-0.001"}),
    ("energy_not_negative", {"energy_kwh": "-0"}, {"energy_kwh": "-0.000000000000000001"}),
    ("energy_possible", {"energy_kwh": "1000"}, {"energy_kwh": "1000.001"}),
    ("energy_possible", {"energy_kwh": "1000.000999"}, {"energy_kwh": "9999"}),
    ("start_readable", {"started_at": "2026-03-10T01:00Z"}, {"started_at": "2026-03-10T09:00:00"}),
    ("start_readable", {"started_at": "2026-03-10 09:00:00.9+08"}, {"started_at": "10.03.2026 09:00:00+08:00"}),
    ("end_readable", {"ended_at": "2026-03-10T09:59:59+08:00"}, {"ended_at": "2026-03-10T09:59:60+08:00"}),
    ("end_readable", {"ended_at": "2026-03-10T24:00:00+08:00"}, {"ended_at": "2026-02-29T10:00:00+08:00"}),
    ("end_after_start", {"ended_at": "2026-03-10T09:00:01+08:00"}, {"ended_at": "2026-03-10T09:00:00+08:00"}),
    ("end_after_start", {"ended_at": "2026-03-10T01:00:01Z"}, {"ended_at": "2026-03-10T01:00:00.999Z"}),
    ("window_possible", {"started_at": "2026-01-07T10:00:00+08:00"}, {"started_at": "2026-01-07T09:59:59+08:00"}),
    ("year_possible", FROM_2000, FROM_2000 | {"started_at": "1999-12-31T23:59:59Z"}),
    ("year_possible", TO_2099, TO_2099 | {"started_at": "2100-01-01T00:00:00Z"}),
    ("year_possible", FROM_2000, {"started_at": "0014-11-18T15:40:26Z", "ended_at": "0014-11-18T17:11:04Z"}),
    ("region_known", {"region": " CN-GRID-SW "}, {"region": "cn-grid-sw"}),
    ("region_known", {"region": "US-CAL-CISO"}, {"region": "", "station_id": ""}),
    ("power_type_known", {"power_type": " DC "}, {"power_type": "dc"}),
    ("metering_point_fits", {"power_type": "AC", "metering_point": "ac_input"}, {"power_type": "AC"}),
    ("metering_point_fits", {"metering_point": "ac_input"}, {"metering_point": "dc_input"}),
    ("metering_point_fits", {"metering_point": ""}, {"power_type": "AC", "metering_point": ""}),
    ("rated_power_positive", {"rated_kw": "0.001"}, {"rated_kw": "0.0009"}),
    ("rated_power_positive", {"rated_kw": ""}, {"rated_kw": "-7"}),
    ("rated_power_readable", {"rated_kw": " 7.4 "}, {"rated_kw": "7.4 kW"}),
    ("revision_readable", {"revised_at": "2026-03-10T02:00:00Z"}, {"revised_at": "2026-03-10"}),
    ("revision_readable", {"revised_at": "  "}, {"revised_at": "unknown"}),
]
GRID: list[tuple[str, Told, Told]] = [
    ("region_known", {"region": " NO "}, {"region": "NO1"}),
    ("hour_readable", {"hour_start": "2026-03-10 09:00+08"}, {"hour_start": "2026-03-10T01:00:00"}),
    ("hour_whole", {"hour_start": "2026-03-10T06:30:00+05:30"}, {"hour_start": "2026-03-10T06:00:00+05:30"}),
    ("hour_whole", {"hour_start": "2026-03-10T01:00:00.9Z"}, {"hour_start": "2026-03-10T01:00:01Z"}),
    ("generation_readable", {"wind_mwh": "999999999.999999999999999999"}, {"wind_mwh": "1000000000"}),
    ("generation_readable", {"wind_mwh": "1.000000000000000001"}, {"wind_mwh": "1.0000000000000000001"}),
    ("generation_readable", {"wind_mwh": "-5"}, {"wind_mwh": "n/a"}),
    ("generation_positive", NOTHING | {"coal_mwh": "0.000000000000000001"}, NOTHING | {"coal_mwh": "0"}),
    ("generation_positive", NOTHING | {"coal_mwh": "1", "hydro_mwh": "-2"}, NOTHING | {"hydro_mwh": "-2"}),
    ("nothing_told", NOTHING | {"unknown_mwh": "7"}, NOTHING | {"unknown_mwh": "  "}),
]


def _sessions(told: list[Told]) -> list[Row]:
    return [session_row(f"R{place:03d}", **change) for place, change in enumerate(told)]


def _hours(told: list[Told]) -> list[Row]:
    """Each row has a day of its own, so that none is told twice."""
    days = [f"2025-{1 + place // 28:02d}-{1 + place % 28:02d}" for place in range(len(told))]
    moved = [{"hour_start": "2026-03-10T01:00:00Z"} | change for change in told]
    return [
        grid_row(**change | {"hour_start": change["hour_start"].replace("2026-03-10", day)})
        for day, change in zip(days, moved, strict=True)
    ]


def _outcomes(lake: str, source: str, path: str) -> list[tuple[str, str | None]]:
    with fixed_key():
        flow.ingest(source, [path], lake, AT)
    return fates(lake)


@pytest.fixture(scope="module")
def session_fates(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str | None]]:
    """The fates of all passing rows, then of all failing ones, among enough sound ones to keep the batch."""
    folder = tmp_path_factory.mktemp("sessions")
    told = _sessions([passing for _, passing, _ in SESSION] + [failing for _, _, failing in SESSION])
    path = session_csv(folder / "sessions.csv", *told, *session_rows(400))
    return _outcomes(str(folder / "lake"), "session_csv", path)


@pytest.fixture(scope="module")
def grid_fates(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str | None]]:
    folder = tmp_path_factory.mktemp("hours")
    told = _hours([passing for _, passing, _ in GRID] + [failing for _, _, failing in GRID])
    sound = [row for day in range(1, 13) for row in grid_rows(24, f"2026-03-{day:02d}")]
    return _outcomes(str(folder / "lake"), "grid_mix_csv", grid_csv(folder / "hours.csv", *told, *sound))


def _named(table: list[tuple[str, Told, Told]]) -> list[str]:
    return [f"{rule}: {passing} / {failing}" for rule, passing, failing in table]


@pytest.mark.parametrize("place", range(len(SESSION)), ids=_named(SESSION))
def test_a_session_at_the_boundary(place: int, session_fates: list[tuple[str, str | None]]) -> None:
    assert session_fates[place] == ("accepted", None)
    assert session_fates[len(SESSION) + place] == ("quarantined", SESSION[place][0])


@pytest.mark.parametrize("place", range(len(GRID)), ids=_named(GRID))
def test_an_hour_at_the_boundary(place: int, grid_fates: list[tuple[str, str | None]]) -> None:
    assert grid_fates[place] == ("accepted", None)
    assert grid_fates[len(GRID) + place] == ("quarantined", GRID[place][0])


def test_no_row_rule_of_a_session_is_without_a_boundary() -> None:
    """Nor one of an hour: tests/staging/test_grid_rows.py."""
    here = {rule for rule, _, _ in SESSION}
    assert {rule.rule_id for rule in contract("charging_session").row_rules} == here | OF_OTHER_SOURCES


def test_one_bad_figure_refuses_its_hour_whole(lake: str, tmp_path: Path) -> None:
    """Part of a mix is another mix."""
    bad = grid_row("2026-03-11T00:00:00Z", wind_mwh="n/a")
    flow.ingest("grid_mix_csv", [grid_csv(tmp_path / "hours.csv", *grid_rows(20), bad)], lake, AT)
    staged = rows_of(lake, "grid_mix_hour")
    assert len(staged) == 20 * 3
    assert {row["hour_start"].isoformat()[:10] for row in staged} == {"2026-03-10"}


def test_a_negative_figure_is_kept_as_told(lake: str, tmp_path: Path) -> None:
    flow.ingest("grid_mix_csv", [grid_csv(tmp_path / "hours.csv", grid_row(hydro_mwh="-50.5"))], lake, AT)
    told = {row["source"]: int(row["generation_pwh"]) for row in rows_of(lake, "grid_mix_hour")}
    assert told == {"coal": 25 * 10**18, "gas": 25 * 10**18, "hydro": -505 * 10**17}


def test_one_broken_meter_does_not_refuse_the_day(lake: str, tmp_path: Path) -> None:
    broken = session_row("B1", energy_kwh="999999")
    flow.ingest("session_csv", [session_csv(tmp_path / "sessions.csv", *session_rows(400), broken)], lake, AT)
    assert fates(lake, "INVENTED-A:B1") == [("quarantined", "energy_possible")]
