"""What waits for a decision: changes that are held, as they are proposed, and awards that a rejection pins.

Everything is read from and written to the relations of one computation.
"""

from __future__ import annotations

from typing import Any

from chargeledger import rooms
from chargeledger.engine import quoted
from chargeledger.errors import Refused, some_keys
from chargeledger.relations import Relations
from chargeledger.scope import APPROVE, REJECT, Decision, Question

ACCOUNT_SQL = rooms.TRANSFORMS / "account"
PROPOSED = ("award_proposal", "award_pin")
AMOUNTS = ("points", "emission_reductions_ng", "not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")
REJECTED = "a proposed change was rejected"  # as transforms/account/kept_state.sql says it
LINEAGE = "session_id VARCHAR"
EVERYTHING_ACCOUNTED = """SELECT programme, vintage_from, vintage_until, (SELECT max(batch_seq) FROM staged_batch) AS batch_seq
FROM watermark"""
PIN = "session_id VARCHAR, input_digest VARCHAR, proposal VARCHAR"


def remember(engine: Relations) -> None:
    """What waits and what is pinned before this run, as `prior_proposal` and `prior_pin`; nothing is held yet."""
    for relation in ("prior_proposal", "prior_pin"):
        engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")
    for relation in ("held_session", "released_session", "renewed_session"):
        engine.load_rows(relation, LINEAGE, [])
    for relation in ("session_pinned", "rejected_input"):
        engine.load_rows(relation, PIN, [])


def decide(engine: Relations, question: Question) -> None:
    """Take up the lineages of the proposal that is decided on, and no other; what is asked of everything, nothing holds."""
    if question.nothing_is_final:
        engine.keep("released_session", "SELECT session_id FROM session_lineage")
    if not question.decision:
        return
    engine.keep("session_unaccounted", "SELECT session_id FROM session_arrived")
    engine.keep("watermark", EVERYTHING_ACCOUNTED)
    engine.keep("session_arrived", _lineages(question.decision.ledger_version))
    if question.decision.kind == APPROVE:
        engine.keep(
            "approval_rule", "SELECT * FROM approval_rule WHERE false"
        )  # what follows from it is decided with it
        engine.keep("released_session", "SELECT session_id FROM session_arrived")
    elif question.decision.kind == REJECT:
        engine.keep(
            "rejected_input",
            f"""SELECT DISTINCT session_id, input_digest,
            {quoted(question.decision.proposal)} AS proposal
            FROM prior_proposal WHERE ledger_version = {question.decision.ledger_version}""",
        )
    else:
        engine.keep("renewed_session", "SELECT session_id FROM session_arrived")


def _lineages(ledger_version: int) -> str:
    return f"SELECT DISTINCT session_id FROM prior_proposal WHERE ledger_version = {ledger_version}"


def hold(engine: Relations, *, is_first: bool) -> None:
    """Hold what would change an award that may not move without approval; the first time, of all inputs as they are now."""
    if is_first:
        engine.load_rows("vintage_passed", "programme VARCHAR, vintage DATE, cause VARCHAR", [])
        engine.load_rows("lineage_input", f"{LINEAGE}, input_digest VARCHAR", [])
    engine.table("award_differing", ACCOUNT_SQL / "award_differing.sql")
    if is_first and engine.count("SELECT 1 FROM prior_pin UNION ALL SELECT 1 FROM rejected_input"):
        engine.table("lineage_input", ACCOUNT_SQL / "lineage_input.sql")
        engine.table("session_pinned", ACCOUNT_SQL / "session_pinned.sql")
        engine.add("held_session", "SELECT session_id FROM session_pinned")
    if engine.count("SELECT 1 FROM approval_rule"):
        for relation in ("vintage_change", "threshold_passed"):
            engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")
        more = "SELECT * FROM threshold_passed AS t ANTI JOIN vintage_passed USING (programme, vintage)"
        engine.add("vintage_passed", more)
    engine.table("award_change", ACCOUNT_SQL / "award_change.sql")
    held = "SELECT DISTINCT session_id FROM award_change WHERE is_held UNION SELECT session_id FROM held_session"
    engine.keep("held_session", held)
    if is_first and engine.count("SELECT 1 FROM held_session"):
        engine.table("lineage_input", ACCOUNT_SQL / "lineage_input.sql")


