"""Accounting: compute what is due, post what is missing, in one commit, on top of exactly what was read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chargeledger.computation import STATES, Computation, compute, run_document
from chargeledger.contract import contract
from chargeledger.engine import Engine
from chargeledger.errors import LostRace, Refused
from chargeledger.holding import check_decision, proposal_totals
from chargeledger.lake import Lake, instant_text
from chargeledger.programme import programmes
from chargeledger.receipt import code_digests, keep_programmes, write_receipt
from chargeledger.scope import ACCOUNTING, Inputs, Question, Scope
from chargeledger.table import append_if_unchanged, arrow_schema
from chargeledger.whole_file import write_parquet

Report = Callable[[str], None]
Ask = Callable[[int], Question]
MAX_RACES = 100


def account(
    lake: Lake, scope: Scope, at: str | None, fingerprint: str, report: Report, ask: Ask = lambda _: ACCOUNTING
) -> dict[str, Any]:
    """Post what the ledger lacks for the scope. A loser of a race reads again and computes again.

    `ask` says, for a ledger version, how this departs from an accounting. Returns receipt (None where nothing changed),
    posted_entries, posted_points, touched, held (lineages), proposed (totals of what the run proposes, or None), ledger_version.
    """
    for _ in range(MAX_RACES):
        try:
            return _account_once(lake, scope, at, fingerprint, report, ask)
        except LostRace:
            report("another writer committed first: reading again")
    raise Refused(f"gave up after {MAX_RACES} lost races: too many writers account this lake at once")


def _account_once(
    lake: Lake, scope: Scope, at: str | None, fingerprint: str, report: Report, ask: Ask
) -> dict[str, Any]:
    inputs, found = Inputs.newest(lake), programmes()
    question = ask(inputs.ledger_version)
    clock = lake.clock(at, inputs.ledger_version)
    with Engine(spill=lake.spill()) as engine:
        run = compute(lake, engine, scope, clock, inputs, found, question)
        check_decision(engine, question.decision)
        touched = engine.count("SELECT 1 FROM session_touched")
        report(f"{touched:,} sessions touched, {', '.join(run.ran) or 'no version'} applied")
        if not run.changes():
            return _outcome(None, 0, 0, touched, run, inputs.ledger_version)
        keep_programmes(lake, found)
        receipt = write_receipt(lake, {**run_document(run, fingerprint), "code": code_digests()})
        version = _commit(lake, run, receipt)
        entries = engine.count("SELECT 1 FROM ledger_entry")
        points = engine.scalar("SELECT sum(points) FROM ledger_entry")
        report(f"{entries:,} entries posted, {points:,} points, ledger version {version}")
        return _outcome(receipt, entries, points, touched, run, version)


def _outcome(
    receipt: str | None, entries: int, points: int, touched: int, run: Computation, version: int
) -> dict[str, Any]:
    return {
        "receipt": receipt,
        "posted_entries": entries,
        "posted_points": points,
        "touched": touched,
        "held": run.held(),
        "proposed": told if (told := proposal_totals(run.engine))["keys"] else None,
        "ledger_version": version,
    }


def _commit(lake: Lake, run: Computation, receipt: str) -> int:
    """Write the states under the receipt's digest, then the entries: the one point of effect."""
    written: list[Path] = []
    states: dict[str, int] = {}
    try:
        for relation in STATES:
            rows = run.engine.arrow(f"SELECT * FROM {relation} ORDER BY ALL").cast(arrow_schema(contract(relation)))
            states[relation] = rows.num_rows
            if rows.num_rows:
                written.append(lake.state_file(relation, receipt))
                write_parquet(written[-1], rows)
        schema = arrow_schema(contract("ledger_entry"))
        entries = run.engine.arrow(
            f"SELECT * REPLACE ('{receipt}' AS receipt_digest) FROM ledger_entry ORDER BY seq"
        ).cast(schema)
        decision = run.question.decision
        said = {
            **({"decision": decision.as_json()} if decision else {}),
            "proposed": run.engine.count("SELECT 1 FROM award_proposal"),
            "receipt": receipt,
            "clock": instant_text(run.clock),
            "batch_seq": _accounted(lake, run) if decision else run.batch_seq,
            "scope": run.scope.as_json(),
            "programmes": run.programme_digests,
            "states": states,
        }
        table = lake.table("ledger_entry", run.inputs.ledger_version)
        return append_if_unchanged(table, entries, {"chargeledger": json.dumps(said, sort_keys=True)})
    except LostRace:
        _forget(lake, receipt, written)
        raise


def _accounted(lake: Lake, run: Computation) -> int:
    """Up to which batch the ledger is accounted without this decision, which takes up no arrivals."""
    before = lake.commits(until=run.inputs.ledger_version)
    return before[-1].batch_seq if before else 0


def _forget(lake: Lake, receipt: str, written: list[Path]) -> None:
    """Remove what a lost race wrote, unless the winner computed the very same and owns it."""
    if receipt not in {commit.receipt for commit in lake.commits()}:
        for path in [*written, lake.receipt_file(receipt)]:
            path.unlink(missing_ok=True)
