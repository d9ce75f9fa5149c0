"""The oracles against the worked examples, sums made by hand, and the grid file's own intensity.

Worked examples and real files lie in a folder `shared` beside the checkout; their tests skip without it.
"""

from dataclasses import asdict
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.oracle import annual, california, reward

SHARED = Path(__file__).resolve().parents[2] / "shared"
GRID = "data/grid/ciso_hourly_mix/CISO_direct_emissions.csv"
SESSIONS = "data/sessions/california_jpl/california_ev_sessions.csv"
HOUR_25 = datetime(2019, 1, 2, 1, tzinfo=UTC)
HOUR_26 = datetime(2019, 1, 2, 2, tzinfo=UTC)


def shared(path: str) -> Path:
    """A file of the shared folder, or the reason to skip."""
    if not (SHARED / path).exists():
        pytest.skip(f"no file {path} in a folder `shared` beside the checkout")
    return SHARED / path


def cases(name: str) -> list[dict[str, Any]]:
    """The worked examples of one methodology."""
    found: list[dict[str, Any]] = yaml.safe_load(shared(f"vectors/{name}.yaml").read_text("utf-8"))["cases"]
    assert found
    return found


@pytest.fixture(scope="module")
def grid() -> dict[datetime, california.HourIntensity]:
    return california.intensity_by_hour(shared(GRID))


@pytest.fixture(scope="module")
def sessions() -> dict[str, california.ExpectedSession]:
    told = list(california.sessions(shared(SESSIONS), shared(GRID)))
    by_order = {session.order: session for session in told}
    assert len(by_order) == len(told)
    return by_order


def made_up(ended_at: str, energy_kwh: str = "1.0") -> dict[str, str]:
    """A row of the sessions file whose charging starts in the summer of 2019."""
    start = "2019-07-01 23:30:00"
    times = {"ChargingStartDateTime": start, "ChargingEndDateTime": ended_at}
    return {"Session": "S0", "UserID": "007", "Energy": energy_kwh} | times


def test_annual_equals_the_worked_examples() -> None:
    for case in cases("cn_ev_charging_annual"):
        given = case["given"]
        hours = [(given["reading_wh"], given["intensity_ug_per_kwh"])]
        meter = given["power_type"], given["metering_point"]
        told = annual.amounts(hours, *meter, annual.cn_baseline_ug_per_kwh())
        assert asdict(told) == case["expect"], case["name"]
        if given["version"] in annual.NATIONAL_KG_PER_KWH:
            by_version = annual.cn_ev_charging(given["reading_wh"], *meter, given["version"])
            assert by_version == told, case["name"]


def test_us_baselines_and_amounts_equal_the_worked_examples() -> None:
    baseline = {"AC": california.BASELINE_AC_UG_PER_KWH, "DC": california.BASELINE_DC_UG_PER_KWH}
    assert baseline == {"AC": 905_091_303, "DC": 948_574_335}
    for case in cases("us_ev_charging"):
        given = case["given"]
        hours = [(given["reading_wh"], given["intensity_ug_per_kwh"])]
        meter = given["power_type"], given["metering_point"]
        assert asdict(annual.amounts(hours, *meter, baseline[given["power_type"]])) == case["expect"], case["name"]


def test_rewards_equal_the_worked_examples() -> None:
    for case in cases("rewards"):
        given = case["given"]
        rules = reward.Rules(kwh_cap=given.get("kwh_cap"), points_cap=given.get("points_cap"))
        awards = reward.expected(given["sessions"], rules)
        assert awards == case["expect"]["sessions"], case["name"]
        for session in given["sessions"]:
            award = awards[session["lineage"]]
            parts_ng = sum(award[part] for part in ("not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng"))
            assert award["points"] * 10**9 + parts_ng == session["emission_reductions_ng"], case["name"]


def test_annual_by_hand() -> None:
    # 15 kWh AC drive 100 km: 6.5 L x 0.720 kg/L x 2.9251 kg/kg = 13.689468 kg; 15 kWh x 530.6 g = 7,959 g.
    # 13,689.468 - 7,959 = 5,730.468 g.
    told = annual.cn_ev_charging(15_000, "AC", "unknown", "1.2.0")
    assert told == annual.Amounts(15_000, 13_689_468_000_000, 7_959_000_000_000, 5_730_468_000_000, 5_730)
    # 923 Wh out of a DC charger are 1,000 Wh into it: 556.8 g; 923 x 912,631,200 ng = 842.3585976 g.
    told = annual.cn_ev_charging(923, "DC", "dc_output", "1.0.0")
    assert told == annual.Amounts(923, 842_358_597_600, 556_800_000_000, 285_558_597_600, 285)


def test_caps_by_hand() -> None:
    def session(lineage: str, **more: object) -> dict[str, Any]:
        told: dict[str, Any] = {"lineage": lineage, "ended_at": "2026-03-10T01:00:00Z", "rated_w": None}
        told |= {"energy_wh": 20_000, "reading_wh": 20_000, "charging_seconds": 3_600}
        return told | {"landed_days_after_end": 0, "emission_reductions_ng": 3_500_000_000} | more

    # The final b comes first and takes 3 of 4 points, a the last one (2 capped); c is of another account.
    # d is not eligible and uses up nothing; e would lift the 40 kWh of a and b above 60.
    queue = [session("a"), session("b", is_final=True), session("c", account="other")]
    queue += [session("d", energy_wh=499), session("e", energy_wh=20_001)]
    awards = reward.expected(queue, reward.Rules(points_cap=4, kwh_cap=40))
    points = {lineage: award["points"] for lineage, award in awards.items()}
    assert points == {"a": 1, "b": 3, "c": 3, "d": 0, "e": 0}
    capped_ng = {lineage: award["capped_ng"] for lineage, award in awards.items() if award["capped_ng"]}
    assert capped_ng == {"a": 2 * 10**9, "e": 3 * 10**9}
    assert awards["d"]["reason"] == "energy"
    late = reward.expected([session("f", energy_wh=1, landed_days_after_end=999)], reward.NO_RULES)
    assert late["f"]["points"] == 3