def say_as_proposed(engine: Relations, decision: Decision | None) -> None:
    """Give what is approved the reason that it was proposed for."""
    if decision and decision.kind == APPROVE:
        engine.keep(
            "change_reason",
            f"""SELECT c.session_id, coalesce(p.reason, c.reason) AS reason FROM change_reason AS c
            LEFT JOIN (SELECT session_id, max(reason) AS reason FROM prior_proposal
                       WHERE ledger_version = {decision.ledger_version} GROUP BY session_id) AS p USING (session_id)""",
        )


def propose(engine: Relations) -> None:
    """Write down what is held and not yet proposed so, and which awards are pinned."""
    for relation in ("award_proposed", *PROPOSED):
        engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")
    for relation in ("stood_state", "kept_state"):
        engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")


def proposal_totals(engine: Relations) -> dict[str, Any]:
    """Lineages and keys that this run proposes to change, with the points and reductions that they would gain and lose."""
    return engine.rows(
        """SELECT count(*) AS keys, count(DISTINCT session_id) AS lineages, count(DISTINCT user_id) AS users,
        CAST(coalesce(sum(points), 0) AS BIGINT) AS points,
        CAST(coalesce(sum(greatest(points, 0)), 0) AS BIGINT) AS points_gained,
        CAST(coalesce(sum(least(points, 0)), 0) AS BIGINT) AS points_lost,
        CAST(CAST(coalesce(sum(emission_reductions_ng), 0) AS DECIMAL(38,0)) AS STRING) AS emission_reductions_ng
        FROM award_proposal"""
    )[0]


def check_coupled(engine: Relations, decision: Decision | None) -> None:
    """Refuse a decision while something that its lineages are coupled with has arrived and is not accounted."""
    if decision is None:
        return
    rows = engine.rows(
        f"""SELECT session_id FROM session_touched JOIN session_unaccounted USING (session_id)
        WHERE session_id NOT IN ({_lineages(decision.ledger_version)}) ORDER BY session_id"""
    )
    if rows:
        keys = some_keys([row["session_id"] for row in rows])
        raise Refused(
            f"nothing was posted: {len(rows)} sessions coupled with what receipt {decision.proposal[:16]} "
            f"proposes, by a cap or a connector, have arrived and are not accounted: {keys}. Run 'chargeledger account' first."
        )


def check_decision(engine: Relations, decision: Decision | None) -> None:
    """Refuse an approval where the change of a lineage is no longer the one that was proposed."""
    if decision is None or decision.kind != APPROVE:
        return
    columns = "programme, session_id, vintage, user_id, " + ", ".join(
        f"CAST({name} AS DECIMAL(38,0)) AS {name}" for name in AMOUNTS
    )
    now = f"""SELECT {columns} FROM (SELECT *, due_points - posted_points AS points FROM award_change)
        WHERE session_id IN (SELECT session_id FROM released_session)"""
    then = f"SELECT {columns} FROM prior_proposal WHERE ledger_version = {decision.ledger_version}"
    rows = engine.rows(
        f"""SELECT session_id FROM (({now}) EXCEPT ({then})) UNION SELECT session_id FROM (({then}) EXCEPT ({now}))
        ORDER BY session_id"""
    )
    if rows:
        receipt, keys = decision.proposal[:16], some_keys([row["session_id"] for row in rows])
        raise Refused(
            f"nothing was posted: the changes of {len(rows)} sessions are no longer what receipt {receipt} proposes: {keys}. "
            f"Their inputs have changed since. Run 'chargeledger account', or 'chargeledger proposal renew {receipt}' where "
            "that proposes nothing new, and decide on what it proposes."
        )
