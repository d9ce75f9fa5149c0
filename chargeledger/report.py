"""One self-contained page from the current publication: is it in, is it complete, is it right, and where do the points come from.

The same publication and the same landed files give the same bytes: the page tells no time but theirs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from chargeledger import completeness, report_plot, rooms
from chargeledger.computation import ACCOUNT_SQL, open_inputs
from chargeledger.engine import Engine, quoted
from chargeledger.lake import Lake, LedgerCommit
from chargeledger.methodology import Methodology, load
from chargeledger.page import page_template, write_page
from chargeledger.programme import Programme, check_name, programmes
from chargeledger.published import Published, require_current
from chargeledger.quarantine import meaning, open_quarantine
from chargeledger.receipt import read_receipt
from chargeledger.scope import Inputs, Scope
from chargeledger.versioning import has_provisional_baseline

Row = dict[str, Any]
REPORT_SQL = rooms.TRANSFORMS / "report"
SYNTHETIC_MARK = "SYNTH"
ROWS_SHOWN = 30
SHORT_SHOWN = 5
DAYS_JUDGED = 28
WAITING_FOR = {
    "awaiting original": "the session that a credit names",
    "awaiting station": "a station",
    "awaiting grid": "a grid hour",
    "awaiting owner": "an owner",
    "awaiting approval": "an approval",
}
KINDS_OF_NG = ("emission_reductions_ng", "not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")


def write_report(lake: Lake, programme: str | None, path: Path) -> Path:
    """Write the page of a programme, or of all that the publication holds. Raises UsageError before the first publication."""
    check_name(programme)
    published = require_current(lake)
    with Engine(spill=lake.spill()) as engine:
        page = page_template("report.html.j2").render(_facts(lake, engine, published, programme))
    return write_page(path, page, "with --out")


def _facts(lake: Lake, engine: Engine, published: Published, programme: str | None) -> Row:
    """Everything that the page tells, by name: the relations of transforms/report, and what is made of them."""
    commits = _open(lake, engine, published)
    chosen, versions = _choose(engine, programme)
    told = {path.stem: _read(engine, path.stem) for path in sorted(REPORT_SQL.glob("*.sql"))}
    batches = [_batch(row, commits) for row in told["landed_batch"]]
    publication = engine.rows("SELECT * FROM published.publication")[0]
    return told | {
        "chosen": chosen,
        "versions": versions,
        "publication": publication,
        "is_part": engine.count("SELECT 1 FROM published.session_status") != publication["sessions"],
        "manifest_digest": published.digest,
        "receipt": commits[-1].receipt if commits else None,
        "has_provisional_baseline": any(map(has_provisional_baseline, versions)),
        "waiting": _waiting(told["state_total"]),
        "batches": batches,
        "shown": [batch for place, batch in enumerate(batches) if place < ROWS_SHOWN or batch["trouble"]],
        "expectations": _expectations(batches),
        "short": _short(lake, chosen, told["vintage_total"], batches),
        "quarantine": [row | {"why": meaning(row["relation"], row["rule"])} for row in told["quarantine_total"]],
        "ledger_ng": {kind: sum(int(row[kind]) for row in told["ledger_total"]) for kind in KINDS_OF_NG},
        "newest": told["vintage_total"][: -ROWS_SHOWN - 1 : -1],
        "plots": {
            "vintage": report_plot.by_vintage(told["vintage_total"]),
            "hour": report_plot.by_hour(told["energy_by_local_hour"], told["intensity_by_local_hour"]),
            "reductions": report_plot.of_reductions(told["reductions_per_kwh"]),
            "intensity": report_plot.of_intensity(told["intensity_by_day"]),
        },
    }


def _open(lake: Lake, engine: Engine, published: Published) -> list[LedgerCommit]:
    """Show the publication, what its last commit read, and the newest batches; return its commits."""
    version = published.manifest["ledger_version"]
    commits = lake.commits(until=version)
    staged = read_receipt(lake, commits[-1].receipt)[1]["inputs"]["staged"] if commits else lake.versions()
    open_inputs(lake, engine, Inputs(staged, version), commits)
    for relation in ("session_current", "charging_station_current", "session_station"):
        engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")
    open_quarantine(
        lake, engine
    )  # the newest, and newest batches, so that a refused file shows before the next publication
    engine.con.execute(f"ATTACH {quoted(published.database)} AS published (READ_ONLY)")
    engine.load_rows("synthetic_mark", "mark VARCHAR", [(SYNTHETIC_MARK,)])
    return commits


def _read(engine: Engine, name: str) -> list[Row]:
    """The rows of a file of transforms/report."""
    engine.table(name, REPORT_SQL / f"{name}.sql")
    return engine.rows(f"SELECT * FROM {name}")


def _choose(engine: Engine, programme: str | None) -> tuple[list[Programme], list[Methodology]]:
    """The programmes of the report, and their versions in force over the vintages; both are loaded as relations too."""
    spans = {row["programme"]: row for row in _read(engine, "programme_span")}
    chosen = [p for p in programmes() if p.name == programme or (programme is None and p.name in spans)]
    versions: dict[str, Methodology] = {}
    rows = []
    for each in chosen:
        span = spans.get(each.name, {"first_vintage": None, "last_vintage": None})
        first, last = span["first_vintage"], span["last_vintage"]
        in_force = [v for start, end, v in each.versions if first and start <= last and (end is None or end > first)]
        versions |= {name: load(name) for name in in_force}
        waits = any(versions[name].identity["missing_hour"] == "wait" for name in in_force)
        rows.append((each.name, each.zone, first, last, waits))
    columns = "programme VARCHAR, zone VARCHAR, first_vintage DATE, last_vintage DATE, waits BOOLEAN"
    engine.load_rows("programme_in_report", columns, rows)
    regions = [(region, each.name) for each in chosen for region in each.regions]
    engine.load_rows("region_in_report", "region VARCHAR, programme VARCHAR", regions)
    return chosen, list(versions.values())


def _waiting(states: Sequence[Row]) -> dict[str, int]:
    """Sessions that wait, by what for."""
    held = {row["state"]: row["sessions"] for row in states}
    return {cause: held.get(state, 0) for state, cause in WAITING_FOR.items()}


def _batch(row: Row, commits: Sequence[LedgerCommit]) -> Row:
    """A batch with its findings read, and what in it asks for a person."""
    findings = json.loads(row["validation"] or "[]")
    failed = [f"{f['rule_id']}: {f['description']}: {f['observed']}" for f in findings if not f["passed"]]
    is_staged = row["state"] in ("staged", "released")
    trouble = {
        "refused": [row["refusal"]],
        "landed only": ["ingest it again"],
        "staged": failed,
        "released": failed,
    }.get(row["state"], [])
    if is_staged and not (row["rows_close"] and row["energy_closes"]):
        trouble = [*trouble, "its sums do not close"]
    is_late = is_staged and (not commits or row["batch_seq"] > commits[-1].batch_seq)
    return row | {"findings": findings, "failed": len(failed), "trouble": trouble, "is_late": is_late}


def _short(lake: Lake, chosen: Sequence[Programme], vintages: Sequence[Row], batches: Sequence[Row]) -> Row:
    """What is missing of the newest vintages that had ended when the last file landed, and of deliveries."""
    if not vintages:
        return {"rows": [], "lacking": 0, "expected": 0, "judged": 0, "deliveries": 0}
    last = vintages[-1]["vintage"]
    scope = Scope(chosen[0].name if len(chosen) == 1 else None, last - timedelta(days=DAYS_JUDGED - 1), last)
    told = completeness.judge(lake, scope, max(batch["landed_at"] for batch in batches))
    expected = sum(1 for row in told.rows if row["basis"] != "none")
    return {
        "rows": told.short[:SHORT_SHOWN],
        "lacking": len(told.short),
        "expected": expected,
        "judged": len(told.rows),
        "deliveries": len(told.short_deliveries),
    }


def _expectations(batches: Sequence[Row]) -> list[Row]:
    """Results of Great Expectations, one row per source and rule."""
    found: dict[tuple[str, str], Row] = {}
    for batch in batches:
        for finding in batch["findings"]:
            key = (batch["source"], finding["rule_id"])
            told = {"source": key[0], "rule": key[1], "why": finding["description"], "passed": 0, "failed": 0}
            row = found.setdefault(key, told)
            row["passed" if finding["passed"] else "failed"] += 1
    return [found[key] for key in sorted(found)]
