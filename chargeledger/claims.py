"""Who holds a charge that two parties tell, rival by rival, and which sessions exclude one another on a connector."""

from __future__ import annotations

from pathlib import Path

from chargeledger import rooms
from chargeledger.engine import Engine, quoted

RELATIONS = ("connector_session", "claim_rival", "claim_step", "claim_decided", "session_set_aside")


def load_claim_rule(engine: Engine) -> None:
    """How near two tellings must be to claim one charge, as `claim_rule`."""
    rule = rooms.CONTRACTS / "reference" / "claim_rule.csv"
    engine.con.execute(f"CREATE OR REPLACE TABLE claim_rule AS SELECT * FROM read_csv({quoted(rule)})")


def decide_claims(engine: Engine, account_sql: Path, told_by: str = "connector_session") -> None:
    """Decide the claims of all sessions whose connector is known, as the SQL file `told_by` tells these."""
    load_claim_rule(engine)
    engine.table("connector_session", account_sql / f"{told_by}.sql")
    engine.table("claim_rival", account_sql / "claim_rival.sql")
    engine.load_rows("claim_decided", "session_id VARCHAR, holder_id VARCHAR", [])
    while True:
        engine.table("claim_step", account_sql / "claim_step.sql")
        if not engine.count("SELECT 1 FROM claim_step"):
            break
        engine.con.execute("INSERT INTO claim_decided SELECT * FROM claim_step")
    engine.table("session_set_aside", account_sql / "session_set_aside.sql")


def holds_a_connector(engine: Engine) -> bool:
    """Whether something that is held has, or had, a place on a connector that others may want."""
    return bool(
        engine.count(
            """SELECT 1 FROM held_session AS h LEFT JOIN prior_state AS p ON p.session_id = h.session_id
            LEFT JOIN connector_session AS c ON c.session_id = h.session_id
            WHERE p.connector IS NOT NULL OR c.session_id IS NOT NULL"""
        )
    )


def stand_on_connectors(engine: Engine, account_sql: Path) -> None:
    """Decide the claims again, with what is held as it stood, and take up whom that concerns."""
    engine.con.execute("ALTER TABLE connector_session RENAME TO connector_now")
    engine.table("session_as_stood", account_sql / "session_as_stood.sql")
    decide_claims(engine, account_sql, "connector_as_stood")
    engine.con.execute("DROP TABLE connector_now")
    engine.con.execute("ALTER TABLE session_touched RENAME TO touched_before")
    engine.table("session_touched", account_sql / "session_touched.sql")
    engine.con.execute(
        "INSERT INTO session_touched SELECT session_id FROM touched_before ANTI JOIN session_touched USING (session_id)"
    )
    engine.con.execute("DROP TABLE touched_before")
    engine.table("posted", account_sql / "posted.sql")
