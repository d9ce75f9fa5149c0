"""Seconds against sessions, from the results that `nation_day --results` keeps: `python -m benchmarks.plot`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import altair

RESULTS = Path(__file__).parent / "results"
DRAWN = RESULTS / "seconds_by_sessions.svg"
LINES = {
    "the whole flow": "the whole flow",
    "stage": "staging",
    "account": "accounting",
    "publish": "publishing",
    "floor": "floor",
    "pandas": "pandas script",
    "polars": "Polars script",
}


def points() -> list[dict[str, object]]:
    """One point per line of the plot and measured number of sessions."""
    found = []
    for path in sorted(RESULTS.glob("nation_day_*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        found += [
            {"sessions": told["sessions"], "seconds": seconds, "what": LINES[name]}
            for name, seconds, *_ in told["rows"]
            if name in LINES
        ]
    return found


def main() -> int:
    """Draw, and say where the drawing is."""
    logarithmic = altair.Scale(type="log")
    drawing = (
        altair.Chart(altair.Data(values=points()))
        .mark_line(point=True)
        .encode(
            x=altair.X("sessions:Q", scale=logarithmic, title="sessions of one day", axis=altair.Axis(format="~s")),
            y=altair.Y("seconds:Q", scale=logarithmic, title="seconds, two cores"),
            color=altair.Color("what:N", sort=list(LINES.values()), title=None),
            strokeDash=altair.condition("datum.what === 'floor'", altair.value([4, 4]), altair.value([1, 0])),
        )
        .properties(width=560, height=360)
    )
    drawing.save(DRAWN)
    print(DRAWN)
    return 0


if __name__ == "__main__":
    sys.exit(main())
