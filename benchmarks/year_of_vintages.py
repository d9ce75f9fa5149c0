"""What a day costs when a year lies behind it: one batch and one accounting a day, measured near two of its days.

`python -m benchmarks.year_of_vintages` stages days directly (no file is read), accounts each, publishes around the measured
ones, and prints seconds, peak memory and bytes written there, with the ratio of the medians. A measured day is accounted and
published in a process of its own, as a task of a DAG is; its seconds begin when the package is imported.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from chargeledger import flow
from chargeledger.contract import contract
from chargeledger.engine import Engine
from chargeledger.lake import STAGED, Lake
from chargeledger.table import append_once, arrow_schema

FIRST = date(2026, 1, 1)
SQL = Path(__file__).parent / "year_day.sql"
SUMS = ("received", "accepted", "quarantined", "duplicate", "superseded")


class Cost(NamedTuple):
    """What a day cost: seconds, the peak of its process in bytes, bytes written."""

    accounting: float
    publishing: float
    peak: int
    written: int


def day(lake: str, at: str) -> tuple[float, float, int]:
    """Account and publish, in the process that this is called in: seconds of both, and the peak of its memory in bytes."""
    marks = [time.perf_counter()]
    flow.account(lake, at=at)
    marks.append(time.perf_counter())
    flow.publish(lake, at=at, keep_days=0)
    marks.append(time.perf_counter())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return marks[1] - marks[0], marks[2] - marks[1], peak


class Year:
    """A lake that grows by a day at a time."""

    def __init__(self, lake: Path, sessions: int) -> None:
        self.lake, self.sessions = Lake(lake), sessions
        self.engine = Engine()

    def stage(self, number: int) -> None:
        """Stage the charges and the grid hours of a day, as two batches."""
        self.engine.load_rows(
            "planned_day",
            "day DATE, day_number BIGINT, sessions BIGINT, connectors BIGINT, users BIGINT",
            [(FIRST + timedelta(days=number), number, self.sessions, max(1, self.sessions // 10), self.sessions * 10)],
        )
        self.engine.table("charge", SQL)
        digest = self._batch(number, 2 * number + 1, "charging_session", self.sessions)
        place = {"landing_digest": f"'{digest}'", "row_number": "n + 1"}
        told = {name: name for name in ("session_id", "region", "station_id", "connector_id", "reading_wh")}
        told |= {"issuer": "'BENCH'", "power_type": "'AC'", "metering_point": "'ac_input'"}
        told |= {"started_at": "instant_of(start_s)", "ended_at": "instant_of(start_s + charging_s)"}
        self._append("charging_session", told | place, "charge", digest)
        self._append("session_owner", {"session_id": "session_id", "user_id": "user_id"} | place, "charge", digest)
        fate = {"relation": "'charging_session'", "row_key": "session_id", "content_digest": "sha256_hex(session_id)"}
        fate |= {"outcome": "'accepted'", "amount_wh": "reading_wh"}
        self._append("row_outcome", fate | place, "charge", digest)
        digest = self._batch(number, 2 * number + 2, "grid_mix_hour", 48)
        mix = {"region": "'US-CAL-CISO'", "source": "CASE WHEN n % 2 = 0 THEN 'gas' ELSE 'solar' END"}
        mix |= {"hour_start": "instant_of(epoch_s(day_start(day, 'UTC')) + 3600 * (n // 2))"}
        mix |= {"generation_pwh": f"1000000000000000 * (1 + (n * 31 + {number}) % 7)", "is_estimated": "false"}
        hours = "(SELECT n, day FROM planned_day CROSS JOIN range(48) AS r(n))"
        self._append("grid_mix_hour", mix | {"landing_digest": f"'{digest}'", "row_number": "n + 1"}, hours, digest)

    def _batch(self, number: int, seq: int, relation: str, rows: int) -> str:
        told = {"batch_seq": f"{seq}", "landing_seq": f"{seq}", "landed_at": f"TIMESTAMPTZ '{self.clock(number)}'"}
        told |= {"landing_digest": f"sha256_hex('{seq}')", "source": "'staged directly'", "relation": f"'{relation}'"}
        told |= {"state": "'staged'", "definition_digest": "''", "validation": "'[]'"}
        told |= {f"rows_{each}": f"{rows if each in SUMS[:2] else 0}" for each in SUMS}
        told |= {f"{each}_wh": "0" for each in SUMS}
        ((digest,),) = self.engine.con.execute(f"SELECT sha256_hex('{seq}')").fetchall()
        self._append("batch", told, "(SELECT 1)", str(digest))
        return str(digest)

    def _append(self, relation: str, told: dict[str, str], source: str, digest: str) -> None:
        columns = ", ".join(
            f"CAST({told.get(c.name, 'NULL')} AS {c.sql_type}) AS {c.name}" for c in contract(relation).columns
        )
        rows = self.engine.arrow(f"SELECT {columns} FROM {source}").cast(arrow_schema(contract(relation)))
        append_once(self.lake.table(relation), rows, digest)

    def clock(self, number: int) -> str:
        """Ten hours after the day is over in UTC, when it is over in every zone."""
        at = datetime.combine(FIRST + timedelta(days=number + 1), datetime.min.time(), UTC) + timedelta(hours=10)
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def files(self) -> dict[str, int]:
        """Sizes of all files that are not staged, by path."""
        return {
            os.path.join(folder, name): os.stat(os.path.join(folder, name)).st_size
            for folder, _, names in os.walk(self.lake.root)
            if "/staged" not in folder
            for name in names
        }


def main() -> None:
    """The command line."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--sessions", type=int, default=20_000, help="charges of a day (default 20,000)")
    asked.add_argument("--days", type=int, nargs=2, default=(95, 365), help="the two days compared (default 95 365)")
    asked.add_argument(
        "--lake", type=Path, help="where the lake is made, and left (default: a folder for the time being)"
    )
    told = asked.parse_args()
    os.environ.setdefault("CHARGELEDGER_PSEUDONYM_KEY", "00" * 32)
    with tempfile.TemporaryDirectory() as folder:
        measure(Year(told.lake or Path(folder) / "lake", told.sessions), *told.days)


