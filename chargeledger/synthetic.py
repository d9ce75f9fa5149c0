"""The synthetic sample at any size: `chargeledger sample`. Nothing in it was measured; the same arguments give the same bytes.

What a charge is, and how it is told, stands in transforms/sample/. This module says what is asked, runs it for one operator
and day after the other, and writes the files, in folders named by the source that reads them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from chargeledger.engine import Engine, quoted
from chargeledger.errors import UsageError
from chargeledger.sample_grid import midnight, write_grid
from chargeledger.source import load_source
from chargeledger.synthetic_notes import SAMPLE_SQL, write_notes

FIRST_DAY = date(2026, 3, 9)  # a Monday
AGGREGATOR = "SYNTH0009"
BEFORE_SESSIONS = ("grid_mix_csv", "green_supply_csv", "certificate_csv")  # as the DAGs land them
FORMATS = {"tcec": "tcec_charge_order", "parquet": "session_parquet"}
PLAN = ("defect", "manner", "invented_operator", "county", "slot", "cell", "pool", "place", "asked_account")
# A line of text as it is: no quote, no escape, and a delimiter that stands in none.
LINES = r"FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01'"
IN_ORDER = "ORDER BY day, ended_s, no, telling_no"
TABLE = "FORMAT csv, HEADER true"
COLUMNAR = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"
MEMORY = "4GB"  # of the SQL engine: a day of 10 million charges; what needs more is spilled beside the files
Report = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What is asked for. Raises UsageError where that cannot be written."""

    sessions: int = 3000
    days: int = 3
    seed: int = 1
    form: str = "tcec"
    clean: bool = False

    def __post_init__(self) -> None:
        for name, least, most in (("sessions", 1, 500_000_000), ("days", 1, 366), ("seed", 0, 2**32 - 1)):
            if not least <= getattr(self, name) <= most:
                raise UsageError(f"--{name} is {getattr(self, name)}: it takes {least} to {most:,}")
        if self.form not in FORMATS:
            raise UsageError(f"--format is '{self.form}': it takes {' or '.join(FORMATS)}")

    @property
    def source(self) -> str:
        """The source that reads the sessions."""
        return FORMATS[self.form]

    @property
    def last_day(self) -> date:
        return FIRST_DAY + timedelta(days=self.days - 1)


def write_synthetic(out: Path | str, asked: Asked, report: Report | None = None) -> dict[str, Any]:
    """Write the sample into the empty folder `out`. Returns what its manifest.json says. Raises UsageError."""
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there and not an empty folder. Name a new one, so that two samples never mix")
    folder.mkdir(parents=True, exist_ok=True)
    with Engine(spill=folder) as engine:
        if not os.environ.get("CHARGELEDGER_MEMORY_LIMIT"):
            engine.con.execute(f"SET memory_limit = {quoted(MEMORY)}")
        _plan(engine, asked)
        writer = _Writer(engine, asked, folder, report or _silent)
        writer.sessions()
        writer.surroundings()
        files = sorted(writer.files, key=lambda file: file["source"] not in BEFORE_SESSIONS)
        return write_notes(engine, asked, folder, files)


def write_built_in(folder: Path) -> dict[str, Any]:
    """Write the sample that a run without files takes, and only what it takes, so that the folder is an inbox.

    Returns says, sources (in landing order, each with its files) and at.
    """
    manifest = write_synthetic(folder, Asked())
    left = manifest["not_ingested"]
    sources: dict[str, list[str]] = {}
    for file in (file for delivery in manifest["deliveries"] for file in delivery["files"]):
        if file["path"] in left:
            (folder / file["path"]).unlink()
        else:
            sources.setdefault(file["source"], []).append(str(folder / file["path"]))
    return {"says": manifest["says"], "sources": sources, "at": manifest["at"]}


def _silent(line: str) -> None:
    """Nobody is there to listen."""
    del line


def _plan(engine: Engine, asked: Asked) -> None:
    """What is asked, and how many charges, stations and accounts follow from it."""
    engine.load_words("sample")
    engine.con.execute(
        f"""CREATE TABLE asked AS SELECT CAST({asked.sessions} AS BIGINT) AS sessions, CAST({asked.days} AS BIGINT) AS days,
        stirred(CAST({asked.seed} AS BIGINT)) AS seed_mark, DATE '{FIRST_DAY}' AS first_day,
        {asked.clean} AS is_clean, {_tells(asked)} AS tells, '{AGGREGATOR}' AS aggregator_id"""
    )
    for relation in PLAN:
        engine.table(relation, SAMPLE_SQL / f"{relation}.sql")


def _tells(asked: Asked) -> list[str]:
    """What a row of the asked format tells: only what it tells can be told wrong."""
    if asked.form == "tcec":
        return ["order", "connector", "details"]
    has_connector = "connector_id" in load_source(asked.source).definition.column_names
    return ["order", "connector"] if has_connector else ["order"]


