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
