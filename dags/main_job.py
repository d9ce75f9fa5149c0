"""The main job in one process: the DAGs of this folder, one after the other, on Airflow's embedded default.

    python dags/main_job.py --lake lake                                     the built-in, synthetic sample
    python dags/main_job.py --lake lake --programme us_california \\
        --sessions acn_csv=sessions.csv --grid ciso_mix_csv=grid.csv        files of your own

Not a DAG. It runs ingest_grid_mix, ingest_charging_sessions, account_vintage and publish_points through `dag.test()`,
with no scheduler and no service, and ends with the summary and the publication's path. What it runs is what the
scheduler would run. A second run finds nothing to do and posts nothing.

Airflow's own words go to a file in its home (AIRFLOW_HOME, else .airflow in this checkout). Exit codes: 0 done, 1 a DAG
failed, 2 usage, 3 everything is posted and published but changes to final awards, or beyond a threshold, await approval.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import embedded_airflow
from chargeledger import asking, rooms, synthetic
from chargeledger.errors import UsageError
from chargeledger.place import place

DONE, FAILED, APPROVAL_NEEDED = 0, 1, 3
HELD = "nothing_held"  # the task of account_vintage that fails when changes await approval


class Progress:
    """Listens to Airflow and tells a person what each task did. `reason` is what the last failing one said."""

    def __init__(self, console: TextIO) -> None:
        from airflow.listeners import hookimpl
        from airflow.sdk.listener import get_listener_manager

        self.console, self.reason, self.began = console, "", time.monotonic()
        for name in ("on_task_instance_running", "on_task_instance_success", "on_task_instance_failed"):
            hookimpl(getattr(type(self), name))
        get_listener_manager().add_listener(self)

    def say(self, line: str) -> None:
        print(line, file=self.console)

    def on_task_instance_running(self) -> None:
        self.began = time.monotonic()

    def on_task_instance_success(self, task_instance: Any) -> None:
        self.say(f"  done    {self._task(task_instance)}")

    def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
        self.reason = reason_of(error)
        self.say(f"  failed  {self._task(task_instance)}")

    def _task(self, task_instance: Any) -> str:
        seconds = time.monotonic() - self.began
        return f"{task_instance.task_id} {task_instance.rendered_map_index or ''}".ljust(70) + f"{seconds:6.1f} s"


def reason_of(error: object) -> str:
    """What an error says: a refusal is a message for people, anything else needs its name."""
    kind = type(error).__name__
    return str(error) if kind == "AirflowFailException" else f"{kind}: {error}"


@contextmanager
def output_to(log: Path) -> Iterator[TextIO]:
    """What this process and its libraries print goes to the file; what is yielded still reaches the console."""
    streams = (sys.stdout, sys.stderr)
    kept = [os.dup(stream.fileno()) for stream in streams]
    with log.open("ab") as out, os.fdopen(os.dup(kept[0]), "w", buffering=1) as console:
        try:
            for stream in streams:
                stream.flush()
                os.dup2(out.fileno(), stream.fileno())
            yield console
        finally:
            for stream, descriptor in zip(streams, kept, strict=True):
                stream.flush()
                os.dup2(descriptor, stream.fileno())
                os.close(descriptor)


def file_of(*relations: str) -> Callable[[str], tuple[str, list[str]]]:
    """Reads SOURCE=PATH, where the source is one of those relations."""
    known = sorted({source for relation in relations for source in rooms.source_names(relation)})

    def source_and_path(text: str) -> tuple[str, list[str]]:
        source, _, path = text.partition("=")
        if not path or source not in known:
            said = f"{text!r} is not SOURCE=PATH with a source of {', '.join(relations)}: {', '.join(known)}"
            raise argparse.ArgumentTypeError(said)
        return source, [str(Path(path).resolve())]

    return source_and_path


def steps(told: argparse.Namespace, home: Path) -> list[tuple[str, dict[str, Any]]]:
    """The DAG runs of the job, in order, each with its parameters."""
    grid, sessions, at = told.grid, told.sessions, told.at
    if not (grid or sessions):
        shutil.rmtree(home / "sample", ignore_errors=True)
        written = synthetic.write_built_in(home / "sample")
        print(written["says"])
        os.environ["CHARGELEDGER_INBOX"] = str(home / "sample")  # every source's folder, as an operator's inbox is
        grid = sessions = [("", [])]
        at = at or written["at"]
    here = {"lake": told.lake, "at": at}
    return [
        *(("ingest_grid_mix", {"source": source, "paths": paths, **here}) for source, paths in grid),
        *(("ingest_charging_sessions", {"source": source, "paths": paths, **here}) for source, paths in sessions),
        ("account_vintage", {"programme": told.programme, **here}),
        ("publish_points", here),
    ]


def run_dag(dag_id: str, params: dict[str, Any]) -> tuple[bool, set[str]]:
    """Run one DAG to its end. Whether it succeeded, and the tasks that failed."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(embedded_airflow.DAGS)
    if dag_id not in bag.dags:
        raise ImportError("\n".join(bag.import_errors.values()) or f"{dag_id} is not in {embedded_airflow.DAGS}")
    ended = bag.dags[dag_id].test(run_conf=params)
    return ended.state == "success", {task.task_id for task in ended.get_task_instances() if task.state == "failed"}


def run(job: list[tuple[str, dict[str, Any]]], log: Path) -> int:
    """Run the job's DAGs in order until one fails; the exit code."""
    exit_code = DONE
    with output_to(log) as console:
        progress = Progress(console)
        for dag_id, params in job:
            progress.say(dag_id)
            try:
                succeeded, failed = run_dag(dag_id, params)
            except Exception as error:
                traceback.print_exc()
                progress.reason, succeeded, failed = reason_of(error), False, set()
            if failed == {HELD}:
                exit_code = APPROVAL_NEEDED
            elif not succeeded:
                exit_code = FAILED
                break
    if exit_code != DONE:
        print(f"{progress.reason}\nAirflow's log of this run: {log}", file=sys.stderr)
    return exit_code


def main() -> int:
    """Run the job and show what came of it."""
    parser = argparse.ArgumentParser(description="Run the main job through its DAGs, in one process.")
    parser.add_argument(
        "--lake",
        default=os.environ.get("CHARGELEDGER_LAKE") or "lake",
        help="the lake: a folder, or s3://bucket/prefix",
    )
    parser.add_argument("--programme", default="cn_green_energy", choices=rooms.programme_names())
    parser.add_argument("--sample", action="store_true", help="the built-in sample; so it is when no files are given")
    parser.add_argument(
        "--sessions", action="append", default=[], type=file_of("charging_session"), metavar="SOURCE=PATH"
    )
    supply = file_of("grid_mix_hour", "green_supply_hour", "certificate")
    parser.add_argument("--grid", action="append", default=[], type=supply, metavar="SOURCE=PATH")
    parser.add_argument("--at", default="", help="ISO 8601 instant with offset that is taken for now")
    told = parser.parse_args()
    if told.sample and (told.sessions or told.grid):
        parser.error("--sample goes without --sessions and --grid")
    try:
        told.lake = str(place(told.lake))
    except UsageError as error:
        parser.error(str(error))

    home = embedded_airflow.settle()
    log = home / "main_job.log"
    embedded_airflow.migrate(log)
    exit_code = run(steps(told, home), log)
    if exit_code != FAILED:
        asking.summary(told.lake, told.programme)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
