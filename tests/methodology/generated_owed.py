"""What the oracles expect of a version on generated sessions, as relations, and how what the SQL gave differs from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from chargeledger.engine import Engine
from tests.methodology.generated_run import DAY, INSTANT, TEXT, WHOLE, landed_days, long_table, table
from tests.oracle import annual, green, hourly, provincial, reward
from tests.oracle.annual import Amounts
from tests.oracle.california import split_by_hour
from tests.oracle.given import HOUR, Given, Session, local_day, reward_row, utc
from tests.oracle.reward import Rules

AMOUNTS = ("energy_wh", "baseline_emissions_ng", "project_emissions_ng", "emission_reductions_ng")
AWARDED = ("points", "not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")
INTENSITY = {"region": TEXT, "hour_start": INSTANT, "intensity_ug_per_kwh": WHOLE, "factor_origin": TEXT}
HOURLY = INTENSITY | {"provisional_until": INSTANT}
COLUMNS = {
    "session_assessment": {"session_id": TEXT, **dict.fromkeys((*AMOUNTS, "other_basis_reductions_ng"), WHOLE)}
    | {"data_quality_tier": TEXT, "provisional_until": INSTANT},
    "session_award": {"session_id": TEXT, "vintage": DAY, "user_id": TEXT, **dict.fromkeys(AWARDED, WHOLE)}
    | {"not_awarded_reason": TEXT},
    "session_hour": {"session_id": TEXT, "region": TEXT, "hour_start": INSTANT, "reading_wh": WHOLE},
    "interval_hour": {"session_id": TEXT, "interval_no": WHOLE, "hour_start": INSTANT, "reading_wh": WHOLE}
    | {"data_quality_tier": TEXT},
    "grid_intensity_hour": HOURLY,
    "location_intensity_hour": HOURLY,
    "energy_match": {"session_id": TEXT, "hour_start": INSTANT, "supply_id": TEXT, "matched_wh": WHOLE}
    | {"factor_ug_per_kwh": WHOLE},
    "match_hour": {"region": TEXT, "hour_start": INSTANT},
    "session_match": {"session_id": TEXT, "hour_start": INSTANT, "supply_id": TEXT, "counted_wh": WHOLE},
    "pool_left": {"supply_id": TEXT, "hour_start": INSTANT, "left_wh": WHOLE},
}
ORIGINS = {
    "measured": "generation mix of the hour",
    "estimated": "estimated generation mix of the hour",
    "highest_known": "the highest known of the hours before: the hour is missing",
    "fossil_only": "fossil only: the hour was never told",
}
RESIDUAL = "residual: excluding market-traded non-fossil, 2023"
CLOSE = HOUR + green.DEFAULT.match_close
# A pool without a match keeps all of it.
POOL_LEFT = """CREATE OR REPLACE VIEW pool_left AS
SELECT p.supply_id, p.hour_start, p.available_wh - coalesce(SUM(m.matched_wh), 0) AS left_wh
FROM match_pool AS p LEFT JOIN energy_match AS m ON m.supply_id = p.supply_id AND m.hour_start = p.hour_start
GROUP BY p.supply_id, p.hour_start, p.available_wh"""
Rows = list[dict[str, Any]]
Owed = dict[str, pa.Table]


def differences(engine: Engine, owed: Mapping[str, pa.Table]) -> Iterator[str]:
    """Rows that only one side has, at most five of each relation and side."""
    if "pool_left" in owed:
        engine.con.execute(POOL_LEFT)
    for relation, rows in owed.items():
        engine.load("owed", rows)
        columns = ", ".join(
            f'CAST("{name}" AS BIGINT) AS "{name}"' if kind is WHOLE else f'"{name}"'
            for name, kind in COLUMNS[relation].items()
        )
        sides = {"gave": f"SELECT {columns} FROM {relation}", "owed": f"SELECT {columns} FROM owed"}
        for side, other in (("gave", "owed"), ("owed", "gave")):
            left = engine.con.execute(f"{sides[side]} EXCEPT ALL {sides[other]} ORDER BY ALL LIMIT 5").fetchall()
            yield from (f"{relation} {side} {row}" for row in left)


def relations(rows: Mapping[str, Rows]) -> Owed:
    return {relation: table(COLUMNS[relation], told) for relation, told in rows.items()}


def _amounts(told: Amounts) -> dict[str, int]:
    return {name: getattr(told, name) for name in AMOUNTS}


@dataclass(frozen=True)
class Paper:
    """What is given and the rules of every programme; each version's relations from the oracles."""

    given: Given
    rules: Rules

    def awards(self, told: Mapping[str, Amounts | None]) -> Rows:
        """Caps are of an account in a programme; nobody is awarded what has no owner."""
        queues: dict[str, list[Session]] = {}
        for each in self.given.sessions:
            if each.user_id is not None and told[each.session_id] is not None:
                queues.setdefault(each.programme, []).append(each)
        found = []
        for queue in queues.values():
            rows = {s.session_id: reward_row(s, a, landed_days(s)) for s in queue if (a := told[s.session_id])}
            for session_id, award in reward.expected(rows.values(), self.rules).items():
                row = {"session_id": session_id, "user_id": rows[session_id]["account"], **award}
                found.append(row | {"vintage": rows[session_id]["vintage"], "not_awarded_reason": award.get("reason")})
        return found

    def annual_average(self) -> Owed:
        """Of 1.2.0: one factor for the country."""
        factor = annual.national_intensity_ug_per_kwh("1.2.0")
        return self._annual({s.session_id: (s.region, factor, "national average of 2023") for s in self.given.sessions})

    def provincial_average(self) -> Owed:
        """Of 1.3.0: the factor of the province; a session without one waits."""
        places = {}
        for each in self.given.sessions:
            if (told := provincial.factor(each.county_code)) is not None:
                region, kind = ("CN-XZ", "national average") if told[0] == "CN" else (told[0], "average")
                places[each.session_id] = (region, told[1], f"annual {kind}, 2023")
        return self._annual(places)

    def _annual(self, places: Mapping[str, tuple[str, int, str]]) -> Owed:
        told: dict[str, Amounts | None] = dict.fromkeys(each.session_id for each in self.given.sessions)
        hours, intensities = [], {}
        for each in self.given.sessions:
            if each.session_id not in places:
                continue
            region, factor, origin = places[each.session_id]
            meter = each.power_type, each.metering_point
            told[each.session_id] = annual.amounts([(each.reading_wh, factor)], *meter, annual.cn_baseline_ug_per_kwh())
            for hour, wh in split_by_hour(each.reading_wh, utc(each.started_at), utc(each.ended_at)).items():
                hours.append((each.session_id, region, hour, wh))
                intensities[region, hour] = {"intensity_ug_per_kwh": factor, "factor_origin": origin}
        assessed = [{"session_id": name, **_amounts(amounts)} for name, amounts in told.items() if amounts]
        known = [{"region": region, "hour_start": hour, **row} for (region, hour), row in intensities.items()]
        rows = {"session_assessment": assessed, "session_award": self.awards(told)}
        split = {"session_hour": long_table(COLUMNS["session_hour"], hours)}
        return relations(rows | {"grid_intensity_hour": known}) | split

    @cached_property
    def hourly(self) -> dict[str, hourly.Assessed]:
        return hourly.assess(self.given)

    @cached_property
    def touched(self) -> set[tuple[str, datetime]]:
        return {(s.region, hour) for s in self.given.sessions for hour in self.hourly[s.session_id].hours}

    @cached_property
    def readings(self) -> Owed:
        """Readings by interval and hour, and by hour."""
        parts, hours = [], []
        for each in self.given.sessions:
            name, found = each.session_id, self.hourly[each.session_id]
            by_hour = dict.fromkeys(found.hours, 0)
            for part in found.parts:
                parts.append((name, part.interval_no, part.hour_start, part.reading_wh, part.data_quality_tier))
                by_hour[part.hour_start] += part.reading_wh
            hours += [(name, each.region, hour, wh) for hour, wh in by_hour.items()]
        told = {"interval_hour": parts, "session_hour": hours}
        return {relation: long_table(COLUMNS[relation], rows) for relation, rows in told.items()}

    @cached_property
    def known_hours(self) -> Rows:
        """Hours before the region's last end whose mix is told; others that sessions touch and something stands in for."""
        grid, last = hourly.Grid(self.given.mix, self.given.clock), {}
        for each in self.given.sessions:
            last[each.region] = max(utc(each.ended_at), last.get(each.region, utc(each.ended_at)))
        return [
            {"region": region, "hour_start": hour, **vars(known), "factor_origin": ORIGINS[known.origin]}
            for region, hour in self.touched | grid.told.keys()
            if region in last and hour < last[region] and (known := grid.at(region, hour)) is not None
        ]

    def hourly_mix(self) -> Owed:
        """Of 2.0.0."""
        assessed = [
            {"session_id": name, **_amounts(each.amounts), "data_quality_tier": each.data_quality_tier}
            | {"provisional_until": each.provisional_until}
            for name, each in self.hourly.items()
            if each.amounts
        ]
        awards = self.awards({name: each.amounts for name, each in self.hourly.items()})
        rows = {"session_assessment": assessed, "session_award": awards, "grid_intensity_hour": self.known_hours}
        return relations(rows) | self.readings

    def green_power(self) -> Owed:
        """Of 3.0.0, where every hour that is closed at the clock is matched now."""
        stands = green.matches(self.given)
        due = {
            (s.region, part.hour_start)
            for s in self.given.sessions
            for part in self.hourly[s.session_id].parts
            if part.data_quality_tier == "DQ1" and part.hour_start + CLOSE <= self.given.clock
        }
        residual = {"intensity_ug_per_kwh": green.DEFAULT.residual_ug_per_kwh, "factor_origin": RESIDUAL}
        matched = list(_matched(self.given, stands))
        rows = {
            "match_hour": [{"region": region, "hour_start": hour} for region, hour in due],
            "energy_match": matched,
            "pool_left": list(_left(self.given, stands, due)),
            "session_match": [row | {"counted_wh": row["matched_wh"]} for row in matched],
            "location_intensity_hour": self.known_hours,
            "grid_intensity_hour": [{"region": place, "hour_start": hour, **residual} for place, hour in self.touched],
        }
        return relations(rows) | self.readings | self.settled(stands)

    def settled(self, stands: green.Match, retired: Collection[tuple[str, date]] = ()) -> Owed:
        """Assessments and awards of 3.0.0 with these matches, and the reductions of the hourly mix beside."""
        found = green.assess(self.given, stands, retired=retired)
        assessed = []
        for name, each in found.items():
            location = self.hourly[name].amounts
            row = {"session_id": name, **_amounts(each.amounts), "provisional_until": each.provisional_until}
            row |= {"data_quality_tier": self.hourly[name].data_quality_tier}
            assessed.append(row | {"other_basis_reductions_ng": location and location.emission_reductions_ng})
        awards = self.awards({name: each.amounts for name, each in found.items()})
        return relations({"session_assessment": assessed, "session_award": awards})


