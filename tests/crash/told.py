"""What came of trials, and how it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

BY_CHANCE, RACES = "by chance", "races"  # what is tried without sites, beside the flows


@dataclass
class Told:
    """How many trials did what, and each that did not end well, with why."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, other: Told) -> None:
        self.counts.update(other.counts)
        self.failures += other.failures


def figures(told: Mapping[str, Told]) -> list[str]:
    """A line per flow, one for what was tried without sites, and how often something did not end well."""
    lines = []
    for name, each in told.items():
        c = each.counts
        if not c["trials"]:
            continue
        if name in (BY_CHANCE, RACES):
            lines.append(f"{name}: {c['trials']} trials: {c['killed']} kills, {c['races']} races")
            continue
        lines.append(
            f"{name}: {c['sites']} sites; {c['trials']} trials: {c['killed']} kills, {c['killed again']} second kills "
            f"({c['not met']} not met), {c['refused']} errors told, {c['borne']} borne"
        )
    failed = sum(len(each.failures) for each in told.values())
    return [*lines, f"{failed} times something was lost, doubled, torn or told badly"]
