"""Who holds a charge that two parties tell, rival by rival, and which sessions exclude one another on a connector."""

from __future__ import annotations

from pathlib import Path

from chargeledger import rooms
from chargeledger.relations import Relations
from chargeledger.touching import touch

RELATIONS = ("connector_session", "claim_rival", "claim_step", "claim_decided", "session_set_aside")


def load_claim_rule(engine: Relations) -> None:
    """How near two tellings must be to claim one charge, as `claim_rule`."""
    engine.load_texts("claim_rule", rooms.CONTRACTS / "reference" / "claim_rule.csv")
    numbers = ", ".join(f"CAST({name} AS BIGINT) AS {name}" for name, _ in engine.columns("claim_rule"))
    engine.keep("claim_rule", f"SELECT {numbers} FROM claim_rule")


def decide_claims(engine: Relations, account_sql: Path, told_by: str = "connector_session") -> None:
    """Decide the claims of all sessions whose connector is known, as the SQL file `told_by` tells these."""
    load_claim_rule(engine)
    engine.table("connector_session", account_sql / f"{told_by}.sql")
    engine.table("claim_rival", account_sql / "claim_rival.sql")
    engine.load_rows("claim_decided", "session_id VARCHAR, holder_id VARCHAR", [])
    while True:
        engine.table("claim_step", account_sql / "claim_step.sql")
        if not engine.count("SELECT 1 FROM claim_step"):
            break
        engine.add("claim_decided", "SELECT * FROM claim_step")
    engine.table("session_set_aside", account_sql / "session_set_aside.sql")


def holds_a_connector(engine: Relations) -> bool:
    """Whether something that is held has, or had, a place on a connector that others may want."""
    return bool(
        engine.count(
            """SELECT 1 FROM held_session AS h LEFT JOIN prior_state AS p ON p.session_id = h.session_id
            LEFT JOIN connector_session AS c ON c.session_id = h.session_id
            WHERE p.connector IS NOT NULL OR c.session_id IS NOT NULL"""
        )
    )


def stand_on_connectors(engine: Relations, account_sql: Path) -> None:
    """Decide the claims again, with what is held as it stood, and take up whom that concerns."""
    engine.rename("connector_session", "connector_now")
    engine.table("session_as_stood", account_sql / "session_as_stood.sql")
    decide_claims(engine, account_sql, "connector_as_stood")
    engine.drop("connector_now")
    engine.rename("session_touched", "touched_before")
    touch(engine, account_sql)
    engine.add("session_touched", "SELECT session_id FROM touched_before ANTI JOIN session_touched USING (session_id)")
    engine.drop("touched_before")
    engine.table("posted", account_sql / "posted.sql")
