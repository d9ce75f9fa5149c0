"""A small book of sessions: rows of the canonical files written by hand, a lake to send them to, and a plain reading of it.

What is read back is read with plain Python from the files of the lake; no SQL and no function of the package takes part.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
from deltalake import DeltaTable

from chargeledger import flow

KEY = "5a" * 32  # the same as in tests/conftest.py
CN, US = "cn_green_energy", "us_california"
# Two days after the sessions: Chinese vintages of 9 to 11 March are provisional, Californian ones until the 10th final.
AT = "2026-03-12T00:00:00Z"
NOON = "2026-03-10T20:00:00Z"  # 13:00 of the 10th in Los Angeles: that vintage is not over
HOUR, NEXT = "2026-03-10T17:00:00Z", "2026-03-10T18:00:00Z"  # of the Californian sessions
SESSION_COLUMNS = (
    "operator,order_number,revised_at,account,station_id,region,power_type,metering_point,rated_kw,"
    "started_at,ended_at,energy_kwh"
)
SOURCES = ("coal", "gas", "oil", "nuclear", "hydro", "wind", "solar", "biomass", "geothermal", "unknown")
GRID_COLUMNS = "region,hour_start," + ",".join(f"{source}_mwh" for source in SOURCES)
# Points, and the five signed amounts: reductions = points x 10^9 + the other four.
PARTS = ("points", "emission_reductions_ng", "not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")
Row = dict[str, Any]
Key = tuple[str, str, str, str]  # programme, session, vintage, user


def charge(
    order: str,
    kwh: str,
    account: str = "alice",
    ended: str = "2026-03-09T12:00:00+08:00",
    *,
    started: str | None = None,
    region: str = "CN-GRID-EAST",
    revised: str = "",
    meter: str = "AC,ac_input",
) -> str:
    """A row of session_csv: an AC charge, of two hours unless the start is told."""
    started = started or (datetime.fromisoformat(ended) - timedelta(hours=2)).isoformat()
    return f"OP,{order},{revised},{account},ST,{region},{meter},,{started},{ended},{kwh}"


def charge_us(order: str, kwh: str, account: str = "alice", ended: str = "2026-03-10T18:00:00Z", **told: str) -> str:
    """A Californian row: one whole UTC hour unless the start is told; 18:00Z is 11:00 of the 10th in Los Angeles."""
    hour = (datetime.fromisoformat(ended) - timedelta(hours=1)).isoformat()
    return charge(order, kwh, account, ended, started=told.pop("started", hour), region="US-CAL-CISO", **told)


def mix(hour: str, **mwh: str | int) -> str:
    """A row of grid_mix_csv for California; sources that are not told stay empty."""
    return f"US-CAL-CISO,{hour}," + ",".join(str(mwh.get(source, "")) for source in SOURCES)


def user(account: str) -> str:
    """The pseudonym of an account, by the standard library alone."""
    return hmac.new(bytes.fromhex(KEY), f"account\0{account}".encode(), hashlib.sha256).hexdigest()


class Book:
    """A lake in a folder, and the files that were sent to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake = str(folder / "lake")
        self.sent = folder / "sent"
        self.sent.mkdir(parents=True, exist_ok=True)

    def copy(self, folder: Path) -> Book:
        """The same book in another place."""
        shutil.copytree(self.folder, folder)
        return Book(folder)

    def sessions(self, *rows: str, at: str = AT) -> Row:
        """Send one session file; returns what ingest tells of it."""
        return self._send("session_csv", SESSION_COLUMNS, rows, at)

    def grid(self, *rows: str, at: str = AT) -> Row:
        """Send one file of generation mix."""
        return self._send("grid_mix_csv", GRID_COLUMNS, rows, at)

    def send(self, source: str, *rows: Row, at: str = AT) -> Row:
        """Send one file of any source; each row tells the same columns."""
        return self._send(source, ",".join(rows[0]), [",".join(row.values()) for row in rows], at)

    def _send(self, source: str, header: str, rows: Iterable[str], at: str) -> Row:
        path = self.sent / f"{len(list(self.sent.iterdir())):03d}_{source}.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return flow.ingest(source, [str(path)], self.lake, at)[0]

    def account(self, vintages: str | None = None, programme: str | None = None, at: str = AT) -> Row:
        return flow.account(self.lake, vintages, programme, at=at)

    def publish(self, at: str = AT) -> Row:
        return flow.publish(self.lake, at)

    @property
    def root(self) -> Path:
        return Path(self.lake)

    def entries(self) -> list[Row]:
        """Every entry of the ledger, in the order of seq."""
        rows = DeltaTable(str(self.root / "ledger" / "ledger_entry")).to_pyarrow_table().to_pylist()
        return sorted(rows, key=lambda row: row["seq"])

    def staged(self, relation: str) -> list[Row]:
        """Every row of a staged relation; none where it was never written."""
        path = self.root / "staged" / relation
        return DeltaTable(str(path)).to_pyarrow_table().to_pylist() if path.exists() else []

    def commits(self) -> list[Row]:
        """What each commit of the ledger says of itself, oldest first."""
        history = DeltaTable(str(self.root / "ledger" / "ledger_entry")).history()
        return [json.loads(entry["chargeledger"]) for entry in reversed(history) if "chargeledger" in entry]

    def states(self, relation: str, *key: str) -> dict[Any, Row]:
        """The newest committed row of a state relation, by key (one column: its value, more: a tuple)."""
        newest: dict[Any, Row] = {}
        for commit in self.commits():
            path = self.root / "ledger" / "state" / relation / f"{commit['receipt']}.parquet"
            for row in pq.read_table(path).to_pylist() if path.exists() else []:
                named = tuple(row[name] for name in key)
                newest[named if len(key) > 1 else named[0]] = row
        return newest

    def session(self, session_id: str) -> Row:
        return self.states("session_state", "session_id")[session_id]

    def vintages(self) -> dict[tuple[str, str], str]:
        """State by programme and vintage."""
        found = self.states("vintage_state", "programme", "vintage")
        return {(programme, vintage.isoformat()): row["state"] for (programme, vintage), row in found.items()}

    def publication(self) -> Path:
        """The directory that the pointer names."""
        return self.root / "published" / (self.root / "published" / "CURRENT").read_text().strip()

    def manifest(self) -> Row:
        """The manifest of the current publication."""
        return json.loads((self.publication() / "manifest.json").read_text())

    def published(self, relation: str) -> list[Row]:
        """Rows of a relation of the current publication, as a reader opens it."""
        path = self.publication() / "chargeledger.duckdb"
        locked = {"enable_external_access": "false", "lock_configuration": "true"}
        with duckdb.connect(str(path), read_only=True, config=locked) as con:
            return con.sql(f"SELECT * FROM {relation}").to_arrow_table().to_pylist()

    def sums(self) -> dict[tuple[str, str, str], tuple[int, int]]:
        """Points and reductions by programme, user and vintage, folded by hand; keys that hold nothing are left out."""
        held: dict[tuple[str, str, str], tuple[int, int]] = {}
        for entry in self.entries():
            key = (entry["programme"], entry["user_id"], entry["vintage"].isoformat())
            points, reductions = held.get(key, (0, 0))
            held[key] = (points + entry["points"], reductions + int(entry["emission_reductions_ng"]))
        return {key: total for key, total in held.items() if total != (0, 0)}

    def stands(self) -> dict[Key, tuple[int, ...]]:
        """What stands by programme, session, vintage and user: PARTS, folded by hand; keys that hold nothing are left out."""
        held: dict[Key, tuple[int, ...]] = {}
        for entry in self.entries():
            key = (entry["programme"], entry["session_id"], entry["vintage"].isoformat(), entry["user_id"])
            before = held.get(key, (0,) * len(PARTS))
            held[key] = tuple(was + int(entry[name]) for was, name in zip(before, PARTS, strict=True))
        return {key: amounts for key, amounts in held.items() if any(amounts)}


def told(entry: Row, *columns: str) -> tuple[Any, ...]:
    """Some columns of an entry, decimals as integers and days as text."""
    return tuple(
        int(entry[name]) if name.endswith("_ng") else str(entry[name]) if name == "vintage" else entry[name]
        for name in columns
    )
