"""Where an entry or a state can be read: in which publication since when, and in which file of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chargeledger.lake import Lake
from chargeledger.published import current
from chargeledger.table import file_rows_where

Row = dict[str, Any]


@dataclass(frozen=True)
class Publications:
    """Kept publications, newest first, as far back as asked for; `segments` are those of the current one."""

    folder: Path
    manifests: tuple[Row, ...]
    segments: tuple[Row, ...]

    @classmethod
    def of(cls, lake: Lake, since: int) -> Publications:
        """Those that hold the ledger at version `since` or later: the current one and, by digest, those before it."""
        folder, newest = lake.root / "published", current(lake)
        if newest is None:
            return cls(folder, (), ())
        chain = [newest.manifest]
        numbers = sorted((int(path.name) for path in folder.iterdir() if path.name.isdigit()), reverse=True)
        for number in numbers:
            if chain[-1]["ledger_version"] < since:
                break
            path = folder / str(number) / "manifest.json"
            raw = path.read_bytes() if path.exists() else b""
            if hashlib.sha256(raw).hexdigest() == chain[-1]["previous_digest"]:
                chain.append({name: said for name, said in json.loads(raw).items() if name != "segments"})
        return cls(folder, tuple(chain), tuple(newest.manifest["segments"]))

    def of_entry(self, entry: Row) -> Row:
        """The first kept publication with an entry, and its segment; both None where it is not published yet."""
        having = [each["number"] for each in self.manifests if each["last_seq"] >= entry["seq"]]
        return {"publication": having[-1] if having else None, "segment": self._segment(entry) if having else None}

    def _segment(self, entry: Row) -> str | None:
        listed = [
            str(segment["path"])
            for segment in self.segments
            if segment["relation"] == "ledger_entry" and segment["first_seq"] <= entry["seq"] <= segment["last_seq"]
        ]
        for path in listed if len(listed) > 1 else []:
            if file_rows_where([str(self.folder / path)], ["seq"], seq=entry["seq"]).num_rows:
                return path
        return listed[0] if listed else None

    def of_state(self, state: Row | None) -> Row:
        """The first kept publication that knows a state; None where none does."""
        known = [m["number"] for m in self.manifests if state and m["ledger_version"] >= state["ledger_version"]]
        return {"publication": known[-1] if known else None}
