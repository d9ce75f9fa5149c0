"""Comparison: vintages under another methodology version beside what the ledger holds. It posts nothing."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from chargeledger.computation import compute
from chargeledger.engine import Engine
from chargeledger.errors import Refused, UsageError
from chargeledger.lake import Lake, instant_text
from chargeledger.methodology import Methodology, load
from chargeledger.programme import Programme, programmes
from chargeledger.receipt import canonical_json, code_digests, read_receipt
from chargeledger.scope import Inputs, Question, Scope
from chargeledger.whole_file import write_file

# What every session would be worth, whatever was posted for it.
WHAT_IF = Question(everything=True, draft_allowed=True, nothing_is_final=True)
BY_VINTAGE = """
SELECT CAST(coalesce(n.vintage, h.vintage) AS VARCHAR) AS vintage, coalesce(n.sessions, 0) AS sessions,
  CAST(coalesce(n.reductions, 0) AS VARCHAR) AS emission_reductions_ng, CAST(coalesce(n.points, 0) AS BIGINT) AS points,
  CAST(coalesce(h.reductions, 0) AS VARCHAR) AS ledger_emission_reductions_ng,
  CAST(coalesce(h.points, 0) AS BIGINT) AS ledger_points
FROM (
  SELECT vintage, count(*) AS sessions, sum(points) AS points, sum(emission_reductions_ng) AS reductions
  FROM session_award GROUP BY vintage
) AS n
FULL OUTER JOIN (
  SELECT e.vintage, sum(e.points) AS points, sum(e.emission_reductions_ng) AS reductions
  FROM ledger_entry_log AS e CROSS JOIN run_scope AS x
  WHERE e.programme = x.programme AND (x.vintage_from IS NULL OR e.vintage BETWEEN x.vintage_from AND x.vintage_until)
  GROUP BY e.vintage
) AS h ON h.vintage = n.vintage
ORDER BY 1
"""


def compare(
    lake: Lake, vintages: str | None, methodology: str, programme: str, as_of: int | None, at: str | None
) -> dict[str, Any]:
    """Compute the vintages of a programme under `methodology` and hold them against the ledger.

    `as_of` is a ledger version: inputs and ledger are taken as they were at that commit. Drafts may be compared.
    Writes `comparisons/<digest>.json` in the lake and returns its content with its path as `comparison`.
    """
    inputs = inputs_as_of(lake, as_of)
    version = load(methodology, draft_allowed=True)
    scope = Scope.of(vintages, programme)
    under = [alone(p, version, scope) for p in programmes() if p.name == programme]
    with Engine(spill=lake.spill()) as engine:
        run = compute(lake, engine, scope, lake.clock(at), inputs, under, WHAT_IF)
        days = engine.rows(BY_VINTAGE)
    document = {
        "kind": "comparison",
        "clock": instant_text(run.clock),
        "methodology": methodology,
        "methodology_digest": version.digest,
        "scope": scope.as_json(),
        "inputs": {"staged": inputs.staged, "ledger_version": inputs.ledger_version},
        "code": code_digests(Engine.engine),
        "vintages": days,
        "sessions": sum(int(str(day["sessions"])) for day in days),
        "points": sum(int(str(day["points"])) for day in days),
        "ledger_points": sum(int(str(day["ledger_points"])) for day in days),
    }
    content = canonical_json(document)
    path = lake.root / "comparisons" / f"{hashlib.sha256(content).hexdigest()}.json"
    write_file(path, content)
    return {**document, "comparison": str(path)}


def alone(programme: Programme, version: Methodology, scope: Scope) -> Programme:
    """A programme with one version in force, wherever it applies. Refused where it does not apply to a vintage of the scope."""
    where = version.identity["applicability"]
    start, end = where["vintage_from"], where["vintage_until"]
    if scope.vintage_from and scope.vintage_from < start:
        raise Refused(f"{version.name} applies from {start}: a vintage of {scope.vintage_from} is refused")
    if scope.vintage_until and end and scope.vintage_until >= end:
        raise Refused(f"{version.name} applies until {end}: a vintage of {scope.vintage_until} is refused")
    return replace(programme, versions=((start, end, version.name),))


def inputs_as_of(lake: Lake, version: int | None) -> Inputs:
    """Inputs as they were at a commit of the ledger, or the newest."""
    if version is None:
        return Inputs.newest(lake)
    found = next((commit for commit in lake.commits() if commit.version == version), None)
    if found is None:
        known = [str(commit.version) for commit in lake.commits()]
        raise UsageError(f"the ledger has no commit {version}: it has {', '.join(known) or 'none'}")
    _, receipt = read_receipt(lake, found.receipt)
    return Inputs(receipt["inputs"]["staged"], version)