def _matched(given: Given, stands: green.Match) -> Iterator[dict[str, Any]]:
    charged = green.battery_ug_per_kwh(given.supply)
    kinds = {each.supply_id: each.supply_kind for each in given.supply}
    for (session_id, hour, supply_id), wh in stands.items():
        factor = charged[supply_id, local_day(hour)] if kinds[supply_id] == "battery" else 0
        row = {"session_id": session_id, "hour_start": hour, "supply_id": supply_id, "matched_wh": wh}
        yield row | {"factor_ug_per_kwh": factor}


def _left(given: Given, stands: green.Match, due: set[tuple[str, datetime]]) -> Iterator[dict[str, Any]]:
    charged, drawn = green.battery_ug_per_kwh(given.supply), {}
    for (_, hour, supply_id), wh in stands.items():
        drawn[supply_id, hour] = drawn.get((supply_id, hour), 0) + wh
    for each in given.supply:
        key = each.supply_id, each.hour_start
        is_pool = each.supply_kind != "battery" or (each.supply_id, local_day(each.hour_start)) in charged
        if is_pool and each.available_wh > 0 and (each.region, each.hour_start) in due:
            yield {"supply_id": key[0], "hour_start": key[1], "left_wh": each.available_wh - drawn.get(key, 0)}


OWED: dict[str, Callable[[Paper], Owed]] = {
    "cn_ev_charging@1.2.0": Paper.annual_average,
    "cn_ev_charging@1.3.0": Paper.provincial_average,
    "cn_ev_charging@2.0.0": Paper.hourly_mix,
    "cn_ev_charging@3.0.0": Paper.green_power,
}