def measure(year: Year, first: int, last: int) -> None:
    """Print what each measured day costs, and the ratios."""
    for relation in STAGED:
        year.lake.table(relation)
    costs: dict[int, list[Cost]] = {first: [], last: []}
    print(f"{year.sessions:,} charges a day; seconds, peak memory and bytes that accounting and publishing take")
    for number in range(1, last + 2):
        year.stage(number - 1)
        root, at = str(year.lake.root), year.clock(number - 1)
        near = next((middle for middle in costs if abs(middle - number) <= 1), None)
        if near:
            known = year.files()
            with get_context("forkserver").Pool(1) as alone:  # a spawned process inherits the peak of this one
                accounting, publishing, peak = alone.apply(day, (root, at))
            written = sum(size for path, size in year.files().items() if known.get(path) != size)
            costs[near].append(Cost(accounting, publishing, peak, written))
            seconds = f"account {accounting:6.2f} s, publish {publishing:6.2f} s"
            print(f"day {number:3d}  {seconds}, {peak / 1e9:5.2f} GB, {written:12,} bytes", flush=True)
            continue
        start = time.perf_counter()
        flow.account(root, at=at)
        if number % 30 == 0:
            print(f"day {number:3d}  account {time.perf_counter() - start:6.2f} s", flush=True)
        if number + 2 in costs:
            flow.publish(root, at=at, keep_days=0)
    for name, what in zip(Cost._fields, ("accounting", "publishing", "peak memory", "bytes written"), strict=True):
        _say(first, last, what, *([getattr(cost, name) for cost in costs[middle]] for middle in (last, first)))
    both = [[cost.accounting + cost.publishing for cost in costs[middle]] for middle in (last, first)]
    _say(first, last, "accounting and publishing", *both)


def _say(first: int, last: int, what: str, there: list[float], here: list[float]) -> None:
    ratio = statistics.median(there) / statistics.median(here)
    print(f"day {last} against day {first}, medians of three: {what} {ratio:.3f} x")


if __name__ == "__main__":
    main()
