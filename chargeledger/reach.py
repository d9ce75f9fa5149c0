"""What a run may have to look at: the lineages of which something may have changed, and all that they may depend on.

Everything else is left unread. The relations of a computation are the same as if all had been read, for every lineage that is
touched: whoever shares a cap, a connector or green power with one of these is in reach too.
"""

from __future__ import annotations

from chargeledger import rooms
from chargeledger.claims import load_claim_rule
from chargeledger.lake import LedgerCommit
from chargeledger.relations import Relations
from chargeledger.scope import APPROVE, REJECT, Question, Scope
from chargeledger.touching import is_capped

REACH_SQL = rooms.TRANSFORMS / "reach"
NO_PROGRAMME = "-"
BEGUN = ("lineage_arrived", "lineage_open", "lineage_of_scope")
Marks = dict[tuple[object, ...], int]
# What is narrowed to the lineages in reach beside their tellings, in the order in which one rests on the other.
NARROWED = (
    *("session_owner", "charging_interval", "row_outcome", "session_state_log"),
    *("ledger_entry_log", "grid_mix_hour", "grid_intensity_state_log"),
)
# Read where they lie: of the entries of a vintage and of the intervals of a file few are asked for, and the mix is read once.
SHOWN = {"charging_interval", "ledger_entry_log", "grid_mix_hour"}


def reaches_back_to(marks: Marks, scope: Scope, question: Question, programmes: list[str]) -> int | None:
    """Up to which batch everything that the run covers is accounted; None where it may be nothing.

    Where the run names vintages, all of these are in reach, whatever they were accounted with.
    """
    if question.everything or question.nothing_is_final:
        return None
    covered = [name for name in programmes if scope.programme in (None, name)]
    if scope.vintage_from:
        told = [[seq for (marked, *_), seq in marks.items() if marked == name] for name in (*covered, NO_PROGRAMME)]
    else:
        told = [
            [seq for place, seq in marks.items() if place == (name, None, None)] for name in (*covered, NO_PROGRAMME)
        ]
    return min(max(seqs) for seqs in told) if all(told) else None


def narrow(
    engine: Relations, batch_seq: int, scope: Scope, question: Question, commits: list[LedgerCommit], *, matches: bool
) -> None:
    """Show of the staged relations, the ledger and its states what is in reach of the run, and no more."""
    engine.load_rows("reach_from", "batch_seq BIGINT", [(batch_seq,)])
    decided = [c.decision["ledger_version"] for c in commits if c.decision and c.decision["kind"] in (APPROVE, REJECT)]
    engine.load_rows("proposal_decided", "ledger_version BIGINT", [(version,) for version in decided])
    engine.load_rows("lineage_in_reach", "session_id VARCHAR", [])
    engine.keep("told_in_reach", "SELECT * FROM charging_session WHERE false")
    load_claim_rule(engine)
    for relation in ("batch_pending", "hour_pending"):
        engine.table(relation, REACH_SQL / f"{relation}.sql")
    engine.load_rows("lineage_asked", "session_id VARCHAR", [(question.session_id,)] if question.session_id else [])
    for relation in BEGUN:
        engine.table(relation, REACH_SQL / f"{relation}.sql")
    begun = (f"SELECT session_id FROM {relation}" for relation in ("lineage_asked", *BEGUN))
    engine.keep("lineage_begun", " UNION ".join(begun))
    _take_up(engine, "lineage_begun")
    _widen(engine, until_settled=scope.vintage_from is not None, matches=matches)
    _show(engine)


def _take_up(engine: Relations, relation: str) -> int:
    """Take lineages into reach, with those that are told on a connector beside them; return how many there are more."""
    added = 0
    while True:
        fresh = f"SELECT DISTINCT session_id FROM {relation} ANTI JOIN lineage_in_reach USING (session_id)"
        engine.keep("lineage_added", fresh)
        if not (more := engine.count("SELECT 1 FROM lineage_added")):
            return added
        added += more
        engine.add("lineage_in_reach", "SELECT session_id FROM lineage_added")
        engine.table("told_added", REACH_SQL / "told_added.sql")
        engine.add("told_in_reach", "SELECT * FROM told_added")
        _look_near(engine)
        relation = "lineage_neighbour"
        engine.table(relation, REACH_SQL / f"{relation}.sql")


def _look_near(engine: Relations) -> None:
    """Show the tellings of the time of those that came into reach last; bounds in words, so that other files are not opened."""
    (bounds,) = engine.rows(
        """SELECT min(epoch_s(started_at)) - max(start_within_s) AS first,
        greatest(max(epoch_s(ended_at)), max(epoch_s(started_at)) + max(start_within_s)) AS last
        FROM told_added CROSS JOIN claim_rule WHERE connector_id IS NOT NULL"""
    )
    within = "started_at <= instant_of({last}) AND ended_at >= instant_of({first})".format_map(bounds)
    engine.show(
        "told_near", f"SELECT * FROM charging_session WHERE {within if bounds['last'] is not None else 'false'}"
    )


def _widen(engine: Relations, *, until_settled: bool, matches: bool) -> None:
    """Take up who shares a cap or green power, by whole days and months.

    Where a run covers all vintages, only what arrived can have moved between days, and one step is enough.
    """
    steps = [("day_in_reach", "lineage_of_day")] if is_capped(engine) else []
    if matches or engine.count("SELECT 1 FROM energy_match_log LIMIT 1"):
        steps.append(("month_in_reach", "lineage_of_month"))
    while steps:
        added = 0
        for told, relation in steps:
            engine.table(told, REACH_SQL / f"{told}.sql")
            engine.table(relation, REACH_SQL / f"{relation}.sql")
            added += _take_up(engine, relation)
        if not (added and until_settled):
            return


def _show(engine: Relations) -> None:
    for relation in ("told_near", "charging_session"):
        engine.drop(relation)
    engine.rename("told_in_reach", "charging_session")
    for relation in NARROWED:
        engine.rename(relation, f"whole_{relation}")
        if relation == "grid_mix_hour":
            engine.table("grid_day", REACH_SQL / "grid_day.sql")
        show = engine.look if relation in SHOWN else engine.table
        show(relation, REACH_SQL / f"{relation}.sql")
