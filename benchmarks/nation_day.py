"""A day of N sessions, step by step, beside the floor and two scripts of the same calculation: `make bench SESSIONS=1000000`.

Every step and every rival is a process of its own; seconds are those of the step, memory is the peak of its process. All give the
same points, or the table is not printed. After the day it is accounted again, with nothing changed, and one session comes late.
Figures are medians of the rounds; ratios are to the floor of the same round.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

KEY = "5a" * 32
PROGRAMME, VERSION = "cn_green_energy", "cn_ev_charging@1.2.0"
SENT = {"parquet": ("session_parquet",), "tcec": ("station_csv", "session_owner_csv", "tcec_charge_order")}
FLOW = ("land", "stage", "account", "publish")
LATER = ("again", "late")
RIVALS = ("floor", "pandas", "polars")
HERE = Path(__file__).parent


class Day:
    """The folder of one benchmark: files, lake, and what the rivals write."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lake = folder, str(folder / "lake")
        manifest = json.loads((folder / "files" / "manifest.json").read_text(encoding="utf-8"))
        self.at = max(delivery["at"] for delivery in manifest["deliveries"])
        self.sent = {name: _files(folder / "files" / name) for name in SENT[manifest["arguments"]["form"]]}
        self.read_by_rivals = _files(folder / "parquet" / "session_parquet") or self.sent.get("session_parquet", [])

    def land(self) -> dict[str, Any]:
        from chargeledger import flow

        for source, files in self.sent.items():
            flow.land_files(source, files, self.lake, self.at)
        return {}

    def stage(self) -> dict[str, Any]:
        from chargeledger import flow
        from chargeledger.lake import Lake
        from chargeledger.table import rows_where

        columns = ["landing_digest", "source", "landing_seq"]
        landed = rows_where(Lake(self.lake).table("landing_file"), columns).to_pylist()
        for row in sorted(landed, key=lambda row: row["landing_seq"]):
            flow.stage_landed(row["source"], row["landing_digest"], self.lake)
        return {}

    def account(self) -> dict[str, Any]:
        from chargeledger import accounting, computation, flow

        inner: dict[str, float] = {}

        def timed(module: Any, name: str, said: str) -> None:
            real = getattr(module, name)

            def act(*args: Any, **options: Any) -> Any:
                began = time.perf_counter()
                try:
                    return real(*args, **options)
                finally:
                    inner[said] = inner.get(said, 0) + time.perf_counter() - began

            setattr(module, name, act)

        timed(computation, "award", "allocate, assess, award")
        timed(accounting, "run_document", "digests of the receipt")
        timed(accounting, "_commit", "states and entries written")
        done = flow.account(self.lake, None, PROGRAMME, at=self.at)
        return {"points": done["posted_points"], "inner": inner}

    def publish(self) -> dict[str, Any]:
        from chargeledger import flow

        flow.publish(self.lake, self.at)
        return {}

    def again(self) -> dict[str, Any]:
        from chargeledger import flow

        if flow.account(self.lake, None, PROGRAMME, at=self.at)["posted_entries"]:
            raise RuntimeError("accounting again posted entries")
        return {}

    def late(self) -> dict[str, Any]:
        """A session with an order number and a connector that nobody has told yet, in a file of its own."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from chargeledger import flow

        row = pq.ParquetFile(self.read_by_rivals[0]).iter_batches(1)
        (told,) = next(row).to_pylist()
        sent = self.folder / "late.parquet"
        fresh = {"order_number": "late-1", "connector_id": "late-1", "energy_kwh": "10.000"}
        pq.write_table(pa.Table.from_pylist([told | fresh]), sent)
        marks = [time.perf_counter()]
        flow.ingest("session_parquet", [str(sent)], self.lake, self.at)
        marks.append(time.perf_counter())
        done = flow.account(self.lake, None, PROGRAMME, at=self.at)
        marks.append(time.perf_counter())
        flow.publish(self.lake, self.at)
        marks.append(time.perf_counter())
        if done["posted_entries"] != 1:
            raise RuntimeError(f"a late session posted {done['posted_entries']} entries")
        said = ("landed and staged", "accounted", "published")
        return {"inner": {name: end - start for name, start, end in zip(said, marks, marks[1:], strict=False)}}

    def _numbers(self) -> tuple[int, dict[str, int], dict[str, int]]:
        from chargeledger.methodology import load

        version = load(VERSION)
        told = {(p["name"], p["power_type"]): int(p["value"]) for p in version.parameters}
        baseline, efficiency = (
            {power: told[name, power] for power in ("AC", "DC")}
            for name in ("baseline_intensity", "charger_efficiency")
        )
        return int(version.factors[0]["factor_ug_per_kwh"]), baseline, efficiency

    def floor(self) -> dict[str, Any]:
        import duckdb

        factor, baseline, efficiency = self._numbers()
        began = time.perf_counter()
        with duckdb.connect(config={"memory_limit": os.environ.get("CHARGELEDGER_MEMORY_LIMIT", "80%")}) as con:
            con.execute(f"SET TimeZone = 'UTC'; SET temp_directory = '{self.folder / 'floor-spilled'}'")
            con.execute("SET VARIABLE files = ?", [self.read_by_rivals])
            con.execute("SET VARIABLE factor = ?", [factor])
            con.execute("CREATE TABLE parameter (power_type VARCHAR, baseline BIGINT, efficiency BIGINT)")
            con.executemany(
                "INSERT INTO parameter VALUES (?, ?, ?)", [(p, baseline[p], efficiency[p]) for p in baseline]
            )
            con.execute((HERE / "floor.sql").read_text(encoding="utf-8"))
            middle = time.perf_counter()
            con.execute(f"ATTACH '{self.folder / 'floor.duckdb'}' AS out")
            con.execute((HERE / "floor_out.sql").read_text(encoding="utf-8"))
            ((points,),) = con.execute("SELECT sum(points) FROM out.user_points").fetchall()
        return {"points": int(points), "inner": {"read and computed": middle - began}}

    def _script(self, name: str) -> dict[str, Any]:
        script = importlib.import_module(f"benchmarks.by_{name}")
        out = self.folder / name
        out.mkdir(exist_ok=True)
        return {"points": script.main(self.read_by_rivals, str(out), *self._numbers())}

    def pandas(self) -> dict[str, Any]:
        return self._script("pandas")

    def polars(self) -> dict[str, Any]:
        return self._script("polars")


def _files(folder: Path) -> list[str]:
    return sorted(map(str, folder.iterdir())) if folder.exists() else []


def child(step: str, folder: Path) -> None:
    """Do one step here, and print what it took."""
    act: Callable[[], dict[str, Any]] = getattr(Day(folder), step)
    began, cpu = time.perf_counter(), time.process_time()
    told = act()
    told |= {"seconds": time.perf_counter() - began, "processor": time.process_time() - cpu}
    told["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps(told))


def measured(step: str, folder: Path) -> dict[str, Any]:
    """A step in a process of its own. Raises RuntimeError with what it said where it failed."""
    words = [sys.executable, "-W", "ignore", "-m", "benchmarks.nation_day", "--child", step, "--folder", str(folder)]
    env = os.environ | {"CHARGELEDGER_PSEUDONYM_KEY": KEY, "GX_ANALYTICS_ENABLED": "false"}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False, cwd=HERE.parent)
    if done.returncode:
        raise RuntimeError(f"{step} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def one_round(folder: Path, rivals: list[str]) -> dict[str, dict[str, Any]]:
    """Every step of the flow and every rival, once, on a lake that is not there yet."""
    for left in ("lake", "floor.duckdb"):
        subprocess.run(["rm", "-rf", str(folder / left)], check=True)
    found = {}
    for step in (*FLOW, *LATER, *rivals):
        found[step] = measured(step, folder)
        print(
            f"  {step}: {found[step]['seconds']:,.1f} s, {found[step]['peak_gb']:.2f} GB", file=sys.stderr, flush=True
        )
    points = {step: told["points"] for step, told in found.items() if "points" in told}
    if len(set(points.values())) != 1:
        raise RuntimeError(f"they do not give the same points: {points}")
    return found


def table(rounds: list[dict[str, dict[str, Any]]]) -> list[tuple[str, float, float, float]]:
    """Name, median seconds, median ratio to the floor, highest peak of memory; the whole flow after its steps."""

    def row(name: str, seconds: list[float], peak: float) -> tuple[str, float, float, float]:
        ratios = [each / one["floor"]["seconds"] for each, one in zip(seconds, rounds, strict=True)]
        return name, statistics.median(seconds), statistics.median(ratios), peak

    rows = []
    for step in rounds[0]:
        peak = max(one[step]["peak_gb"] for one in rounds)
        rows.append(row(step, [one[step]["seconds"] for one in rounds], peak))
        for inner in rounds[0][step].get("inner", {}):
            rows.append(row(f"  {inner}", [one[step]["inner"][inner] for one in rounds], peak))
        if step == FLOW[-1]:
            whole = [sum(one[each]["seconds"] for each in FLOW) for one in rounds]
            rows.append(row("the whole flow", whole, max(one[each]["peak_gb"] for one in rounds for each in FLOW)))
    return rows


def shares(rounds: list[dict[str, dict[str, Any]]]) -> list[tuple[str, float]]:
    """What comes later against the first time, medians of the rounds."""

    def share(later: str, first: tuple[str, ...]) -> float:
        return statistics.median(one[later]["seconds"] / sum(one[step]["seconds"] for step in first) for one in rounds)

    return [
        ("accounted again with nothing changed, of the first accounting", share("again", ("account",))),
        ("one late session from file to publication, of the whole flow", share("late", FLOW)),
    ]


def main() -> int:
    """Write the files, go through the rounds, print the table."""
    from chargeledger.synthetic import Asked, write_synthetic

    words = argparse.ArgumentParser(prog="python -m benchmarks.nation_day", description=__doc__.splitlines()[0])
    words.add_argument("--sessions", type=int, default=1_000_000)
    words.add_argument("--format", choices=SENT, default="parquet", help="of what is landed; the rivals read Parquet")
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--without", default="", help="rivals to leave out, with commas: pandas,polars")
    words.add_argument("--folder", type=Path, help="where to work; default: a folder that is thrown away")
    words.add_argument("--child", help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.child:
        child(asked.child, asked.folder)
        return 0
    rivals = [name for name in RIVALS if name not in asked.without.split(",")]
    if "polars" in rivals and importlib.util.find_spec("polars") is None:
        print("Polars is not installed (pip install polars): it is left out", file=sys.stderr)
        rivals.remove("polars")
    with tempfile.TemporaryDirectory(prefix="chargeledger-bench-") as thrown:
        folder = asked.folder or Path(thrown)
        for name, form in (("files", asked.format), *([("parquet", "parquet")] if asked.format != "parquet" else [])):
            if not (folder / name).exists():
                write_synthetic(folder / name, Asked(sessions=asked.sessions, days=1, form=form, clean=True))
        rounds = [one_round(folder, rivals) for _ in range(asked.rounds)]
    print(f"{asked.sessions:,} sessions, {asked.rounds} rounds, {os.cpu_count()} cores")
    print(f"{'':28}{'seconds':>10}{'x floor':>10}{'peak GB':>10}")
    for name, seconds, ratio, peak in table(rounds):
        print(f"{name:28}{seconds:>10,.1f}{ratio:>10.2f}{peak:>10.2f}")
    for said, share in shares(rounds):
        print(f"{said}: {share:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
