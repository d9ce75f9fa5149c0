"""What a publication is made from: ledger and states at a version, the commits behind them, closed months, and its window."""

from __future__ import annotations

import os
from datetime import timedelta

from chargeledger import rooms
from chargeledger.computation import load_prior, open_inputs
from chargeledger.contract import contract
from chargeledger.engine import Engine, quoted
from chargeledger.errors import Refused
from chargeledger.lake import Lake, LedgerCommit
from chargeledger.period import load_frozen, load_lines
from chargeledger.programme import load_programmes
from chargeledger.published import Published
from chargeledger.receipt import programmes_of, read_receipt
from chargeledger.scope import Inputs, Scope

WHOLE_BELOW_SESSIONS = 1_000_000
WINDOW_DAYS = int(os.environ.get("CHARGELEDGER_PUBLISHED_DAYS", "90"))
LATEST_VINTAGE = """SELECT max(vintage) FROM (
    SELECT vintage FROM state_tally_log WHERE vintage IS NOT NULL GROUP BY vintage HAVING sum(sessions) > 0)"""


def load_published_inputs(lake: Lake, engine: Engine, inputs: Inputs, before: Published | None) -> None:
    """Show in the engine what the SQL of a publication reads: all since the one before, and of what is older its window."""
    commits = lake.commits(until=inputs.ledger_version)
    open_inputs(lake, engine, inputs, commits)
    _load_before(lake, engine, inputs, before)
    _load_window(lake, engine, commits)
    load_prior(engine)
    _load_commits(lake, engine, commits)
    closes = lake.closes(until=inputs.ledger_version)
    load_lines(engine, closes, [])
    load_frozen(lake, engine, closes)


def _load_before(lake: Lake, engine: Engine, inputs: Inputs, before: Published | None) -> None:
    """What users held by the publication before, held against its digest, and the entries that were posted since."""
    version, last_seq = (before.manifest["ledger_version"], before.manifest["last_seq"]) if before else (0, 0)
    engine.load_rows("published_before", "ledger_version BIGINT, last_seq BIGINT", [(version, last_seq)])
    known = set(lake.files("ledger_entry", version))
    fresh = [file for file in lake.files("ledger_entry", inputs.ledger_version) if file not in known]
    engine.view("ledger_entry_fresh", fresh, contract("ledger_entry"))
    engine.view("user_points_before", [], contract("user_points"))
    if before:
        engine.con.execute(f"ATTACH {quoted(before.database)} AS before (READ_ONLY)")
        engine.con.execute("CREATE OR REPLACE VIEW user_points_before AS SELECT * FROM before.user_points")
        if engine.digest("user_points_before", contract("user_points")) != before.manifest["database"]["user_points"]:
            raise Refused(
                f"user_points in {before.database} is not what was published, and the next publication rests on it. Nothing "
                "was published: restore the directory from a copy"
            )


def _load_window(lake: Lake, engine: Engine, commits: list[LedgerCommit]) -> None:
    """Everything while the lake is small, afterwards the last days; of states then what was set since the first of these days.

    A lineage whose state is of such a day, or that was set later, has its newest state there.
    """
    last = None
    if engine.scalar("SELECT sum(sessions) FROM state_tally_log") >= WHOLE_BELOW_SESSIONS:
        ((latest,),) = engine.con.execute(LATEST_VINTAGE).fetchall()
        last = latest - timedelta(days=WINDOW_DAYS)
        first = engine.scalar(f"SELECT min(ledger_version) FROM state_tally_log WHERE vintage >= DATE '{last}'")
        recent = lake.state_files("session_state", [commit for commit in commits if commit.version >= first])
        engine.con.execute("ALTER VIEW session_state_log RENAME TO whole_session_state_log")
        engine.view("recent_session_state_log", recent, contract("session_state"))
        engine.look("session_state_log", rooms.TRANSFORMS / "publish" / "session_state_log.sql")
        engine.con.execute("ALTER VIEW grid_intensity_state_log RENAME TO whole_grid_intensity_state_log")
        engine.con.execute(
            "CREATE VIEW grid_intensity_state_log AS SELECT * FROM whole_grid_intensity_state_log "
            f"WHERE hour_start >= TIMESTAMPTZ '{last} 00:00:00Z'"
        )
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
