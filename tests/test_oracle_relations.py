"""Generated sessions through the oracles: what is generated, what every result keeps, how results move when the given moves."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from math import ceil
from types import MappingProxyType

import pytest

from tests.oracle import annual, changed, generated, green, hourly, provincial, reward
from tests.oracle.given import FIRST_VINTAGE, HOUR, SECOND, Given, Results, Session, local_day, reward_row
from tests.oracle.metamorphic import ANNUAL, GREEN, HOURLY, RELATIONS, Relation, gained

SEED, COUNT = 20_260_310, 900
VERSIONS: dict[str, Callable[[Given], Results]] = {
    ANNUAL: provincial.assess,
    HOURLY: lambda given: {name: told.amounts for name, told in hourly.assess(given).items()},
    GREEN: lambda given: {name: told.amounts for name, told in green.assess(given).items()},
}
PAIRS = [pytest.param(each, v, id=f"{each.name}, {v}") for each in RELATIONS for v in sorted(each.versions)]


@cache
def given() -> Given:
    return generated.given(SEED, COUNT)


@cache
def results(version: str) -> Results:
    return MappingProxyType(dict(VERSIONS[version](given())))


def test_a_seed_gives_the_same_data_and_another_seed_others() -> None:
    assert generated.given(7, 50) == generated.given(7, 50)
    assert generated.given(7, 50).sessions != generated.given(8, 50).sessions


def test_all_edges_are_generated() -> None:
    told, ends = hourly.assess(given()), [each.ended_at for each in given().sessions]
    origins = {hour and hour.origin for each in told.values() for hour in each.hours.values()}
    assert origins == {"measured", "estimated", "highest_known", "fossil_only", None}
    assert {each.data_quality_tier for each in told.values()} == {"DQ1", "DQ2", "DQ3"}
    tiers = [{part.data_quality_tier for part in each.parts} for each in told.values()]
    assert {"DQ1", "DQ2"} in tiers, "long and short intervals in one session"
    assert min(local_day(end) for end in ends) == FIRST_VINTAGE
    assert {(each.power_type, each.metering_point) for each in given().sessions} == set(generated.METERS)
    assert {wh for each in given().sessions for wh in [each.reading_wh]} >= set(generated.READINGS_WH)
    lengths = {each.ended_at - each.started_at for each in given().sessions}
    assert lengths >= set(generated.LENGTHS)
    steps = {i.ended_at - i.started_at for each in given().sessions for i in each.intervals}
    assert {SECOND, HOUR, HOUR + SECOND} <= steps
    for beside in (-1, 0, 1):
        assert any((end - beside * SECOND).minute == 0 == (end - beside * SECOND).second for end in ends)
    mixes = given().mix.values()
    assert {hourly.told_intensity(mix) for mix in mixes} >= {None, 0, 827_300_000}
    assert any(mix.is_estimated for mix in mixes) and any(min(mix.generation.values()) < 0 for mix in mixes)
    assert {(each.supply_kind, each.scope_kind) for each in given().supply} >= {(k, "operator") for k in green.KINDS}


def test_both_deadlines_pass_between_two_hours_of_the_data() -> None:
    touched = {hour for each in hourly.assess(given()).values() for hour in each.hours}
    for age in (timedelta(days=45), timedelta(hours=72)):
        passed = given().clock - age - HOUR
        assert {passed, passed + HOUR} <= touched


def test_readings_close_and_the_dirtiest_hour_is_no_cleaner_than_the_mean() -> None:
    loose = 0
    for session in given().sessions:
        told = hourly.assess_session(session, _grid())
        assert sum(part.reading_wh for part in told.parts) == session.reading_wh
        if told.amounts is None:
            continue
        own = [(p.reading_wh, hour.intensity_ug_per_kwh) for p in told.parts if (hour := told.hours[p.hour_start])]
        mean = annual.amounts(own, session.power_type, session.metering_point, annual.cn_baseline_ug_per_kwh())
        assert told.amounts.project_emissions_ng >= mean.project_emissions_ng
        assert told.data_quality_tier != "DQ1" or told.amounts == mean
        loose += told.amounts != mean
    assert loose > 100, "many intervals meet their dirtiest hour"


@cache
def _grid() -> hourly.Grid:
    return hourly.Grid(given().mix, given().clock)


def test_matches_never_exceed_pools_or_demands() -> None:
    found = green.matches(given())
    asked = {(s.session_id, hour): wh for s in given().sessions for hour, wh in green.demand_wh(s).items()}
    pools = {(each.supply_id, each.hour_start): each for each in given().supply}
    got, drawn = dict.fromkeys(asked, 0), dict.fromkeys(pools, 0)
    sessions = {each.session_id: each for each in given().sessions}
    for (session_id, hour, supply_id), wh in found.items():
        assert wh > 0 and green.in_scope(sessions[session_id], pools[supply_id, hour])
        assert hour + 73 * HOUR <= given().clock
        got[session_id, hour] += wh
        drawn[supply_id, hour] += wh
    assert all(got[key] <= asked[key] for key in asked)
    assert all(drawn[key] <= pools[key].available_wh for key in pools)
    assert any(got[key] == asked[key] for key in asked), "somebody is matched in full"
    assert any(0 < got[key] < asked[key] for key in asked), "somebody in part"
    assert green.carried(found, given()) == found


def test_a_pool_keeps_remainders_alone_while_somebody_in_its_scope_still_asks() -> None:
    """Each of the n sessions that share a short pool loses less than a Wh to its floor."""
    found, charged = green.matches(given()), green.battery_ug_per_kwh(given().supply)
    unmet: dict[datetime, list[tuple[Session, int]]] = {}
    for session in given().sessions:
        for hour, wh in green.demand_wh(session).items():
            unmet.setdefault(hour, []).append((session, wh))
    got, drawn = Counter[tuple[str, datetime]](), Counter[tuple[str, datetime]]()
    for (session_id, hour, supply_id), wh in found.items():
        got[session_id, hour] += wh
        drawn[supply_id, hour] += wh
    judged = 0
    for pool in given().supply:
        hour, is_battery = pool.hour_start, pool.supply_kind == "battery"
        if hour + 73 * HOUR > given().clock or (is_battery and (pool.supply_id, local_day(hour)) not in charged):
            continue
        sharers = [(s, wh - got[s.session_id, hour]) for s, wh in unmet.get(hour, ()) if green.in_scope(s, pool)]
        if any(left for _, left in sharers):
            assert pool.available_wh - drawn[pool.supply_id, hour] < len(sharers)
            judged += 1
    assert judged > 100


def test_green_power_never_counts_above_the_residual_factor_but_for_a_lossy_battery() -> None:
    bare = green.assess(replace(given(), supply=()))
    batteries = {each.supply_id for each in given().supply if each.supply_kind == "battery"}
    for name, told in green.assess(given()).items():
        if not batteries & {supply for _, supply in told.matched_wh}:
            assert told.amounts.project_emissions_ng <= bare[name].amounts.project_emissions_ng
            assert bool(told.matched_wh) == (told.amounts != bare[name].amounts)
    for session in given().sessions:
        _, drawn = annual.delivered_and_draw(session.power_type, session.metering_point)
        assert bare[session.session_id].amounts.project_emissions_ng == ceil(session.reading_wh * drawn * 609_600_000)


@pytest.mark.parametrize("version", VERSIONS)
def test_awards_close(version: str) -> None:
    told = [(each, results(version)[each.session_id]) for each in given().sessions if each.user_id]
    rows = [reward_row(session, amounts) for session, amounts in told if amounts]
    plain, capped = (
        reward.expected(rows, rules) for rules in (reward.NO_RULES, reward.Rules(kwh_cap=60, points_cap=15_000))
    )
    for session, amounts in told:
        if amounts is None:
            continue
        assert plain[session.session_id]["points"] == amounts.points
        for award in (plain[session.session_id], capped[session.session_id]):
            parts_ng = sum(award[part] for part in ("not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng"))
            assert award["points"] * 10**9 + parts_ng == amounts.emission_reductions_ng
    assert {award.get("reason") for award in capped.values()} == {None, "energy", "power"}
    assert any(award["capped_ng"] for award in capped.values())


@pytest.mark.parametrize(("relation", "version"), PAIRS)
def test_the_relation_holds_and_a_wrong_result_breaks_it(relation: Relation, version: str) -> None:
    after = relation.change(given())
    assert repr(after) != repr(given())
    new = VERSIONS[version](after)
    assert relation.broken(given(), after, results(version), new) == []
    judged = [name for name, told in new.items() if told and not name.startswith(changed.STRANGER)]
    fresh = [name for name in judged if name not in results(version)]
    for name in [*judged[:1], *fresh[:1]]:
        told = new[name]
        assert told is not None
        wrong = {**new, name: replace(told, project_emissions_ng=-1)}
        assert relation.broken(given(), after, results(version), wrong)
        assert relation.broken(given(), after, results(version), {**new, name: None}) or relation.broken is gained


def test_the_changes_change_much() -> None:
    """Each relation is about many sessions, not about a few."""
    cut = changed.split_sessions(given()).sessions
    assert len(cut) - COUNT > 100
    rise = [changed.dirtier(given()), changed.totals_only(given())]
    for moved in (VERSIONS[HOURLY](each) for each in rise):
        assert sum(moved[name] != told for name, told in results(HOURLY).items()) > 200
    zones = {each.ended_at.utcoffset() for each in changed.told_elsewhere(given()).sessions}
    assert len(zones) == len(changed.ZONES)


def test_texts_of_one_instant() -> None:
    instant = datetime(2025, 12, 31, 16, 0, 1, tzinfo=UTC)
    told = changed.texts(instant)
    assert (
        "2026-01-01T00:00:01+08:00" in told and "2025-12-31T21:45:01+05:45" in told and "2025-12-31T16:00:01Z" in told
    )
    assert {datetime.fromisoformat(text).replace(microsecond=0) for text in told} == {instant}
