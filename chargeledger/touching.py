"""Which lineages a run accounts: those of which an input arrived, and those that these are coupled with."""

from __future__ import annotations

from pathlib import Path

from chargeledger.relations import Relations


def is_capped(engine: Relations) -> bool:
    """Whether an award may depend on another one, of the same account and vintage."""
    return bool(engine.count("SELECT 1 FROM reward_rule WHERE points_cap IS NOT NULL OR energy_cap_wh IS NOT NULL"))


def touch(engine: Relations, account_sql: Path) -> None:
    """Leave the lineages in `session_touched`, with whoever shares a cap with one, directly or over others; and `posted`.

    Where one stands elsewhere than it is told, both connectors concern it, and whoever stands elsewhere than told on these.
    """
    engine.load_rows("session_displaced", "session_id VARCHAR", [])
    while True:
        engine.table("session_touched", account_sql / "session_touched.sql")
        engine.table("session_elsewhere", account_sql / "session_elsewhere.sql")
        if not engine.count("SELECT 1 FROM session_elsewhere"):
            break
        engine.add("session_displaced", "SELECT session_id FROM session_elsewhere")
    if is_capped(engine):
        engine.table("capped_account", account_sql / "capped_account.sql")
        engine.table("touched_beside", account_sql / "touched_beside.sql")
        while engine.count("SELECT 1 FROM touched_beside"):
            engine.add("session_touched", "SELECT session_id FROM touched_beside")
            engine.table("touched_beside", account_sql / "touched_beside.sql")
    engine.table("posted", account_sql / "posted.sql")
