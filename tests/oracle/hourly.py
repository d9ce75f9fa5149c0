"""Expected results of cn_ev_charging 2.0.0: hourly mix of the region, location based (after VM0038 v1.0, equations 5, 6).

An hour's intensity, the first that applies; `clock` is that of the run, and the deadline is the hour's end plus 45 days:

- measured: the mix is told. ceil(0.8273 kg/kWh x fossil / all); a source below zero counts as none, coal, gas, oil and
  every source that is not named below as free of fossil carbon count as fossil. Without any generation it is not told.
- estimated: the same, the teller marks the hour as an estimate; provisional until the deadline.
- fossil_only: not told, clock at or after the deadline: 0.8273.
- highest_known: not told, clock before the deadline: the highest intensity told, measured or estimated, of the region
  in the 672 hours before; provisional until the deadline. What a deadline sets is not told and raises no other hour.
- none: the sessions that touch the hour wait.

A session rests on every hour that it touches, with 0 Wh too. It is provisional while one of them is, until the first
deadline of these: then the session has to be looked at again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from math import ceil

from tests.oracle import annual
from tests.oracle.annual import UG_PER_KG, Amounts
from tests.oracle.california import split_by_hour
from tests.oracle.given import HOUR, Given, Interval, MixHour, Session, metered, utc

NO_FOSSIL = {"nuclear", "hydro", "wind", "solar", "biomass", "geothermal"}


@dataclass(frozen=True)
class Parameters:
    """Numbers of 2.0.0. The fossil-only factor is the official one of 2023 (MEE and NBS, notice 2025/47)."""

    fossil_kg_per_kwh: Fraction = Fraction("0.8273")
    baseline_ug_per_kwh: int = annual.cn_baseline_ug_per_kwh()
    dc_efficiency: Fraction = annual.DC_EFFICIENCY
    longest_dq1: timedelta = timedelta(minutes=60)
    fallback_window_h: int = 672
    deadline: timedelta = timedelta(days=45)


DEFAULT = Parameters()


@dataclass(frozen=True)
class HourIntensity:
    """Intensity of a region's hour, where it is from, and until when it may change without anybody's approval."""

    intensity_ug_per_kwh: int
    origin: str
    provisional_until: datetime | None


@dataclass(frozen=True)
class IntervalHour:
    """The part of an interval that lies in one hour. Number 0 is the whole window of a session without metering."""

    interval_no: int
    hour_start: datetime
    reading_wh: int
    data_quality_tier: str


@dataclass(frozen=True)
class Assessed:
    """One session. Without amounts it awaits the grid, and then nothing of it is provisional."""

    amounts: Amounts | None
    data_quality_tier: str
    provisional_until: datetime | None
    parts: tuple[IntervalHour, ...]
    hours: Mapping[datetime, HourIntensity | None]

    @property
    def reading_wh_by_hour(self) -> dict[datetime, int]:
        return {hour: sum(p.reading_wh for p in self.parts if p.hour_start == hour) for hour in self.hours}


class Grid:
    """The intensities of all hours as a run with this clock knows them."""

    def __init__(
        self, mix: Mapping[tuple[str, datetime], MixHour], clock: datetime, parameters: Parameters = DEFAULT
    ) -> None:
        self.mix, self.clock, self.parameters = mix, clock, parameters
        self.default = ceil(parameters.fossil_kg_per_kwh * UG_PER_KG)
        told = {(region, utc(hour)): told_intensity(mix[region, hour], parameters) for region, hour in mix}
        self.told = {key: intensity for key, intensity in told.items() if intensity is not None}
        self._found: dict[tuple[str, datetime], HourIntensity | None] = {}

    def at(self, region: str, hour: datetime) -> HourIntensity | None:
        """The intensity of an hour, or None where nothing tells it."""
        if (region, hour) not in self._found:
            self._found[region, hour] = self._at(region, hour)
        return self._found[region, hour]

    def _at(self, region: str, hour: datetime) -> HourIntensity | None:
        deadline = hour + HOUR + self.parameters.deadline
        until = deadline if self.clock < deadline else None
        if (region, hour) in self.told:
            is_estimated = self.mix[region, hour].is_estimated
            origin = "estimated" if is_estimated else "measured"
            return HourIntensity(self.told[region, hour], origin, until if is_estimated else None)
        if until is None:
            return HourIntensity(self.default, "fossil_only", None)
        before = [(region, hour - back * HOUR) for back in range(1, self.parameters.fallback_window_h + 1)]
        known = [self.told[key] for key in before if key in self.told]
        return HourIntensity(max(known), "highest_known", until) if known else None


def told_intensity(mix: MixHour, parameters: Parameters = DEFAULT) -> int | None:
    """Intensity that a mix tells, rounded up to the ug/kWh; None without generation."""
    generated = {source: Fraction(max(0, amount)) for source, amount in mix.generation.items()}
    total = sum(generated.values(), Fraction(0))
    fossil = sum((amount for source, amount in generated.items() if source not in NO_FOSSIL), Fraction(0))
    return ceil(parameters.fossil_kg_per_kwh * UG_PER_KG * fossil / total) if total else None


@lru_cache(maxsize=2**15)
def split(session: Session, parameters: Parameters = DEFAULT) -> tuple[IntervalHour, ...]:
    """The interval-hours of a session, in order. DQ1: an interval of at most an hour; DQ2: a longer one; DQ3: no intervals."""
    intervals = metered(session)
    numbered = list(enumerate(intervals, 1)) or [
        (0, Interval(session.started_at, session.ended_at, session.reading_wh))
    ]
    parts = []
    for number, each in numbered:
        start, end = utc(each.started_at), utc(each.ended_at)
        tier = ("DQ1" if end - start <= parameters.longest_dq1 else "DQ2") if number else "DQ3"
        for hour, reading_wh in split_by_hour(each.reading_wh, start, end).items():
            parts.append(IntervalHour(number, hour, reading_wh, tier))
    return tuple(parts)


def assess_session(session: Session, grid: Grid) -> Assessed:
    """One session. All energy of a DQ2 or DQ3 interval meets the highest intensity of the hours that it touches."""
    parameters = grid.parameters
    parts = split(session, parameters)
    tier = max(part.data_quality_tier for part in parts)
    hours = {hour: grid.at(session.region, hour) for hour in sorted({part.hour_start for part in parts})}
    found = {hour: intensity for hour, intensity in hours.items() if intensity is not None}
    if len(found) < len(hours):
        return Assessed(None, tier, None, parts, hours)
    highest: dict[int, int] = {}
    for part in parts:
        own = found[part.hour_start].intensity_ug_per_kwh
        highest[part.interval_no] = max(own, highest.get(part.interval_no, 0))
    met = []
    for part in parts:
        own = found[part.hour_start].intensity_ug_per_kwh
        met.append((part.reading_wh, own if part.data_quality_tier == "DQ1" else highest[part.interval_no]))
    meter = session.power_type, session.metering_point
    told = annual.amounts(met, *meter, parameters.baseline_ug_per_kwh, parameters.dc_efficiency)
    deadlines = [intensity.provisional_until for intensity in found.values() if intensity.provisional_until]
    return Assessed(told, tier, min(deadlines, default=None), parts, hours)


def assess(given: Given, parameters: Parameters = DEFAULT) -> dict[str, Assessed]:
    """Every session, by its id, at the clock of the run."""
    grid = Grid(given.mix, given.clock, parameters)
    return {session.session_id: assess_session(session, grid) for session in given.sessions}
