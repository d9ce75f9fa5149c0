"""What a charge is worth and which charges exclude one another, in plain integers: the rules of design and programme again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil

from tests.oracle import annual, california
from tests.oracle.reward import DEFAULT_RULES, NG_PER_G, NO_RULES, refusal
from tests.simulator.tellings import HourSaid, Telling
from tests.simulator.world import CN, US, ZONE

RULES = {CN: DEFAULT_RULES, US: NO_RULES}
US_BASELINE = {"AC": california.BASELINE_AC_UG_PER_KWH, "DC": california.BASELINE_DC_UG_PER_KWH}
US_FACTOR_G = {"coal": 760, "gas": 370, "oil": 406, "unknown": 575}  # the rest 0; an hour is rounded up to the ug/kWh
UG_PER_G = 10**6
Parts = tuple[int, int, int, int, int, int]  # points, then ng: reductions, not awarded, clamped, rounding, capped
NOTHING: Parts = (0, 0, 0, 0, 0, 0)
Grid = Mapping[tuple[str, datetime], HourSaid]


@dataclass(frozen=True)
class Placed:
    """A lineage as it counts: the telling, completed by its station and its owner."""

    telling: Telling
    user: str | None
    is_withdrawn: bool
    region: str | None
    power_type: str
    metering_point: str
    rated_w: int | None
    place: tuple[object, ...]  # what the station says, where it leaves something open
    connector: str | None
    is_own: bool
    first_landed: datetime

    @property
    def lineage(self) -> str:
        return self.telling.lineage

    @property
    def programme(self) -> str | None:
        if not self.region:
            return None
        return CN if self.region.startswith("CN-GRID-") else US if self.region == "US-CAL-CISO" else None

    @property
    def vintage(self) -> date | None:
        return self.telling.end.astimezone(ZONE[self.programme]).date() if self.programme else None

    @property
    def rests_on(self) -> tuple[object, ...]:
        """Its own inputs, but for the grid."""
        return (
            self.telling.content[:7],
            self.place,
            self.rated_w,
            self.user,
            self.is_withdrawn,
            self.programme,
            self.vintage,
        )


def intensity(said: HourSaid) -> int:
    """Direct emissions of an hour in California, in ug/kWh."""
    total = sum(mwh for _, mwh in said.mix)
    weighted = sum(mwh * US_FACTOR_G.get(source, 0) * UG_PER_G for source, mwh in said.mix)
    return ceil(Fraction(weighted, total))


def assess(placed: Placed, grid: Grid) -> annual.Amounts | None:
    """Amounts of a session of a programme, or None where an hour is missing."""
    told, meter = placed.telling, (placed.power_type, placed.metering_point)
    if placed.programme == CN:
        return annual.cn_ev_charging(told.wh, *meter, "1.2.0")
    hours = california.split_by_hour(told.wh, told.start, told.end)
    if any((placed.region, hour) not in grid for hour in hours):
        return None
    met = [(wh, intensity(grid[str(placed.region), hour])) for hour, wh in hours.items()]
    return annual.amounts(met, *meter, US_BASELINE[placed.power_type])


@dataclass(frozen=True)
class Candidate:
    """An assessed session of a user; with standing points where what is posted stands whatever else arrives."""

    placed: Placed
    amounts: annual.Amounts
    standing_points: int | None
    standing_wh: int | None
    claim_landed: datetime

    def turn(self) -> tuple[bool, datetime, bytes]:
        return self.standing_points is None, self.placed.telling.end, self.placed.lineage.encode()

    def refused(self) -> str | None:
        """Why it is not awarded."""
        told = self.placed.telling
        late = (self.claim_landed - told.end) / timedelta(seconds=1)
        session = {
            "energy_wh": self.amounts.energy_wh,
            "charging_seconds": (told.end - told.start) // timedelta(seconds=1),
            "rated_w": self.placed.rated_w,
            "reading_wh": told.wh,
            "landed_days_after_end": Fraction(int(late), 86400),
        }
        return refusal(session, RULES[str(self.placed.programme)])


def awards(
    candidates: Iterable[Candidate], caps: tuple[str, int | None, int | None]
) -> dict[str, tuple[Parts, str | None]]:
    """Points and parts of every candidate, and why it is not awarded; what stands is served first."""
    found: dict[str, tuple[Parts, str | None]] = {}
    energy: dict[object, int] = {}
    spent: dict[object, int] = {}
    for each in sorted(candidates, key=Candidate.turn):
        placed, er, reason = each.placed, each.amounts.emission_reductions_ng, each.refused()
        purse = (placed.programme, placed.user, placed.vintage)
        points_cap, energy_cap = caps[1:] if caps[0] == placed.programme else (None, None)
        whole, within = max(0, er) // NG_PER_G, 0
        if reason is None:
            energy[purse] = energy.get(purse, 0) + (
                each.amounts.energy_wh if each.standing_wh is None else each.standing_wh
            )
            within = whole if energy_cap is None or energy[purse] <= energy_cap else 0
        left = within if points_cap is None else max(0, points_cap - spent.get(purse, 0))
        points = min(within, left)
        spent[purse] = spent.get(purse, 0) + (within if each.standing_points is None else each.standing_points)
        if reason is not None:
            found[placed.lineage] = ((0, er, er, 0, 0, 0), reason)
        else:
            rounding = max(0, er) - whole * NG_PER_G
            found[placed.lineage] = ((points, er, 0, min(0, er), rounding, (whole - points) * NG_PER_G), None)
    return found


def set_aside(told: Iterable[Placed], final: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """State of every lineage that another one excludes, and the holder of every duplicate.

    A duplicate is of a claim; else it is an overlap in time on one connector.
    """

    def first(placed: Placed) -> tuple[bool, bool, str]:
        return placed.lineage not in final, not placed.is_own, placed.lineage

    on = sorted((p for p in told if p.connector and not p.is_withdrawn), key=first)
    holders: list[Placed] = []
    aside: dict[str, str] = {}
    holder_of: dict[str, str] = {}
    for placed in on:
        if claimed := [holder.lineage for holder in holders if _one_charge(placed, holder, final)]:
            aside[placed.lineage], holder_of[placed.lineage] = "duplicate", min(claimed)
        else:
            holders.append(placed)
    for one in holders:
        if one.lineage not in final and any(_overlap(one, other) for other in holders if other is not one):
            aside[one.lineage] = "quarantined"
    return aside, holder_of


def _one_charge(told: Placed, holder: Placed, final: set[str]) -> bool:
    """Within 120 s of the holder's start and 10 per mille of its energy (data_contracts/reference/claim_rule.csv)."""
    if told.connector != holder.connector or told.telling.issuer == holder.telling.issuer:
        return False
    if {told.lineage, holder.lineage} <= final:
        return False
    apart = abs((told.telling.start - holder.telling.start).total_seconds())
    return apart <= 120 and abs(holder.telling.wh - told.telling.wh) * 1000 <= holder.telling.wh * 10


def _overlap(one: Placed, other: Placed) -> bool:
    mine, theirs = one.telling, other.telling
    return one.connector == other.connector and mine.start < theirs.end and theirs.start < mine.end
