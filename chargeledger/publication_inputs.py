"""What a publication is made from: ledger and states at a version, the commits behind them, closed months, and its window."""

from __future__ import annotations

import os
from datetime import timedelta

from chargeledger.computation import load_prior, open_inputs
from chargeledger.engine import Engine
from chargeledger.lake import Lake, LedgerCommit
from chargeledger.period import load_frozen, load_lines
from chargeledger.programme import load_programmes
from chargeledger.receipt import programmes_of, read_receipt
from chargeledger.scope import Inputs, Scope

WHOLE_BELOW_SESSIONS = 1_000_000
WINDOW_DAYS = int(os.environ.get("CHARGELEDGER_PUBLISHED_DAYS", "90"))


def load_published_inputs(lake: Lake, engine: Engine, inputs: Inputs) -> None:
    """Show in the engine what the SQL of a publication reads."""
    commits = lake.commits(until=inputs.ledger_version)
    open_inputs(lake, engine, inputs, commits)
    load_prior(engine)
    _load_window(engine)
    _load_commits(lake, engine, commits)
    closes = lake.closes(until=inputs.ledger_version)
    load_lines(engine, closes, [])
    load_frozen(lake, engine, closes)


def _load_window(engine: Engine) -> None:
    """Everything while the lake is small, afterwards the last days."""
    last = None
    if engine.count("SELECT 1 FROM prior_state") >= WHOLE_BELOW_SESSIONS:
        ((latest,),) = engine.con.execute("SELECT max(vintage) FROM prior_state").fetchall()
        last = latest - timedelta(days=WINDOW_DAYS)
    engine.load_rows("published_window", "from_day DATE", [(last,)])


def _load_commits(lake: Lake, engine: Engine, commits: list[LedgerCommit]) -> None:
    """Up to which batch and clock the ledger is accounted, which vintages up to which batch, and under which programmes."""
    reached: dict[tuple[object, ...], int] = {}
    for commit in (each for each in commits if not each.decision):  # a decision accounts no arrivals
        scope = Scope.from_json(commit.scope)
        reached[(scope.programme, scope.vintage_from, scope.vintage_until)] = commit.batch_seq
    columns = "programme VARCHAR, vintage_from DATE, vintage_until DATE, batch_seq BIGINT"
    engine.load_rows("commit_scope", columns, [(*scope, batch_seq) for scope, batch_seq in reached.items()])
    last = commits[-1] if commits else None
    engine.load_rows(
        "accounted", "batch_seq BIGINT, instant TIMESTAMPTZ", [(last.batch_seq, last.clock) if last else (0, None)]
    )
    load_programmes(engine, programmes_of(lake, read_receipt(lake, last.receipt)[1]) if last else [])
