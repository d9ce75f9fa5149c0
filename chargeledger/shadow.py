"""Shadow: vintages under one methodology beside another, from the same inputs. It posts nothing and tells who wins and who loses.

Its receipt is what a programme names when it adopts a version.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from chargeledger import rooms
from chargeledger.comparison import WHAT_IF, alone, inputs_as_of
from chargeledger.computation import compute
from chargeledger.engine import Engine, parquet, quoted
from chargeledger.errors import Refused, UsageError
from chargeledger.lake import Lake, instant_text
from chargeledger.methodology import load, published
from chargeledger.place import place
from chargeledger.programme import Programme, read_programme
from chargeledger.receipt import canonical_json, code_digests, text_digest
from chargeledger.scope import Inputs, Scope
from chargeledger.versioning import has_provisional_baseline
from chargeledger.whole_file import write_file

SHADOW_SQL = rooms.TRANSFORMS / "shadow"
DIVISIONS = ("decile", "region", "local_hour", "operator")


def shadow(
    lake: Lake,
    vintages: str,
    methodology: str,
    programme: str,
    against: str | None = None,
    as_of: int | None = None,
    at: str | None = None,
) -> dict[str, Any]:
    """Account the vintages of a programme under `methodology`, and under `against` or what is in force.

    `methodology` may be a draft. Writes `shadows/<digest>.json` in the lake. Returns its
    content with digest, path, is_draft and is_provisional.
    """
    inputs, scope, clock = inputs_as_of(lake, as_of), Scope.of(vintages, programme), lake.clock(at)
    # Read as it stands: a line that waits for this very shadow does not keep it from being made.
    standing = read_programme(rooms.METHODOLOGY / "programmes" / f"{programme}.yaml")
    versions = {name: load(name, draft_allowed=True) for name in (methodology, against) if name}
    now = alone(standing, versions[methodology], scope)
    then = alone(standing, versions[against], scope) if against else standing
    sides = [versions[methodology], *(load(name, draft_allowed=True) for name in in_force(then, scope))]
    held_against = {version.name: version.digest for version in sides[1:]}
    if not held_against:
        raise Refused(f"{programme} has no version in force in {vintages}: name one with --against")
    with Engine(spill=lake.spill()) as engine:
        for relation, under in (("awarded_now", now), ("awarded_against", then)):
            kept = engine.workspace.path / f"{relation}.parquet"
            _award(lake, scope, clock, inputs, under, kept)
            engine.con.execute(f"CREATE VIEW {relation} AS SELECT * FROM {parquet([kept])}")
        tables, totals = _judge(engine, f"{programme} that ended in {vintages}")
    document = {
        "kind": "shadow",
        "clock": instant_text(clock),
        "programme": programme,
        "programme_digest": standing.digest,
        "scope": scope.as_json(),
        "inputs": {"staged": inputs.staged, "ledger_version": inputs.ledger_version},
        "code": {**code_digests(Engine.engine), "shadow": text_digest(SHADOW_SQL)},
        "methodology": methodology,
        "methodology_digest": versions[methodology].digest,
        "against": held_against,
        "totals": totals,
        "tables": tables,
    }
    content = canonical_json(document)
    digest = hashlib.sha256(content).hexdigest()
    path = lake.root / "shadows" / f"{digest}.json"
    write_file(path, content)
    told = {"is_draft": methodology not in published(), "is_provisional": any(map(has_provisional_baseline, sides))}
    return {**document, "digest": digest, "path": str(path), **told}


def in_force(programme: Programme, scope: Scope) -> list[str]:
    """Versions that a programme has in force in the vintages of a scope, in order."""
    first, last = scope.vintage_from, scope.vintage_until
    return [
        name
        for start, end, name in programme.versions
        if (last is None or start <= last) and (first is None or end is None or end > first)
    ]


def _award(lake: Lake, scope: Scope, clock: datetime, inputs: Inputs, under: Programme, kept: Path) -> None:
    """Compute one side and keep what it awards in a file: the two never share an engine."""
    with Engine(spill=lake.spill()) as engine:
        compute(lake, engine, scope, clock, inputs, [under], WHAT_IF)
        engine.table("awarded_session", SHADOW_SQL / "awarded_session.sql")
        engine.con.execute(f"COPY awarded_session TO {quoted(kept)} (FORMAT parquet)")


def _judge(engine: Engine, whose: str) -> tuple[dict[str, list[dict[str, object]]], dict[str, object]]:
    """Tables by division, and totals. Refused where neither side awards a session: a shadow of nothing shows nothing."""
    for relation in ("session_shadow", "user_shadow", "shadow_group", "shadow_total"):
        engine.table(relation, SHADOW_SQL / f"{relation}.sql")
    totals = engine.rows("SELECT * FROM shadow_total")[0]
    if not totals["sessions"]:
        raise Refused(f"no session of {whose} is awarded under either: name vintages that the lake holds")
    rows = engine.rows("SELECT * FROM shadow_group ORDER BY division, name")
    tables = {
        division: [{k: v for k, v in row.items() if k != "division"} for row in rows if row["division"] == division]
        for division in DIVISIONS
    }
    return tables, totals


def check_keepable(methodology: str) -> None:
    """Raise UsageError where a receipt would name a draft, whose digest changes when it is published."""
    if methodology not in published():
        raise UsageError(
            f"{methodology} is a draft, and its digest will change: publish it first with "
            f"'chargeledger methodology publish {methodology}', then run the shadow with --keep"
        )


def keep(told: dict[str, Any]) -> Path:
    """Copy a receipt to methodology/shadows, where a programme that names it finds it."""
    path = rooms.METHODOLOGY / "shadows" / f"{told['digest']}.json"
    write_file(path, place(told["path"]).read_bytes())
    return path
