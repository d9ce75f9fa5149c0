"""Bugs to be planted, each named by what it does wrong: another text of the SQL, or another piece of Python.

An alteration whose anchor is no longer there fails before a life begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from deltalake import CommitProperties, DeltaTable

from chargeledger import accounting, approval, awarding, computation, engine, feed, holding, publication, reading
from chargeledger import table as tables
from chargeledger.errors import LostRace
from chargeledger.lake import Lake
from chargeledger.whole_file import write_file
from tests.ledger import altered

Plant = Callable[[pytest.MonkeyPatch, Path], None]
READS_ACCOUNT_SQL = (computation, awarding, holding, approval)


def sql(room: str, relation: str, old: str, new: str) -> Plant:
    """Other SQL: in a room of transforms, or in the last step of both versions."""

    def plant(patch: pytest.MonkeyPatch, folder: Path) -> None:
        if room == "account":
            altered.account_sql(patch, folder, relation, old, new)
            for module in READS_ACCOUNT_SQL:
                patch.setattr(module, "ACCOUNT_SQL", folder / "account")
        elif room == "award":
            for version in ("cn_ev_charging@1.2.0", "us_ev_charging@1.0.0"):
                altered.version_sql(patch, folder, version, relation, old, new)
        else:
            {"publish": altered.publish_sql, "staging": altered.staging_sql}[room](patch, folder, relation, old, new)

    return plant


def python(module: Any, name: str, around: Callable[[Any], Any]) -> Plant:
    """Another function around, or in place of, one of the package."""
    return lambda patch, _: patch.setattr(module, name, around(getattr(module, name)))


def _plain_append(_: Any) -> Any:
    def append(table: DeltaTable, rows: Any, metadata: Any = None, landing_digest: str | None = None) -> int:
        said = CommitProperties(custom_metadata=metadata)
        tables.write_deltalake(table, rows, mode="append", commit_properties=said)
        return int(DeltaTable(table.table_uri).version())

    return append


def _lost_retry(real: Any) -> Any:
    def once(*args: Any) -> Any:
        try:
            return real(*args)
        except LostRace:
            return {
                "receipt": None,
                "posted_entries": 0,
                "posted_points": 0,
                "touched": 0,
                "held": [],
                "proposed": None,
            }

    return once


def _one_too_far(real: Any) -> Any:
    return lambda *args: {span: batch_seq + 1 for span, batch_seq in real(*args).items()}


def _whole_programme(real: Any) -> Any:
    def marks(*args: Any) -> Any:
        found: dict[tuple[object, ...], int] = {}
        for (programme, *_), batch_seq in real(*args).items():
            found[programme, None, None] = max(batch_seq, found.get((programme, None, None), 0))
        return found

    return marks


def _pointer_first(real: Any) -> Any:
    def build(lake: Lake, building: Path, number: int, *args: Any) -> None:
        write_file(lake.root / "published" / "CURRENT", str(number).encode())
        real(lake, building, number, *args)

    return build


def _rewritten(real: Any) -> Any:
    def segments(lake: Lake, engine: Any, commits: Any, before: Any, shards: int) -> Any:
        for listed in (before or {"segments": []})["segments"][:1]:
            path = lake.root / "published" / listed["path"]
            rows = pq.read_table(path, partitioning=None)
            path.chmod(0o644)
            pq.write_table(rows, path, compression="snappy")
        return real(lake, engine, commits, before, shards)

    return segments


def _late_page(real: Any) -> Any:
    def between(self: feed.Feed, after: int, upto: int) -> Any:
        rows = real(self, after, upto)
        return rows.slice(1) if after and rows.num_rows > 1 else rows

    return between


def _counts_what_it_touched(real: Any) -> Any:
    def document(*args: Any) -> Any:
        said = real(*args)
        return said | {"counts": said["counts"] | {"entries": said["counts"]["touched"]}}

    return document


def _but_refused(real: Any) -> Any:
    def replace(engine: Any, column: str, *args: Any) -> None:
        engine.con.execute("CREATE OR REPLACE TABLE as_told AS SELECT * FROM landed_row")
        real(engine, column, *args)
        if "energy_kwh" in engine.con.table("landed_row").columns:
            engine.con.execute(
                f"""UPDATE landed_row SET "{column}" = t."{column}" FROM as_told AS t
                WHERE t.row_number = landed_row.row_number AND t.energy_kwh LIKE '-%'"""
            )

    return replace


def _nothing(_: Any) -> Any:
    return lambda *_args, **_options: None


MUTATIONS: dict[str, Plant] = {
    **{
        name: sql(**told)
        for name, told in yaml.safe_load((Path(__file__).parent / "sql_mutations.yaml").read_text()).items()
    },
    "a plain append": python(engine, "append_if_unchanged", _plain_append),
    "a lost retry": python(accounting, "_account_once", _lost_retry),
    "watermark one too far": python(computation, "_watermarks", _one_too_far),
    "watermark of a scope taken for all": python(computation, "_watermarks", _whole_programme),
    "pointer before verification": python(publication, "_build", _pointer_first),
    "a segment rewritten": python(publication, "write_segments", _rewritten),
    "a page of the feed begins too late": python(feed.Feed, "_between", _late_page),
    "what is held leaves its connector": python(awarding, "stand_on_connectors", _nothing),
    "a receipt counts what it touched": python(accounting, "run_document", _counts_what_it_touched),
    "an account stays in a refused row": python(reading, "_pseudonymise", _but_refused),
}
# The life that is known to find each, the first from seed 1 on or another one. What is not named no life found that was tried.
_TOLD: dict[str, dict[str, int]] = yaml.safe_load((Path(__file__).parent / "found.yaml").read_text())
FIRST = _TOLD["first"]
FOUND = FIRST | _TOLD["lived"]


@contextmanager
def planted(name: str | None, folder: Path) -> Iterator[None]:
    """The package with one of these bugs, or as it is."""
    if name is None:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        MUTATIONS[name](patch, folder)
        yield
