"""What is published of every vintage: whether it is final, what stands and waits in it, how many awards were made and fell."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.simulator.due import AWARDED, WAITS
from tests.simulator.expected import Expected
from tests.simulator.holding import hold

Row = dict[str, Any]
COUNTED = {
    "awards": AWARDED,
    "waiting_for_grid": "awaiting grid",
    "waiting_for_owner": "awaiting owner",
    "waiting_for_approval": WAITS,
}


def hold_vintages(rows: list[Row], entries: list[Row], expected: Expected) -> None:
    """Every vintage is told once, as it is owed. Of lineages that may have been looked at or not, it is believed."""
    told = {(row["programme"], row["vintage"]): row for row in rows}
    hold("finality of vintages", len(told), len(rows))
    final = {vintage: row["state"] == "final" for vintage, row in told.items()}
    if expected.unsure:
        expected.adopt_vintages(final)
    hold("finality of vintages", final, expected.final)
    made = Counter((entry["programme"], entry["vintage"]) for entry in entries if entry["kind"] == "issuance")
    states = Counter((was.vintage, was.state) for was in expected.stood.values())
    for vintage, row in told.items():
        hold("14 awards made are counted", row["awards_made"], made[vintage], repr(vintage))
        hold("14 awards that fell are counted", row["awards_fallen"], expected.fallen[vintage], repr(vintage))
        if not expected.unsure:
            owed = {name: states[vintage, state] for name, state in COUNTED.items()}
            hold("12 states are counted", {name: row[name] for name in owed}, owed, repr(vintage))
