"""Where a publication is, and what it says of itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chargeledger.errors import UsageError
from chargeledger.lake import Lake
from chargeledger.place import on_this_machine

DATABASE = "chargeledger.duckdb"


@dataclass(frozen=True)
class Published:
    """The current publication: its directory and manifest."""

    path: Path
    manifest: dict[str, Any]
    digest: str

    @property
    def database(self) -> Path:
        """Its database; of an object store a copy."""
        return on_this_machine(self.path / DATABASE)


def current(lake: Lake) -> Published | None:
    """The publication that `published/CURRENT` names, or None before the first."""
    pointer = lake.root / "published" / "CURRENT"
    if not pointer.exists():
        return None
    path = lake.root / "published" / pointer.read_text(encoding="ascii").strip()
    raw = (path / "manifest.json").read_bytes()
    return Published(path, json.loads(raw), hashlib.sha256(raw).hexdigest())


def require_current(lake: Lake) -> Published:
    """The current publication. Raises UsageError before the first."""
    found = current(lake)
    if found is None:
        raise UsageError(f"the lake at {lake.root} has no publication yet: run 'chargeledger publish' or 'run' first")
    return found
