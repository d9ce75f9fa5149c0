"""Accounting: compute what is due, post what is missing, in one commit, on top of exactly what was read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chargeledger.computation import STATES, Computation, compute, run_document
from chargeledger.contract import contract
from chargeledger.engines import DUCKDB, open_engine
from chargeledger.errors import LostRace, Refused
from chargeledger.holding import check_decision, proposal_totals
from chargeledger.lake import Lake, instant_text
from chargeledger.programme import programmes
from chargeledger.receipt import code_digests, keep_programmes, write_receipt
from chargeledger.scope import ACCOUNTING, Inputs, Question, Scope

Report = Callable[[str], None]
Ask = Callable[[int], Question]
MAX_RACES = 100


def account(
    lake: Lake,
    scope: Scope,
    at: str | None,
    fingerprint: str,
    report: Report,
    ask: Ask = lambda _: ACCOUNTING,
    engine_name: str = DUCKDB,
) -> dict[str, Any]:
    """Post what the ledger lacks for the scope. A loser of a race reads again and computes again.

    `ask` says, for a ledger version, how this departs from an accounting. Returns receipt (None where nothing changed),
    posted_entries, posted_points, touched, held (lineages), proposed (totals of what the run proposes, or None), ledger_version.
    """
    for _ in range(MAX_RACES):
        try:
            return _account_once(lake, scope, at, fingerprint, report, ask, engine_name)
        except LostRace:
            report("another writer committed first: reading again")
    raise Refused(f"gave up after {MAX_RACES} lost races: too many writers account this lake at once")


def _account_once(
    lake: Lake, scope: Scope, at: str | None, fingerprint: str, report: Report, ask: Ask, engine_name: str
) -> dict[str, Any]:
    inputs, found = Inputs.newest(lake), programmes()
    question = ask(inputs.ledger_version)
    clock = lake.clock(at, inputs.ledger_version)
    with open_engine(engine_name, lake.root) as engine:
        run = compute(lake, engine, scope, clock, inputs, found, question)
        check_decision(engine, question.decision)
        touched = engine.count("SELECT 1 FROM session_touched")
        report(f"{touched:,} sessions touched, {', '.join(run.ran) or 'no version'} applied")
        if not run.changes():
            return _outcome(None, 0, 0, touched, run, inputs.ledger_version)
        keep_programmes(lake, found)
        receipt = write_receipt(lake, {**run_document(run, fingerprint), "code": code_digests(engine.engine)})
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
            written.append(lake.state_path(relation, receipt))
            states[relation] = run.engine.write(relation, contract(relation), written[-1])
        owed = contract("ledger_entry")
        columns = (f"'{receipt}' AS receipt_digest" if c.name == "receipt_digest" else c.name for c in owed.columns)
        run.engine.show("entry_posted", f"SELECT {', '.join(columns)} FROM ledger_entry")
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
        return run.engine.append("entry_posted", owed, table, {"chargeledger": json.dumps(said, sort_keys=True)})
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
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
