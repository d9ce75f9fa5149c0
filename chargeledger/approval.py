"""Approval: what is proposed, what waits, and somebody's decision on it. A decision is a commit of the ledger like any other.

A lineage that waits belongs to the newest proposal that has it. A proposal of which a later run proposes anything anew passes
whole to that run's, so one is decided on as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chargeledger import accounting, rooms
from chargeledger.contract import contract
from chargeledger.engine import Engine
from chargeledger.errors import Refused, UsageError
from chargeledger.lake import Lake, LedgerCommit, instant_text
from chargeledger.receipt import read_receipt
from chargeledger.scope import APPROVE, REJECT, RENEW, Decision, Question, Scope

ACCOUNT_SQL = rooms.TRANSFORMS / "account"
WAITING, APPROVED, REJECTED, SUPERSEDED, GONE = "waiting", "approved", "rejected", "superseded", "no longer due"
DECIDED = {APPROVE: APPROVED, REJECT: REJECTED}
TOTALS = ("keys", "lineages", "users", "points", "points_gained", "points_lost", "emission_reductions_ng")


@dataclass(frozen=True)
class Proposal:
    """What one receipt proposed, and what became of it. `settled_by` is the receipt that decided on it or took it over."""

    receipt: str
    ledger_version: int
    clock: str
    state: str
    totals: dict[str, Any]
    decision: dict[str, Any] | None = None
    settled_by: str | None = None
    settled_at: str | None = None


class _Settled(Exception):
    """The same decision stands already."""


def proposals(lake: Lake, ledger_version: int | None = None) -> list[Proposal]:
    """Every proposal up to a ledger version, oldest first."""
    commits = lake.commits(until=ledger_version)
    proposing = [commit for commit in commits if commit.proposed]
    with Engine(spill=lake.spill()) as engine:
        _open(lake, engine, commits, proposing)
        waiting = {row["ledger_version"] for row in engine.rows("SELECT DISTINCT ledger_version FROM prior_proposal")}
        later = engine.rows(
            """SELECT a.ledger_version, min(b.ledger_version) AS newer FROM award_proposal_log AS a
            JOIN award_proposal_log AS b ON b.session_id = a.session_id AND b.ledger_version > a.ledger_version
            GROUP BY a.ledger_version"""
        )
    newer = {row["ledger_version"]: row["newer"] for row in later}
    of_version = {commit.version: commit for commit in commits}
    return [
        _judged(lake, c, commits, of_version.get(int(str(newer.get(c.version, -1)))), c.version in waiting)
        for c in proposing
    ]


def _open(lake: Lake, engine: Engine, commits: list[LedgerCommit], proposing: list[LedgerCommit]) -> None:
    """Show all proposals, and of the states those of the lineages that they name."""
    for relation, told in (("award_proposal", proposing), ("session_state", commits)):
        engine.view(f"{relation}_log", lake.state_files(relation, told), contract(relation))
    engine.con.execute(
        """CREATE TABLE state_of_proposed AS SELECT * FROM session_state_log
        WHERE session_id IN (SELECT session_id FROM award_proposal_log)"""
    )
    engine.con.execute("CREATE OR REPLACE VIEW session_state_log AS SELECT * FROM state_of_proposed")
    for relation in ("prior_state", "prior_proposal"):
        engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")


def _judged(
    lake: Lake, proposing: LedgerCommit, commits: list[LedgerCommit], newer: LedgerCommit | None, waits: bool
) -> Proposal:
    _, receipt = read_receipt(lake, proposing.receipt)
    decided = next(
        (
            c
            for c in commits
            if c.decision and c.decision["proposal"] == proposing.receipt and c.decision["kind"] in DECIDED
        ),
        None,
    )
    totals = {name: receipt["proposal"][name] for name in TOTALS}
    told = (proposing.receipt, proposing.version, instant_text(proposing.clock))
    if waits:
        return Proposal(*told, WAITING, totals)
    if decided and decided.decision:
        state = DECIDED[decided.decision["kind"]]
        return Proposal(*told, state, totals, decided.decision, decided.receipt, instant_text(decided.clock))
    if newer:
        return Proposal(*told, SUPERSEDED, totals, None, newer.receipt, instant_text(newer.clock))
    return Proposal(*told, GONE, totals)


def find(lake: Lake, name: str, ledger_version: int | None = None) -> Proposal:
    """The proposal of a receipt named by its digest or the first digits of it. Raises UsageError where it proposes nothing."""
    digest, _ = read_receipt(lake, name)
    found = {proposal.receipt: proposal for proposal in proposals(lake, ledger_version)}
    if digest not in found:
        known = [p.receipt[:16] for p in found.values() if p.state == WAITING]
        raise UsageError(
            f"receipt {digest[:16]} proposes nothing. Waiting for a decision: {', '.join(known) or 'none'}"
        )
    return found[digest]


def decide(
    lake: Lake,
    kind: str,
    name: str,
    by: str,
    because: str,
    at: str | None,
    fingerprint: str,
    report: Callable[[str], None],
) -> dict[str, Any]:
    """Approve, reject or renew a proposal, in one commit. Returns what `accounting.account` returns, and the proposal before.

    The same decision twice posts nothing: `is_new` is false then. Raises Refused where the proposal does not wait, or where
    its changes are no longer due as they were proposed.
    """
    if kind != RENEW and not (by.strip() and because.strip()):
        raise UsageError("a decision says who decides and why: --by NAME --because TEXT")
    digest = find(lake, name).receipt

    def ask(ledger_version: int) -> Question:
        proposal = find(lake, digest, ledger_version)
        if proposal.state == DECIDED.get(kind):
            raise _Settled
        if proposal.state != WAITING:
            raise Refused(f"nothing was posted: {sentence(proposal)}")
        return Question(decision=Decision(kind, digest, proposal.ledger_version, by, because))

    try:
        done = accounting.account(lake, Scope(), at, fingerprint, report, ask)
    except _Settled:
        return {
            "is_new": False,
            "posted_entries": 0,
            "posted_points": 0,
            "receipt": None,
            "proposal": find(lake, digest),
        }
    return {"is_new": True, **done, "proposal": find(lake, digest)}


def sentence(proposal: Proposal) -> str:
    """What became of a proposal, for people."""
    said = f"the proposal of receipt {proposal.receipt[:16]}"
    if proposal.state == WAITING:
        return f"{said} waits for a decision since {proposal.clock}"
    if proposal.decision:
        return (
            f"{said} was {proposal.state} by {proposal.decision['by']} at {proposal.settled_at} "
            f'("{proposal.decision["because"]}"), receipt {str(proposal.settled_by)[:16]}'
        )
    if proposal.settled_by:
        newer = f"receipt {proposal.settled_by[:16]}, of {proposal.settled_at}"
        return f"{said} was superseded by that of {newer}: decide on that one"
    return f"{said} is no longer due: its inputs are again what they were, and nothing of it waits"


def rows(lake: Lake, proposal: Proposal) -> list[dict[str, Any]]:
    """The changes of a proposal, one row per key, in order of programme, vintage, lineage and user."""
    with Engine(spill=lake.spill()) as engine:
        parts = [str(path) for path in lake.state_parts("award_proposal", proposal.receipt)]
        engine.view("award_proposal", parts, contract("award_proposal"))
        return engine.rows("SELECT * FROM award_proposal ORDER BY programme, vintage, session_id, user_id")
