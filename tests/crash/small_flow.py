"""Files of a small `run` on a lake that has a publication, with everything that a run can meet in a few rows.

A correction, a duplicate, a refused row, a new session of each programme, a restated hour and a new one.
"""

from __future__ import annotations

from pathlib import Path

from tests.ledger.book import GRID_COLUMNS, HOUR, NEXT, NOON, SESSION_COLUMNS, charge, charge_us, mix

FIRST = {
    "session_csv": [charge("1", "10"), charge("2", "20", "bob"), charge_us("11", "10")],
    "grid_mix_csv": [mix(HOUR, gas=100)],
}
SECOND = {
    "session_csv": [
        charge("1", "12", revised=NOON),
        charge("2", "20", "bob"),
        charge("3", "-8"),
        charge("4", "8", "carol"),
        charge_us("12", "7", ended="2026-03-10T19:00:00Z"),
        *(
            charge(str(number), "9", "dave") for number in range(20, 27)
        ),  # more than a tenth refused would be a whole file refused
    ],
    "grid_mix_csv": [mix(HOUR, gas=90, wind=10), mix(NEXT, gas=50, solar=50)],
}
HEADER = {"session_csv": SESSION_COLUMNS, "grid_mix_csv": GRID_COLUMNS}
OPTION = {"session_csv": "--sessions", "grid_mix_csv": "--grid"}


def write_files(folder: Path, sent: dict[str, list[str]]) -> list[str]:
    """Write the files of a sending and return the options that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    options = []
    for source, rows in sent.items():
        path = folder / f"{source}.csv"
        path.write_text("\n".join([HEADER[source], *rows]) + "\n", encoding="utf-8")
        options += [OPTION[source], f"{source}={path}"]
    return options


def run_words(lake: Path, options: list[str]) -> list[str]:
    return ["run", "--lake", str(lake), "--at", NOON, *options]
