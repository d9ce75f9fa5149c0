"""A day of N sessions, step by step, beside the floor and two scripts of the same calculation: `make bench SESSIONS=1000000`.

Every step and every rival is a process of its own; seconds are those of the step, memory is the peak of its process. All give the
same points, or the table is not printed. After the day it is accounted again, with nothing changed, one session comes late,
and then 100,000 more, or as many as the day has.
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

from benchmarks.day_steps import SENT, Day

KEY = "5a" * 32
FLOW = ("land", "stage", "account", "publish")
LATER = ("again", "late", "more")
RIVALS = ("floor", "pandas", "polars")
HERE = Path(__file__).parent


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
        ("one late session from file to feed, of the whole flow", share("late", FLOW)),
        (f"{rounds[0]['more']['sessions']:,} more from files to feed, of the whole flow", share("more", FLOW)),
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
    words.add_argument("--results", type=Path, help="a JSON file to keep the table in, for benchmarks.plot")
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
    limit = os.environ.get("CHARGELEDGER_MEMORY_LIMIT", "none")
    told = {"sessions": asked.sessions, "rounds": asked.rounds, "cores": os.cpu_count(), "memory_limit": limit}
    told |= {"format": asked.format, "rows": table(rounds), "shares": shares(rounds)}
    if asked.results:
        asked.results.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    show(told)
    return 0


def show(told: dict[str, Any]) -> None:
    """Print the table of one benchmark."""
    print(
        f"{told['sessions']:,} sessions, {told['rounds']} rounds, {told['cores']} cores, memory limit {told['memory_limit']}"
    )
    print(f"{'':28}{'seconds':>10}{'x floor':>10}{'peak GB':>10}")
    for name, seconds, ratio, peak in told["rows"]:
        print(f"{name:28}{seconds:>10,.1f}{ratio:>10.2f}{peak:>10.2f}")
    for said, share in told["shares"]:
        print(f"{said}: {share:.3f}")


if __name__ == "__main__":
    sys.exit(main())
