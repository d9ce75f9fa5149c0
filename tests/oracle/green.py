"""Expected results of cn_ev_charging 3.0.0: green power matched hour by hour, market based.

*Drawn.* EC of a session and hour is the exact fraction `sum of reading_wh of its interval-hours there x drawn per reading`,
over all its intervals; nothing is rounded per interval. EC1 is the same over its DQ1 intervals alone.
*Demand* of a session and hour is ceil(EC1): whole readings are summed first, multiplied once, rounded up once.
*Pools* of an hour are drawn in the order PV, battery, contract; of a kind station, operator, programme; then supply_id in
byte order. A pool gives each session of its scope the demand that earlier pools left, where it has enough, and else
floor(pool x that demand / sum of these demands); the rest stays. A supply reaches sessions of its own grid region only: a
contract by its rule, and what is on site because a site lies in one region.
A battery that took in nothing on the local day of the hour is not drawn.
*Once.* An hour is matched when the clock is at or after its end plus 72 hours. Afterwards the match is an input: `carried`.
*Result.* PE = ceil(sum over hours of max(0, EC - matched) x 0.6096 + sum of battery Wh x the battery's factor of the day),
one ceil per session; EC here is that of all tiers. A matched Wh of PV or contract counts 0.
*Provisional* is a session until the first instant ahead at which an hour with demand is matched, or a matched contract has
to be retired, where it is not all retired before: 180 days after the end of the local month of the hour.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from math import ceil, floor

from tests.oracle import annual, hourly
from tests.oracle.annual import UG_PER_KG, Amounts
from tests.oracle.given import HOUR, PROGRAMME_ZONE, Given, Session, SupplyHour, local_day, utc

KINDS = ("pv", "battery", "contract")
SCOPES = {"station": "station_id", "operator": "operator_id", "programme": "programme"}
Match = Mapping[tuple[str, datetime, str], int]  # Wh by session, hour and supply; never 0


@dataclass(frozen=True)
class Parameters:
    """Numbers of 3.0.0. The residual factor is the official one of 2023 without market-traded non-fossil power (2025/47)."""

    residual_kg_per_kwh: Fraction = Fraction("0.6096")
    baseline_ug_per_kwh: int = annual.cn_baseline_ug_per_kwh()
    dc_efficiency: Fraction = annual.DC_EFFICIENCY
    match_close: timedelta = timedelta(hours=72)
    retirement: timedelta = timedelta(days=180)

    @property
    def residual_ug_per_kwh(self) -> int:
        return ceil(self.residual_kg_per_kwh * UG_PER_KG)


DEFAULT = Parameters()


@dataclass(frozen=True)
class Assessed:
    """One session: amounts, demand by hour, what each supply gave in each hour, and until when it is provisional."""

    amounts: Amounts
    demand_wh: Mapping[datetime, int]
    matched_wh: Mapping[tuple[datetime, str], int]
    provisional_until: datetime | None


def drawn_wh(session: Session, tiers: Collection[str], parameters: Parameters = DEFAULT) -> dict[datetime, Fraction]:
    """Energy drawn by hour, exact, in the intervals of these tiers."""
    _, drawn = annual.delivered_and_draw(session.power_type, session.metering_point, parameters.dc_efficiency)
    reading_wh: dict[datetime, int] = {}
    for part in hourly.split(session, hourly.DEFAULT):
        if part.data_quality_tier in tiers:
            reading_wh[part.hour_start] = reading_wh.get(part.hour_start, 0) + part.reading_wh
    return {hour: wh * drawn for hour, wh in reading_wh.items()}


def demand_wh(session: Session, parameters: Parameters = DEFAULT) -> dict[datetime, int]:
    """What a session asks for in each hour, in whole Wh; hours without demand are left out."""
    return {hour: ceil(wh) for hour, wh in drawn_wh(session, {"DQ1"}, parameters).items() if wh}


def pool_order(supply: SupplyHour) -> tuple[int, int, bytes]:
    """Place of a pool among those of its hour."""
    return KINDS.index(supply.supply_kind), list(SCOPES).index(supply.scope_kind), supply.supply_id.encode()


def in_scope(session: Session, supply: SupplyHour) -> bool:
    """Whether a session may draw on a supply."""
    return session.region == supply.region and getattr(session, SCOPES[supply.scope_kind]) == supply.scope_id


def match_hour(
    demand: Mapping[str, int], pools: Iterable[tuple[str, int, Collection[str]]]
) -> dict[tuple[str, str], int]:
    """Wh by session and supply in one hour. A pool: supply_id, Wh, sessions in its scope; the pools are in their order."""
    left, matched = dict(demand), {}
    for supply_id, pool_wh, scope in pools:
        asked = {session: left[session] for session in scope if left.get(session)}
        total = sum(asked.values())
        for session, wh in asked.items():
            given = wh if pool_wh >= total else pool_wh * wh // total
            left[session] -= given
            if given:
                matched[session, supply_id] = given
    return matched


def battery_ug_per_kwh(supply: Iterable[SupplyHour], parameters: Parameters = DEFAULT) -> dict[tuple[str, date], int]:
    """Factor of each battery by local day, rounded up; a battery that took in nothing that day has none."""
    days: dict[tuple[str, date], list[SupplyHour]] = {}
    for each in supply:
        if each.supply_kind == "battery" and each.charged_wh:
            days.setdefault((each.supply_id, local_day(each.hour_start)), []).append(each)
    found = {}
    for key, hours in days.items():
        (round_trip,) = {each.round_trip_per_mille for each in hours}
        from_grid_wh = sum(each.charged_wh - each.charged_from_pv_wh for each in hours)
        mean = Fraction(from_grid_wh * parameters.residual_ug_per_kwh, sum(each.charged_wh for each in hours))
        found[key] = ceil(mean * 1000 / (round_trip or 0))
    return found


def matches(given: Given, parameters: Parameters = DEFAULT) -> dict[tuple[str, datetime, str], int]:
    """The first match of every hour that is closed at the clock, among all sessions and supply given."""
    charged = battery_ug_per_kwh(given.supply, parameters)
    demand: dict[datetime, list[tuple[Session, int]]] = {}
    pools: dict[datetime, list[SupplyHour]] = {}
    for session in given.sessions:
        for hour, wh in demand_wh(session, parameters).items():
            demand.setdefault(hour, []).append((session, wh))
    for supply in given.supply:
        day = local_day(supply.hour_start)
        if supply.supply_kind != "battery" or (supply.supply_id, day) in charged:
            pools.setdefault(utc(supply.hour_start), []).append(supply)
    found = {}
    for hour in sorted(demand.keys() & pools.keys()):
        if given.clock < hour + HOUR + parameters.match_close:
            continue
        asking = {session.session_id: wh for session, wh in demand[hour]}
        drawn = [
            (pool.supply_id, pool.available_wh, [each.session_id for each, _ in demand[hour] if in_scope(each, pool)])
            for pool in sorted(pools[hour], key=pool_order)
        ]
        for (session_id, supply_id), wh in match_hour(asking, drawn).items():
            found[session_id, hour, supply_id] = wh
    return found


def carried(old: Match, given: Given, parameters: Parameters = DEFAULT) -> dict[tuple[str, datetime, str], int]:
    """Matches that stand, of sessions as they are now: min(old match, new demand) per session and hour.

    Of several pools the earlier keep theirs: what exceeds the new demand is taken from the last one first.
    """
    place = {each.supply_id: pool_order(each) for each in given.supply}
    left = {(each.session_id, hour): wh for each in given.sessions for hour, wh in demand_wh(each, parameters).items()}
    kept = {}
    for key in sorted(old, key=lambda key: place[key[2]]):
        wh = min(old[key], left.get(key[:2], 0))
        if wh:
            left[key[:2]] -= wh
            kept[key] = wh
    return kept


def cut(match: Match, kept_wh: int) -> dict[tuple[str, datetime, str], int]:
    """Matches of one contract and month when so much of it is retired: floor(match x min(retired, matched) / matched) each."""
    total = sum(match.values())
    shares = {key: wh * min(kept_wh, total) // total for key, wh in match.items()}
    return {key: wh for key, wh in shares.items() if wh}


def retirement_due(hour: datetime, parameters: Parameters = DEFAULT) -> datetime:
    """When the contract power of an hour has to be retired."""
    day = local_day(hour)
    next_month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return utc(datetime.combine(next_month, time(), PROGRAMME_ZONE) + parameters.retirement)


def project_ng(
    session: Session,
    matched: Mapping[tuple[datetime, str], int],
    battery: Mapping[str, Mapping[date, int]],
    parameters: Parameters = DEFAULT,
) -> Fraction:
    """Project emissions of a session, exact; `battery` holds the factors by day of the supplies that are batteries."""
    green: dict[datetime, int] = {}
    from_battery_ng = 0
    for (hour, supply_id), wh in matched.items():
        green[hour] = green.get(hour, 0) + wh
        if supply_id in battery:
            from_battery_ng += wh * battery[supply_id][local_day(hour)]
    drawn = drawn_wh(session, {"DQ1", "DQ2", "DQ3"}, parameters)
    rest_wh = sum((max(Fraction(0), wh - green.get(hour, 0)) for hour, wh in drawn.items()), Fraction(0))
    return rest_wh * parameters.residual_ug_per_kwh + from_battery_ng


def assess(
    given: Given,
    match: Match | None = None,
    parameters: Parameters = DEFAULT,
    retired: Collection[tuple[str, date]] = (),
) -> dict[str, Assessed]:
    """Every session, by its id, with a match that stands, or with the first one; `retired` are contracts and months."""
    stands = matches(given, parameters) if match is None else match
    battery: dict[str, dict[date, int]] = {}
    for (supply_id, day), factor in battery_ug_per_kwh(given.supply, parameters).items():
        battery.setdefault(supply_id, {})[day] = factor
    contracts = {each.supply_id for each in given.supply if each.supply_kind == "contract"}
    own: dict[str, dict[tuple[datetime, str], int]] = {}
    for (session_id, hour, supply_id), wh in stands.items():
        own.setdefault(session_id, {})[hour, supply_id] = wh
    found = {}
    for session in given.sessions:
        matched = own.get(session.session_id, {})
        meter = session.power_type, session.metering_point
        delivered, _ = annual.delivered_and_draw(*meter, parameters.dc_efficiency)
        project = project_ng(session, matched, battery, parameters)
        told = annual.settled(floor(session.reading_wh * delivered), project, parameters.baseline_ug_per_kwh)
        demand = demand_wh(session, parameters)
        ahead = [hour + HOUR + parameters.match_close for hour in demand]
        owed = {(hour, name) for hour, name in matched if (name, local_day(hour).replace(day=1)) not in retired}
        ahead += [retirement_due(hour, parameters) for hour, name in owed if name in contracts]
        until = min((instant for instant in ahead if instant > given.clock), default=None)
        found[session.session_id] = Assessed(told, demand, matched, until)
    return found
