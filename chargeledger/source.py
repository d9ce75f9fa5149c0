"""Source definitions: how one format of one kind of sender is read. Data, not code: adding one touches no Python."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chargeledger import rooms
from chargeledger.contract import Contract, contract, read_contract
from chargeledger.errors import Refused, UsageError


@dataclass(frozen=True)
class Source:
    """One source: `relations[0]` is the relation whose key its rows carry; the others come from the same rows."""

    name: str
    definition: Contract
    reader: dict[str, Any]
    relations: tuple[str, ...]
    constants: dict[str, str]
    identity: dict[str, str]
    sql_folder: str
    sql_room: Path | None = None

    @property
    def relation(self) -> str:
        return self.relations[0]

    @property
    def contract(self) -> Contract:
        """The contract of the relation whose key the rows carry."""
        return contract(self.relation)

    def sql(self, relation: str) -> Path:
        """The SQL that turns landed rows into `relation`."""
        return (self.sql_room or rooms.TRANSFORMS / "sources") / self.sql_folder / f"{relation}.sql"

    def digest(self) -> str:
        """SHA-256 over everything that decides what this source accepts."""
        texts = [self.definition.path, self.contract.path, *rooms.references()]
        texts += [self.sql(relation) for relation in self.relations]
        texts += [*sorted((rooms.TRANSFORMS / "staging").glob("*.sql")), rooms.TRANSFORMS / "prelude" / "ingest.sql"]
        return hashlib.sha256(b"\0".join(path.read_bytes() for path in texts)).hexdigest()


@cache
def load_source(name: str) -> Source:
    """Read `data_contracts/sources/<name>.yaml`. Raises UsageError where there is none."""
    known = rooms.source_names()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise UsageError(f"unknown source '{name}'.{hint} Known sources: {', '.join(known)}")
    return read_source(rooms.CONTRACTS / "sources" / f"{name}.yaml")


def read_source(path: Path, sql_room: Path | None = None) -> Source:
    """Read a source definition; its SQL lies in the project, or below `sql_room`. Raises Refused where it is none."""
    definition = read_contract(path)
    custom, name = definition.custom, definition.name
    if missing := [owed for owed in ("reader", "relations", "zone", "identity", "constants") if owed not in custom]:
        raise Refused(f"{definition.file} is not a source definition: customProperties lack {', '.join(missing)}")
    carried = [f"{c} with {i}" for c in definition.column_names for i in custom["identity"] if i.startswith(f"{c}.")]
    if carried:
        raise Refused(f"{definition.file}: a column may not carry an identity as it was sent: {', '.join(carried)}")
    constants = {key: str(value) for key, value in custom["constants"].items()}
    constants["zone"] = custom["zone"]
    if "issuer" in custom:
        constants["issuer"] = custom["issuer"]
    return Source(
        name=name,
        definition=definition,
        reader=custom["reader"],
        relations=tuple(custom["relations"]),
        constants=constants,
        identity=custom["identity"],
        sql_folder=custom.get("sqlOf", name),
        sql_room=sql_room,
    )