def test_hours_are_half_open_and_keep_the_sum() -> None:
    def at(hour: int, minute: int) -> datetime:
        return datetime(2019, 7, 1, hour, minute, tzinfo=UTC)

    assert california.split_by_hour(100, at(13, 30), at(14, 0)) == {at(13, 0): 100}
    # 1 Wh over 150 minutes: cumulative floors 0, 0, 1; hours with 0 Wh are touched all the same.
    assert california.split_by_hour(1, at(13, 30), at(16, 0)) == {at(13, 0): 0, at(14, 0): 0, at(15, 0): 1}
    # 10 Wh over 90 minutes: a third of 10 is 3.33, so 3 and 7.
    assert california.split_by_hour(10, at(13, 30), at(15, 0)) == {at(13, 0): 3, at(14, 0): 7}


def test_vintage_is_the_local_day_of_the_end() -> None:
    # In July the site is at UTC-7: local midnight is 07:00 UTC and belongs to the new day.
    assert california.assess(made_up("2019-07-02 06:59:59"), {}).vintage == date(2019, 7, 1)
    assert california.assess(made_up("2019-07-02 07:00:00"), {}).vintage == date(2019, 7, 2)
    waiting = california.assess(made_up("2019-07-02 00:10:00", "0.0019"), {})
    assert waiting.awaiting_grid and waiting.points is None
    assert (waiting.reading_wh, sum(waiting.reading_wh_by_hour.values())) == (1, 1)


def test_negative_generation_counts_as_none_and_a_dead_hour_is_left_out(tmp_path: Path) -> None:
    sources = ",".join(california.FACTOR_G_PER_KWH)
    path = tmp_path / "grid.csv"
    lines = ["2019-07-01 00:00:00+00:00,0,0,0,0,2,1,-5,0,0", "2019-07-01 01:00:00+00:00,0,0,0,0,0,0,0,0,0"]
    path.write_text("\n".join([f"UTC time,carbon_intensity,{sources}", *lines]), "utf-8")
    # 2 MWh of "other" and 1 MWh of nuclear: 2 x 575 / 3 = 383.33 g/kWh, rounded up to the ug.
    (hour,) = california.intensity_by_hour(path).values()
    assert (hour.intensity_ug_per_kwh, hour.exact_g_per_kwh) == (383_333_334, Fraction(1150, 3))


def test_every_hour_agrees_with_the_grid_files_own_intensity(
    grid: dict[datetime, california.HourIntensity],
) -> None:
    distances = [abs(hour.exact_g_per_kwh - hour.file_g_per_kwh) for hour in grid.values()]
    assert len(distances) == 35_136
    assert max(distances) == Fraction("0.005") and distances.count(Fraction("0.005")) == 1


def test_first_session_of_2019_by_hand(
    grid: dict[datetime, california.HourIntensity], sessions: dict[str, california.ExpectedSession]
) -> None:
    # 01:00 UTC: 15 coal x 760 + 9,018 gas x 370 + 88 oil x 406 = 3,383,788; / 15,316 MWh = 220.931574...
    # 02:00 UTC: 14 x 760 + 9,646 x 370 + 91 x 406 + 2 other x 575 = 3,617,756; / 16,271 MWh = 222.343801...
    assert grid[HOUR_25].exact_g_per_kwh == Fraction(3_383_788, 15_316)
    assert grid[HOUR_26].exact_g_per_kwh == Fraction(3_617_756, 16_271)
    # 10.14 kWh from 01:01 to 02:40 UTC: floor(10,140 x 59 / 99 minutes) = floor(6,043.03); 4,097 are left.
    session = sessions["S2937"]
    assert session.reading_wh_by_hour == {HOUR_25: 6_043, HOUR_26: 4_097}
    # 02:40 UTC on the 2nd is 18:40 on the 1st at the site.
    assert session.vintage == date(2019, 1, 1)
    assert session.baseline_emissions_ng == 10_140 * 905_091_303 == 9_177_625_812_420
    # Rounded up: 6,043 x 220,931,575 = 1,335,089,507,725; 4,097 x 222,343,802 = 910,942,556,794.
    assert session.project_emissions_ng == 1_335_089_507_725 + 910_942_556_794 == 2_246_032_064_519
    # 9,177.625812420 g - 2,246.032064519 g = 6,931.593747901 g
    assert session.emission_reductions_ng == 6_931_593_747_901
    assert session.points == 6_931


def test_sessions_assessed_and_awaiting(sessions: dict[str, california.ExpectedSession]) -> None:
    assessed = [session for session in sessions.values() if not session.awaiting_grid]
    awaiting = [session for session in sessions.values() if session.awaiting_grid]
    assert (len(assessed), len(awaiting)) == (27_178, 2_936)
    # The grid file starts with 2019; no session crosses into it.
    assert {session.vintage.year for session in awaiting} == {2018}
    assert sessions["S1"].awaiting_grid and sessions["S1"].energy_wh is None
    assert all(sum(session.reading_wh_by_hour.values()) == session.reading_wh for session in sessions.values())
