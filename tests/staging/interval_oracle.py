"""The second opinion on intervals: plain Python and fractions, from methodologies in words; None where the total alone counts."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

Interval = tuple[int, int, str]  # start and end in seconds, energy as it was sent


def scaled(intervals: list[Interval], start: int, end: int, reading_wh: int) -> list[tuple[int, int, int]] | None:
    """Intervals with energy, in order of time, whose Wh sum to the reading: largest remainder, ties to the earlier."""
    told = sorted((first, last, Fraction(energy)) for first, last, energy in intervals if Fraction(energy))
    sound = all(start <= first < last <= end and energy > 0 for first, last, energy in told)
    if not told or not sound or any(late[0] < early[1] for early, late in pairwise(told)):
        return None
    total = sum(energy for _, _, energy in told)
    exact = [energy * reading_wh / total for _, _, energy in told]
    whole = [int(each) for each in exact]
    by_remainder = sorted(range(len(told)), key=lambda place: (whole[place] - exact[place], place))
    for place in by_remainder[: reading_wh - sum(whole)]:
        whole[place] += 1
    return [(first, last, wh) for (first, last, _), wh in zip(told, whole, strict=True)]


def agrees(intervals: list[Interval], total_kwh: str) -> bool:
    """The energies make up the total as far as 0.1 kWh or one percent of it, whichever is more."""
    total = Fraction(total_kwh)
    return abs(sum(Fraction(energy) for _, _, energy in intervals) - total) <= max(Fraction(1, 10), total / 100)