class _Writer:
    """Writes file after file; `files` is what was written."""

    def __init__(self, engine: Engine, asked: Asked, folder: Path, report: Report) -> None:
        self.engine, self.asked, self.folder, self.report = engine, asked, folder, report
        self.files: list[dict[str, Any]] = []
        self.charges = 0

    def sessions(self) -> None:
        """The session files of every operator, then those of the aggregator; and who owns the charges."""
        for operator, days in self._operators():
            for day in days:
                self._day(operator, day)
            if self.asked.form == "tcec":
                self._write("session_owner_csv", f"synthetic_{operator}.csv", self._sql("owner_row"), TABLE)
            self._deliver(f"SELECT * FROM later_telling {IN_ORDER}", f"synthetic_{operator}_later", 2)
            self.engine.con.execute("DROP TABLE owner_told; DROP TABLE later_telling")
        for (day,) in self._rows("SELECT DISTINCT day FROM aggregated_telling ORDER BY day"):
            rows = f"SELECT * FROM aggregated_telling WHERE day = DATE '{day}' {IN_ORDER}"
            self._deliver(rows, f"synthetic_{AGGREGATOR}_{day}", 1)

    def _operators(self) -> Iterator[tuple[str, list[date]]]:
        rows = self._rows(
            "SELECT operator_id, list(DISTINCT day ORDER BY day) FROM cell WHERE charges > 0 GROUP BY ALL ORDER BY ALL"
        )
        yield from ((str(operator), list(days)) for operator, days in rows)

    def _day(self, operator: str, day: date) -> None:
        con = self.engine.con
        con.execute(
            f"CREATE OR REPLACE TABLE asked_file AS SELECT {quoted(operator)} AS operator_id, DATE '{day}' AS day"
        )
        for relation in ("charge", "telling"):
            self.engine.table(relation, SAMPLE_SQL / f"{relation}.sql")
        for relation in ("told_total", "true_total", "control_total"):
            self._gather(relation, f"({self._sql(relation)})")
        self._gather("later_telling", "(SELECT * FROM telling WHERE delivery = 'second')")
        self._gather("aggregated_telling", "(SELECT * FROM telling WHERE delivery = 'aggregator')")
        self._deliver("SELECT * FROM telling WHERE delivery = 'first'", f"synthetic_{operator}_{day}", 1)
        self._gather("owner_told", "(SELECT operator_id, day, no, account_no FROM charge WHERE told_as <> 'no_owner')")
        self.charges += self.engine.scalar("SELECT count(*) FROM charge")
        self.report(f"written {operator} {day}: {self.charges:,} of {self.asked.sessions:,} sessions")

    def _deliver(self, rows: str, name: str, delivery: int) -> None:
        """One file of sessions in the format that is asked for."""
        if not self.engine.count(rows):
            return
        self.engine.con.execute(f"CREATE OR REPLACE TEMP VIEW delivered AS {rows}")
        if self.asked.form == "tcec":
            self._write(self.asked.source, f"{name}.jsonl", self._sql("order_line"), LINES, delivery)
            return
        known = load_source(self.asked.source).definition.column_names
        given = {row[0] for row in self._rows(f"DESCRIBE {self._sql('session_row')}")}
        columns = ", ".join(f'"{column}"' for column in known if column in given)
        sql = f"SELECT {columns} FROM ({self._sql('session_row')})"
        self._write(self.asked.source, f"{name}.parquet", sql, COLUMNAR, delivery)

    def surroundings(self) -> None:
        """What sessions are judged by: stations, enrolments, control totals, green supply, certificates, the grid."""
        self._write("tcec_station", "synthetic_stations.jsonl", self._sql("station_line"), LINES)
        self._write("station_csv", "synthetic_stations.csv", self._sql("station_row"), TABLE)
        self._write("enrolment_csv", "synthetic_enrolments.csv", self._sql("enrolment_row"), TABLE)
        self.engine.table("control_deviation", SAMPLE_SQL / "control_deviation.sql")
        self._write("delivery_control_csv", "synthetic_control_totals.csv", self._sql("control_row"), TABLE)
        self._supply()
        grid = self.folder / "grid_mix_csv"
        grid.mkdir()
        since, until = midnight(FIRST_DAY - timedelta(days=2)), midnight(self.asked.last_day + timedelta(days=2))
        paths, _ = write_grid(grid, since, until, with_defects=not self.asked.clean)
        for path in paths:
            rows = len(path.read_bytes().splitlines()) - 1
            self.files.append(
                {"path": f"{grid.name}/{path.name}", "source": "grid_mix_csv", "rows": rows, "delivery": 1}
            )

    def _supply(self) -> None:
        """Green supply, and its certificates: first as issued, in the second delivery those that were retired since."""
        for relation in ("green_supply_row", "certificate_row"):
            self.engine.table(relation, SAMPLE_SQL / f"{relation}.sql")
        held = "SELECT * REPLACE (NULL AS retired_at, NULL AS retirement_reference) FROM certificate_row"
        retired = "SELECT * FROM certificate_row WHERE retired_at IS NOT NULL"
        for source, name, rows, delivery in (
            ("green_supply_csv", "synthetic_green_supply.csv", "SELECT * FROM green_supply_row", 1),
            ("certificate_csv", "synthetic_certificates.csv", held, 1),
            ("certificate_csv", "synthetic_certificates_later.csv", retired, 2),
        ):
            if self.engine.count(rows):  # a small sample gives no whole MWh
                self._write(source, name, rows, TABLE, delivery)

    def _write(self, source: str, name: str, sql: str, form: str, delivery: int = 1) -> None:
        path = self.folder / source / name
        path.parent.mkdir(exist_ok=True)
        ((rows,),) = self._rows(f"COPY ({sql}) TO {quoted(path)} ({form})")
        self.files.append({"path": f"{source}/{name}", "source": source, "rows": rows, "delivery": delivery})

    def _gather(self, relation: str, rows: str) -> None:
        """Add rows to a table that grows from day to day."""
        self.engine.con.execute(f"CREATE TABLE IF NOT EXISTS {relation} AS SELECT * FROM {rows} LIMIT 0")
        self.engine.con.execute(f"INSERT INTO {relation} SELECT * FROM {rows}")

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.engine.con.execute(sql).fetchall()

    def _sql(self, relation: str) -> str:
        return (SAMPLE_SQL / f"{relation}.sql").read_text(encoding="utf-8")
