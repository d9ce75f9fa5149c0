"""The oracles of cn_ev_charging 1.3.0, 2.0.0 and 3.0.0 against the worked examples and against sums made by hand.

Worked examples lie in a folder `shared` beside the checkout; their tests skip without it.
"""

import csv
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.oracle import green, hourly, provincial
from tests.oracle.given import Given, Interval, MixHour, Session, SupplyHour, local_day, metered_for_an_hour

MIDDAY = datetime(2026, 3, 10, 13, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
HALF, CLEAN = MixHour({"coal": 1, "wind": 1}), MixHour({"hydro": 1})
NORTH = "CN-GRID-NORTH"


def cases(shared: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((shared / "vectors" / f"{name}.yaml").read_text("utf-8"))["cases"]
    assert found
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def seen(mix: dict[datetime, MixHour], clock: datetime, hour: datetime = MIDDAY) -> hourly.HourIntensity | None:
    """An hour of the north as a run with this clock knows it."""
    return hourly.Grid({(NORTH, each): told for each, told in mix.items()}, clock).at(NORTH, hour)


def test_the_provincial_examples_and_the_official_table(shared: Path) -> None:
    county = {told[0]: f"{digits}0100" for digits, told in provincial.PROVINCES.items()}
    mine = [case for case in cases(shared, "cn_ev_charging_annual") if case["given"]["version"] == "1.3.0"]
    assert len(mine) == 2
    for case in mine:
        given = case["given"]
        code = county[given["factor_code"]]
        assert provincial.factor(code) == (given["factor_code"], given["intensity_ug_per_kwh"])
        told = provincial.cn_ev_charging(given["reading_wh"], given["power_type"], given["metering_point"], code)
        assert told is not None and asdict(told) == case["expect"], case["name"]
    with open(shared / "data/factors/china/grid_factors_2021_2023.csv", encoding="utf-8", newline="") as rows:
        official = {
            row["code"]: row for row in csv.DictReader(rows) if row["data_year"] == "2023" and row["kind"] == "avg"
        }
    provinces = {code: row["kgco2_per_kwh"] for code, row in official.items() if row["level"] == "province"}
    assert dict(provincial.PROVINCES.values()) == provinces and len(provinces) == 30
    assert {"54": ("CN", official["CN"]["kgco2_per_kwh"])} == provincial.WITHOUT_FACTOR


def test_the_hourly_examples(shared: Path) -> None:
    told = cases(shared, "cn_ev_charging_hourly")
    assert len(told) == 14
    for case in told:
        given, expect = case["given"], dict(case["expect"])
        mix = {at(hour): MixHour({s: Fraction(g) for s, g in told.items()}) for hour, told in given["grid_mix"].items()}
        clock = at(given["started_at"]) + timedelta(days=1)
        if "hours_since_hour_end" in given:
            missing = at("2026-03-10T14:00:00Z")
            clock = missing + (1 + given["hours_since_hour_end"]) * HOUR
            # The told highest as a mix: fossil / all is that intensity in 827,300,000ths.
            highest = given["highest_known_in_672_hours_ug_per_kwh"]
            mix[missing - 672 * HOUR] = MixHour({"coal": highest, "wind": 827_300_000 - highest})
        intervals = tuple(
            Interval(at(each["started_at"]), at(each["ended_at"]), each["energy_wh"])
            for each in given.get("intervals", ())
        )
        window = at(given["started_at"]), at(given["ended_at"])
        meter = given["power_type"], given["metering_point"]
        session = Session("S", *window, given["reading_wh"], *meter, intervals)
        found = hourly.assess(Given((session,), {(NORTH, hour): m for hour, m in mix.items()}, (), clock))["S"]
        assert found.amounts is not None
        assert (found.provisional_until is not None) is expect.pop("rests_on_fallback", False), case["name"]
        by_hour = {hour: intensity.intensity_ug_per_kwh for hour, intensity in found.hours.items() if intensity}
        assert by_hour == {at(hour): ug for hour, ug in expect.pop("intensity_ug_per_kwh").items()}, case["name"]
        reading = {at(hour): wh for hour, wh in expect.pop("reading_wh_by_hour").items()}
        assert found.reading_wh_by_hour == reading, case["name"]
        assert found.data_quality_tier == expect.pop("data_quality_tier"), case["name"]
        assert asdict(found.amounts) == expect, case["name"]


def test_the_green_examples(shared: Path) -> None:
    told = cases(shared, "cn_ev_charging_green")
    assert len(told) == 8
    for case in told:
        given, expect = case["given"], case["expect"]
        hour = at(given["hour"])
        sessions = metered_for_an_hour(given["sessions"], hour)
        demand = {each.session_id: green.demand_wh(each)[hour] for each in sessions}
        pools = [(pool["supply_id"], pool["available_wh"], pool["sessions_in_scope"]) for pool in given["pools"]]
        matched = green.match_hour(demand, pools)
        left = {name: wh - sum(m for (_, supply), m in matched.items() if supply == name) for name, wh, _ in pools}
        assert left == expect["left_in_pool_wh"], case["name"]
        battery = battery_hour(hour, charged_wh=10, charged_from_pv_wh=6, round_trip_per_mille=900)
        assert list(green.battery_ug_per_kwh([battery]).values()) == [270_933_334]
        match = {(session, hour, supply): wh for (session, supply), wh in matched.items()}
        for session_id, found in green.assess(Given(sessions, {}, (battery,), hour), match).items():
            supplies = {supply: wh for (_, supply), wh in found.matched_wh.items()}
            assert asdict(found.amounts) | {"matched_wh": supplies} == expect["sessions"][session_id], case["name"]


def battery_hour(hour: datetime, **more: Any) -> SupplyHour:
    return SupplyHour("battery", "battery", "station", "S1", NORTH, hour, 0, **more)


def test_provinces_by_hand() -> None:
    # Yunnan, DC out: 923 Wh are 1,000 Wh drawn at 133.3 g/kWh. Tibet has no factor of its own: 530.6 g.
    assert provincial.cn_ev_charging(923, "DC", "dc_output", "530102").project_emissions_ng == 133_300_000_000  # type: ignore[union-attr]
    assert provincial.factor("540102") == ("CN", 530_600_000)
    assert [provincial.factor(code) for code in (None, "", "810000", "990000")] == [None] * 4
    assert provincial.cn_ev_charging(923, "AC", "ac_input", None) is None


def test_tiers_by_hand() -> None:
    """Half past to half past, 10 kWh: the first hour is half coal (413.65 g/kWh), the second clean."""
    start, mix = MIDDAY + HOUR / 2, {(NORTH, MIDDAY): HALF, (NORTH, MIDDAY + HOUR): CLEAN}

    def found(end: datetime, *intervals: Interval) -> tuple[int, str]:
        session = Session("S", start, end, 10_000, intervals=intervals)
        told = hourly.assess(Given((session,), mix, (), MIDDAY))["S"]
        assert told.amounts and told.amounts.baseline_emissions_ng == 9_126_312_000_000
        return told.amounts.project_emissions_ng, told.data_quality_tier

    hour, longer = start + HOUR, start + HOUR + SECOND
    assert found(hour, Interval(start, hour, 10_000)) == (5_000 * 413_650_000, "DQ1")
    assert found(longer, Interval(start, longer, 10_000)) == (10_000 * 413_650_000, "DQ2")
    assert found(hour) == (10_000 * 413_650_000, "DQ3")
    short = Interval(start + 30 * SECOND, MIDDAY + HOUR, 4_000), Interval(MIDDAY + HOUR, hour, 6_000)
    assert found(hour, *short) == (4_000 * 413_650_000, "DQ1")
    # The gap between 13:31 and 14:29 touches nothing; the clean minute after it keeps its hour.
    gap = Interval(start, start + 60 * SECOND, 1), Interval(hour - 60 * SECOND, hour, 9_999)
    assert found(hour, *gap) == (413_650_000, "DQ1")


@pytest.mark.parametrize("intervals", [((0, 2, 9),), ((0, 1, 5), (0, 1, 5)), ((-1, 1, 10),), ((1, 1, 10),)])
def test_unsound_intervals_are_no_question_of_a_version(intervals: tuple[tuple[int, int, int], ...]) -> None:
    told = tuple(Interval(MIDDAY + a * HOUR, MIDDAY + b * HOUR, wh) for a, b, wh in intervals)
    with pytest.raises(ValueError, match="not sound"):
        hourly.split(Session("S", MIDDAY, MIDDAY + 2 * HOUR, 10, intervals=told))


def test_what_a_mix_tells() -> None:
    told = hourly.told_intensity
    # Whatever is not named as free of fossil carbon counts as fossil; 0.8273 x 2 / 3 rounded up.
    assert told(MixHour({"other": 1, "tyres": 1, "geothermal": 1})) == 551_533_334
    assert told(MixHour({"coal": -5, "wind": 3})) == 0
    assert told(MixHour({"coal": 7, "wind": -3})) == 827_300_000
    assert told(MixHour({"coal": 0, "wind": -3})) is None and told(MixHour({})) is None


def test_deadlines_of_an_hour_by_hand() -> None:
    deadline = MIDDAY + HOUR + timedelta(days=45)
    estimate = MixHour({"coal": 1, "wind": 1}, is_estimated=True)
    assert seen({MIDDAY: HALF}, MIDDAY) == hourly.HourIntensity(413_650_000, "measured", None)
    assert seen({MIDDAY: estimate}, deadline - SECOND) == hourly.HourIntensity(413_650_000, "estimated", deadline)
    assert seen({MIDDAY: estimate}, deadline) == hourly.HourIntensity(413_650_000, "estimated", None)
    # The highest of 672 hours: not the hour before them, not the one after, not another region's; estimates count.
    window = {MIDDAY - 672 * HOUR: estimate, MIDDAY - HOUR: CLEAN}
    outside = {MIDDAY - 673 * HOUR: MixHour({"oil": 1}), MIDDAY + HOUR: MixHour({"oil": 1})}
    highest = hourly.HourIntensity(413_650_000, "highest_known", deadline)
    assert seen(window | outside, deadline - SECOND) == highest
    assert seen(window | outside, deadline) == hourly.HourIntensity(827_300_000, "fossil_only", None)
    assert seen(outside, deadline - SECOND) is None and seen({}, MIDDAY) is None
    elsewhere = hourly.Grid({("CN-GRID-NE", MIDDAY - HOUR): HALF}, MIDDAY)
    assert elsewhere.at(NORTH, MIDDAY) is None and elsewhere.at("CN-GRID-NE", MIDDAY) is not None
    # A dead hour is a missing one, even where the teller calls it an estimate; 0.8273 by deadline raises no other hour.
    assert seen({MIDDAY: MixHour({"coal": 0}, True), MIDDAY - HOUR: HALF}, MIDDAY) == highest
    assert seen({MIDDAY - 3 * HOUR: HALF}, deadline - SECOND) == highest


def test_a_session_is_provisional_until_the_first_of_its_deadlines() -> None:
    estimate = MixHour({"wind": 1}, is_estimated=True)
    mix = {(NORTH, MIDDAY): estimate, (NORTH, MIDDAY + HOUR): estimate, (NORTH, MIDDAY + 2 * HOUR): CLEAN}
    session, first = Session("S", MIDDAY, MIDDAY + 3 * HOUR, 0), MIDDAY + HOUR + timedelta(days=45)
    until = {
        clock: hourly.assess(Given((session,), mix, (), clock))["S"].provisional_until
        for clock in (MIDDAY, first, first + HOUR)
    }
    assert until == {MIDDAY: first, first: first + HOUR, first + HOUR: None}
    waiting = hourly.assess(
        Given((replace(session, ended_at=MIDDAY + 4 * HOUR, region="CN-GRID-NE"),), mix, (), MIDDAY)
    )["S"]
    assert waiting.amounts is None and waiting.provisional_until is None


def test_vintage_is_the_local_day_of_the_end() -> None:
    assert local_day(at("2025-12-31T15:59:59Z")) == date(2025, 12, 31)
    assert local_day(at("2025-12-31T16:00:00Z")) == date(2026, 1, 1)
