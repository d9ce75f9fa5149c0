"""The steps of a day and what they are held against: each the whole work of one process, told in its own words."""

from __future__ import annotations

import importlib
import json
import os
import time
from pathlib import Path
from typing import Any

PROGRAMME, VERSION = "cn_green_energy", "cn_ev_charging@1.2.0"
SENT = {"parquet": ("session_parquet",), "tcec": ("station_csv", "session_owner_csv", "tcec_charge_order")}
MORE = 100_000
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
        """One session, late."""
        return self._come_later("late", 1)

    def more(self) -> dict[str, Any]:
        """A batch within the day, while the others are in."""
        return self._come_later("more", MORE)

    def _come_later(self, name: str, count: int) -> dict[str, Any]:
        """Sessions like the first ones, with order numbers and connectors that nobody has told yet, from their file to the feed.

        Most have points, so most have an entry.
        """
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq
        from pyarrow.dataset import dataset

        from chargeledger import feed, flow

        told = dataset(self.read_by_rivals).head(count)
        for column in ("order_number", "connector_id"):
            at = told.schema.get_field_index(column)
            said = pc.binary_join_element_wise(pa.scalar(name), told.column(at).cast("string"), "-")
            told = told.set_column(at, column, said)
        sent = self.folder / f"{name}.parquet"
        pq.write_table(told, sent)
        last = feed.open_feed(self.lake).last
        marks = [time.perf_counter()]
        flow.ingest("session_parquet", [str(sent)], self.lake, self.at)
        marks.append(time.perf_counter())
        posted = flow.account(self.lake, None, PROGRAMME, at=self.at)["posted_entries"]
        marks.append(time.perf_counter())
        flow.publish(self.lake, self.at)
        marks.append(time.perf_counter())
        read = feed.read(last, None, lake=self.lake).num_rows
        marks.append(time.perf_counter())
        if not 0.9 * told.num_rows <= posted == read:
            raise RuntimeError(
                f"{told.num_rows} sessions came later: {posted} entries were posted and {read} are in the feed"
            )
        said = ("landed and staged", "accounted", "published", "read in the feed")
        inner = {each: end - start for each, start, end in zip(said, marks, marks[1:], strict=False)}
        return {"sessions": told.num_rows, "inner": inner}

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
