"""Plots of the report as inline SVG, in whole units and without a drawing library: equal numbers give equal bytes.

A drawing stretches to the width of the page and holds no text. Labels are HTML beside it, and keep their size on a phone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

Row = dict[str, Any]
Labels = tuple[tuple[str, str], ...]
Bar = tuple[int, int, int, str]  # place, from, to, what a pointer that rests on it is told
WIDE, HIGH = 100_000, 10_000
TITLED_BARS = 120
WIDEST_BAR = WIDE // 16
LABELS = 6
WH_PER_KWH = 1_000
UG_PER_G = 1_000_000
HOURS = range(24)
WAITING = ("waiting_for_grid", "waiting_for_owner", "waiting_for_approval")


@dataclass(frozen=True)
class Shape:
    """One path; `kind` is its class in the style sheet."""

    kind: str
    path: str
    title: str = ""


@dataclass(frozen=True)
class Panel:
    """One drawing, the sentence that says what is to be seen in it, and its labels and gaps as per cent of its sides."""

    name: str
    said: str
    shapes: tuple[Shape, ...]
    y_labels: Labels
    x_labels: Labels
    gaps: Labels = ()


@dataclass(frozen=True)
class Scale:
    """`places` equal columns side by side, and values from 0 to `top` with a tick every `step`, told in `unit`s."""

    places: int
    top: int
    step: int
    unit: int

    @classmethod
    def of(cls, places: int, highest: int, unit: int = 1) -> Scale:
        """A scale on which the highest value has room."""
        step = nice_step(-(-highest // unit), 4) * unit
        return cls(places, max(-(-highest // step), 1) * step, step, unit)

    def x(self, place: int) -> int:
        return WIDE * place // self.places

    def y(self, value: int) -> int:
        return HIGH - HIGH * value // self.top

    def middle(self, place: int) -> str:
        return per_cent(2 * place + 1, 2 * self.places)

    def panel(self, name: str, said: str, shapes: Sequence[Shape], x_labels: Labels, gaps: Labels = ()) -> Panel:
        ticks = range(0, self.top + 1, self.step)
        grid = Shape("grid", "".join(f"M0 {self.y(tick)}H{WIDE}" for tick in ticks))
        y_labels = tuple((per_cent(tick, self.top), f"{tick // self.unit:,}") for tick in ticks)
        return Panel(name, said, (grid, *shapes), y_labels, x_labels, gaps)

    def bars(self, kind: str, rows: Sequence[Bar]) -> list[Shape]:
        """Bars; many are one path without titles, to keep the page small."""
        is_titled, column = len(rows) <= TITLED_BARS, WIDE // self.places
        inset = (column - min(column * 3 // 4, WIDEST_BAR)) // 2 if is_titled and kind != "band" else 0
        drawn = []
        for place, low, high, title in rows:
            left, right = self.x(place) + inset, self.x(place + 1) - inset
            drawn.append(Shape(kind, f"M{left} {self.y(low)}V{self.y(high)}H{right}V{self.y(low)}z", title))
        return drawn if is_titled else [Shape(kind, "".join(shape.path for shape in drawn))]

    def steps(self, kind: str, rows: Iterable[tuple[int, int]]) -> Shape:
        """A level at each place; it breaks where a place has none."""
        path, expected = "", None
        for place, value in rows:
            path += f"V{self.y(value)}" if place == expected else f"M{self.x(place)} {self.y(value)}"
            path += f"H{self.x(place + 1)}"
            expected = place + 1
        return Shape(kind, path)

    def gaps(self, places: Iterable[int]) -> Labels:
        """Left edge and width of every run of adjoining places."""
        runs: list[list[int]] = []
        for place in places:
            if runs and runs[-1][1] == place:
                runs[-1][1] += 1
            else:
                runs.append([place, place + 1])
        return tuple((per_cent(first, self.places), per_cent(end - first, self.places)) for first, end in runs)


def per_cent(part: int, whole: int) -> str:
    """A share as a style sheet spells it, to two decimals, cut."""
    basis_points = 10_000 * part // whole
    return f"{basis_points // 100}.{basis_points % 100:02}%"


def nice_step(span: int, ticks: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … of which `ticks` reach over the span."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if step * ticks >= span:
                return step
        power *= 10


def day_labels(scale: Scale, first: date) -> Labels:
    """Some days, firsts of months or firsts of years from the first day on, each at its place."""
    days = [first + timedelta(days=place) for place in range(scale.places)]
    if len(days) <= 2 * 31:
        chosen, form = days[:: nice_step(len(days), LABELS)], "%m-%d"
    else:
        firsts = [day for day in days if day.day == 1]
        every = next((n for n in (1, 2, 3, 6, 12) if len(firsts) <= n * LABELS), None)
        if every:
            chosen, form = [day for day in firsts if (day.month - 1) % every == 0], "%Y-%m"
        else:
            years = [day for day in firsts if day.month == 1]
            chosen, form = years[:: nice_step(len(years), LABELS)], "%Y"
    return tuple((scale.middle((day - first).days), day.strftime(form)) for day in chosen)


def by_vintage(vintages: Sequence[Row]) -> list[Panel]:
    """Points and energy of every local day; days without any are empty, and hatched where sessions wait."""
    if not vintages:
        return []
    first, last = vintages[0]["vintage"], vintages[-1]["vintage"]
    waiting = {row["vintage"] for row in vintages if any(row[cause] for cause in WAITING)}
    panels = []
    for column, name, unit in (("points", "Points", 1), ("energy_wh", "Energy delivered, kWh", WH_PER_KWH)):
        held: Counter[date] = Counter()
        for row in vintages:
            held[row["vintage"]] += int(row[column])
        scale = Scale.of((last - first).days + 1, max(held.values()), unit)
        days = [day for day, value in sorted(held.items()) if value]
        rows = [((day - first).days, 0, held[day], f"{day}: {held[day] // unit:,}") for day in days]
        empty = sorted((day - first).days for day in waiting - {*days})
        said = f"{first} to {last}: {len(days):,} of {scale.places:,} days have some"
        if days:
            top = max(days, key=lambda day: held[day])
            said += f", most on {top}: {held[top] // unit:,}"
        said += f". On {len(empty):,} days all sessions wait, hatched." if empty else "."
        bars, labels = scale.bars(column, rows), day_labels(scale, first)
        panels.append(scale.panel(name, said, bars, labels, scale.gaps(empty)))
    return panels


def by_hour(energy: Sequence[Row], intensity: Sequence[Row]) -> list[Panel]:
    """When cars charge, above how clean the grid is at that hour."""
    panels = []
    if energy:
        held = {row["local_hour"]: int(row["energy_wh"]) for row in energy}
        top, total = max(held, key=lambda hour: held[hour]), sum(held.values())
        scale = Scale.of(len(HOURS), held[top], WH_PER_KWH)
        bars = [(hour, 0, wh, f"{hour:02}:00: {wh // WH_PER_KWH:,} kWh") for hour, wh in held.items()]
        share = 100 * held[top] // max(total, 1)
        said = f"Most between {top:02}:00 and {top + 1:02}:00: {held[top] // WH_PER_KWH:,} kWh, {share} % of all."
        panels.append(scale.panel("Energy delivered, kWh", said, scale.bars("energy_wh", bars), _hour_labels(scale)))
    if intensity:
        scale = Scale.of(len(HOURS), max(row["highest_ug_per_kwh"] for row in intensity), UG_PER_G)
        least, most = (of(intensity, key=lambda row: row["mean_ug_per_kwh"]) for of in (min, max))
        said = f"Mean and range. Lowest mean {_grams(least)} at {least['local_hour']:02}:00, "
        said += f"highest {_grams(most)} at {most['local_hour']:02}:00."
        if least["mean_ug_per_kwh"] == most["mean_ug_per_kwh"]:
            said = f"{_grams(most)} at every hour."
        shapes = _intensity_shapes(scale, [(row["local_hour"], f"{row['local_hour']:02}:00", row) for row in intensity])
        panels.append(scale.panel("Grid intensity, g CO2/kWh", said, shapes, _hour_labels(scale)))
    return panels


def _hour_labels(scale: Scale) -> Labels:
    return tuple((scale.middle(hour), f"{hour:02}") for hour in HOURS if hour % 3 == 0)


def _grams(row: Row) -> str:
    """The mean in grams, to one decimal, cut."""
    return f"{row['mean_ug_per_kwh'] // UG_PER_G:,}.{row['mean_ug_per_kwh'] % UG_PER_G * 10 // UG_PER_G}"


def _intensity_shapes(scale: Scale, rows: Sequence[tuple[int, str, Row]]) -> list[Shape]:
    """The range from lowest to highest, and the mean as a line upon it."""
    band = [
        (place, row["lowest_ug_per_kwh"], row["highest_ug_per_kwh"], f"{name}: mean {_grams(row)}")
        for place, name, row in rows
    ]
    return [*scale.bars("band", band), scale.steps("mean", [(place, row["mean_ug_per_kwh"]) for place, _, row in rows])]


def of_intensity(days: Sequence[Row]) -> list[Panel]:
    """Intensity of every day, and below it the hours that no factor has; days without any are hatched."""
    if not days:
        return []
    first, last = days[0]["local_day"], days[-1]["local_day"]
    places = {row["local_day"]: (row["local_day"] - first).days for row in days}
    told = [
        (places[row["local_day"]], str(row["local_day"]), row) for row in days if row["mean_ug_per_kwh"] is not None
    ]
    count = (last - first).days + 1
    scale = Scale.of(count, max((row["highest_ug_per_kwh"] for *_, row in told), default=1), UG_PER_G)
    empty = sorted({*range(count)} - {place for place, *_ in told})
    said = f"{first} to {last}: mean and range of each day."
    said += f" {len(empty):,} of {count:,} days have no factor, hatched." if empty else ""
    shapes = _intensity_shapes(scale, told)
    labels = day_labels(scale, first)
    panels = [scale.panel("Grid intensity, g CO2/kWh", said, shapes, labels, scale.gaps(empty))]
    missing = [(places[row["local_day"]], 0, row["hours_missing"], f"{row['local_day']}: {row['hours_missing']}")
               for row in days if row["hours_missing"]]  # fmt: skip
    if missing:
        scale = Scale.of(count, max(hours for _, _, hours, _ in missing))
        said = f"{sum(hours for _, _, hours, _ in missing):,} region-hours on {len(missing):,} days."
        panels.append(scale.panel("Hours without a factor", said, scale.bars("missing", missing), labels))
    return panels


def of_reductions(counted: Sequence[Row]) -> list[Panel]:
    """How many sessions avoid how much per kWh."""
    if not counted:
        return []
    low, high = counted[0]["reductions_g_per_kwh"], counted[-1]["reductions_g_per_kwh"]
    width = nice_step(high - low + 1, 40)
    start = low // width * width
    held: Counter[int] = Counter()
    for row in counted:
        held[(row["reductions_g_per_kwh"] - start) // width] += row["sessions"]
    scale = Scale.of(max(held) + 1, max(held.values()))
    bars = [
        (bin_, 0, n, f"{start + bin_ * width} to {start + (bin_ + 1) * width} g/kWh: {n:,} sessions")
        for bin_, n in sorted(held.items())
    ]
    edges = {bin_: start + bin_ * width for bin_ in range(scale.places + 1)}
    every = nice_step(scale.places, LABELS) * width
    labels = tuple((per_cent(bin_, scale.places), f"{edge}") for bin_, edge in edges.items() if edge % every == 0)
    top = held.most_common(1)[0][0]
    said = f"From {low} to {high} g/kWh, most sessions ({held[top]:,}) from {start + top * width} to {start + (top + 1) * width}."
    return [scale.panel("Sessions by g CO2 avoided per kWh", said, scale.bars("sessions", bars), labels)]
