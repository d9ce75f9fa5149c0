"""The oracle of cn_ev_charging 3.0.0 against sums made by hand: demand, pools, scopes, the close, batteries, what comes later."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from tests.oracle import green
from tests.oracle.given import Given, Interval, Session, SupplyHour

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
START = datetime(2026, 3, 10, 4, tzinfo=UTC)  # noon in Shanghai
CLOSED = START + 73 * HOUR
NORTH = "CN-GRID-NORTH"


def session(name: str, *readings_wh: int, **more: Any) -> Session:
    """A session whose metered intervals are equal parts of the hour."""
    step = HOUR / len(readings_wh)
    told = tuple(Interval(START + n * step, START + (n + 1) * step, wh) for n, wh in enumerate(readings_wh))
    return Session(name, START, START + HOUR, sum(readings_wh), intervals=told, **more)


def supply(name: str, wh: int, kind: str = "contract", **more: Any) -> SupplyHour:
    scope: dict[str, Any] = {
        "scope_kind": "programme",
        "scope_id": "cn_green_energy",
        "region": NORTH,
        "hour_start": START,
    }
    return SupplyHour(supply_id=name, supply_kind=kind, available_wh=wh, **(scope | more))


def matched(sessions: list[Session], *pools: SupplyHour, clock: datetime = CLOSED) -> dict[tuple[str, str], int]:
    found = green.matches(Given(tuple(sessions), {}, pools, clock))
    assert {hour for _, hour, _ in found} <= {START}
    return {(session_id, supply_id): wh for (session_id, _, supply_id), wh in found.items()}


def project_ng(told: Session, *pools: SupplyHour) -> int:
    return green.assess(Given((told,), {}, pools, CLOSED))["s"].amounts.project_emissions_ng


def test_demand_is_rounded_up_once_per_session_and_hour() -> None:
    # Four Wh out of a DC charger are 4 / 0.923 = 4.33 drawn: 5 Wh, not the 8 of four intervals rounded up each.
    dc = session("s", 1, 1, 1, 1, power_type="DC", metering_point="dc_output")
    assert green.drawn_wh(dc, {"DQ1"}) == {START: Fraction(4000, 923)} and green.demand_wh(dc) == {START: 5}
    assert green.demand_wh(session("s", 4, power_type="DC", metering_point="unknown")) == {START: 4}
    assert green.demand_wh(session("s", 0, 0)) == {}
    assert green.demand_wh(replace(session("s", 4), intervals=())) == {}
    # Of a short interval and one an hour and a second long, the short one asks alone.
    long = Interval(START + HOUR / 2, START + 3 * HOUR / 2 + SECOND, 7)
    mixed = Session("s", START, long.ended_at, 10, intervals=(Interval(START, START + HOUR / 2, 3), long))
    assert green.demand_wh(mixed) == {START: 3}


def test_a_match_above_what_is_drawn_takes_nothing_off() -> None:
    dc = session("s", 1, power_type="DC", metering_point="dc_output")
    assert project_ng(dc, supply("c", 9)) == 0
    # 1,000 / 923 - 1 = 77 / 923 Wh at 609,600,000: 50,855,037.9... ng, rounded up.
    assert project_ng(dc, supply("c", 1)) == 50_855_038


def test_pools_are_drawn_in_their_order() -> None:
    charge = {"charged_wh": 1, "round_trip_per_mille": 1000}
    station, operator = {"scope_kind": "station", "scope_id": "S1"}, {"scope_kind": "operator", "scope_id": "O"}
    order = [
        supply("z", 1, "pv", **station),
        supply("a", 1, "pv", **operator),
        supply("y", 1, "battery", **station, **charge),
        supply("x", 1, "contract", **station),
        supply("w", 1, "contract", **operator),
        supply("B", 1),
        supply("a2", 1),
        supply("b", 1),
        supply("é", 1),
    ]
    told = [session("s", len(order), station_id="S1", operator_id="O")]
    for short in range(1, len(order) + 1):
        mine = [replace(told[0], reading_wh=short, intervals=session("s", short).intervals)]
        assert list(matched(mine, *reversed(order))) == [("s", pool.supply_id) for pool in order[:short]]


def test_what_an_earlier_pool_left_shares_the_next() -> None:
    # PV of a's station: 600 of 1,000. Then 400 and 1,000 share 700: floor(700 x 400 / 1400), floor(700 x 1000 / 1400).
    both = [session("a", 1_000, station_id="S1"), session("b", 600, 400, station_id="S2")]
    pv = supply("pv", 600, "pv", scope_kind="station", scope_id="S1")
    assert matched(both, supply("c", 700), pv) == {("a", "pv"): 600, ("a", "c"): 200, ("b", "c"): 500}
    # Two contracts of 1 Wh: of each, nobody gets half a Wh.
    assert matched(both, supply("c", 1), supply("d", 1)) == {}


SCOPES = [
    ({"scope_kind": "station", "scope_id": "S1"}, {"station_id": "S1", "programme": "another"}, {"station_id": "S2"}),
    ({"scope_kind": "operator", "scope_id": "O"}, {"operator_id": "O"}, {"operator_id": "P"}),
    ({"scope_kind": "programme", "scope_id": "p"}, {"programme": "p"}, {"programme": "q"}),
    ({"scope_kind": "station", "scope_id": "S1"}, {"station_id": "S1"}, {"station_id": None}),
    ({"scope_kind": "operator", "scope_id": "O"}, {"operator_id": "O"}, {"operator_id": "O", "region": "CN-GRID-NE"}),
    (
        {"scope_kind": "operator", "scope_id": "O", "kind": "pv"},
        {"operator_id": "O"},
        {"operator_id": "O", "region": "CN-GRID-NE"},
    ),
]


@pytest.mark.parametrize(("scope", "inside", "outside"), SCOPES)
def test_scopes(scope: dict[str, Any], inside: dict[str, Any], outside: dict[str, Any]) -> None:
    both = [session("in", 10, **inside), session("out", 10, **outside)]
    assert matched(both, supply("c", 15, **scope)) == {("in", "c"): 10}


def test_the_close_is_72_hours_after_the_hour() -> None:
    one = session("s", 10)
    assert matched([one], supply("c", 10), clock=CLOSED - SECOND) == {}
    assert matched([one], supply("c", 10), clock=CLOSED) == {("s", "c"): 10}
    open_, closed = (green.assess(Given((one,), {}, (supply("c", 10, "pv"),), at)) for at in (CLOSED - SECOND, CLOSED))
    assert open_["s"].provisional_until == CLOSED and open_["s"].amounts.project_emissions_ng == 10 * 609_600_000
    assert closed["s"].provisional_until is None and closed["s"].amounts.project_emissions_ng == 0
    # Contract power waits for its retirement: 180 days after the local March, from 1 April in Shanghai.
    retired = datetime(2026, 9, 27, 16, tzinfo=UTC)
    assert green.assess(Given((one,), {}, (supply("c", 10),), CLOSED))["s"].provisional_until == retired
    last = datetime(2026, 3, 31, 15, tzinfo=UTC)
    assert (green.retirement_due(last), green.retirement_due(last + HOUR)) == (
        retired,
        datetime(2026, 10, 27, 16, tzinfo=UTC),
    )


def test_a_battery_counts_what_charged_it_that_local_day() -> None:
    # 00:00 to 24:00 in Shanghai are 16:00 to 16:00 UTC; 600 PV and 400 grid at 90 %: 0.4 x 609.6 / 0.9 = 270.93 g.
    day = START - 12 * HOUR
    usual: dict[str, Any] = {"kind": "battery", "round_trip_per_mille": 900}
    charging = [
        supply("b", 0, hour_start=day, charged_wh=700, charged_from_pv_wh=600, **usual),
        supply("b", 0, hour_start=day + 23 * HOUR, charged_wh=300, **usual),
        supply("b", 0, hour_start=day - HOUR, charged_wh=999, **usual),
        supply("b", 0, hour_start=day + 24 * HOUR, charged_wh=999, **usual),
    ]
    one, giving = session("s", 10), supply("b", 4, kind="battery")
    assert project_ng(one, giving, *charging) == 6 * 609_600_000 + 4 * 270_933_334
    assert project_ng(one, giving, *charging[2:]) == 10 * 609_600_000, "nothing charged that day: not matched"
    assert project_ng(one, giving, replace(charging[0], charged_from_pv_wh=700)) == 6 * 609_600_000


def test_what_comes_after_the_match() -> None:
    old = {("s", START, "pv"): 25, ("s", START, "c"): 10, ("gone", START, "c"): 5}
    pools = (supply("c", 99), supply("pv", 99, "pv"))
    for demand, kept in [(40, (25, 10)), (35, (25, 10)), (30, (25, 5)), (25, (25,)), (20, (20,)), (0, ())]:
        now = Given((session("s", demand), session("late", 50)), {}, pools, CLOSED)
        assert tuple(green.carried(old, now).values()) == kept
        assert green.carried(old, now).keys() <= {("s", START, "pv"), ("s", START, "c")}
    # 8 of 16 Wh retired: floor(10 x 8 / 16), floor(5 x 8 / 16), floor(1 x 8 / 16).
    month = {("a", START, "c"): 10, ("b", START, "c"): 5, ("c", START, "c"): 1}
    assert list(green.cut(month, 8).values()) == [5, 2]
    assert green.cut(month, 16) == green.cut(month, 99) == month and green.cut(month, 0) == green.cut({}, 5) == {}
