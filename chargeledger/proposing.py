"""What is held under a cap or on a connector, as it would be if it were approved now, on top of everything else of this run.

Elsewhere an award rests on nothing that others are awarded, and what is held differs by its own inputs alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chargeledger.awarding import ACCOUNT_SQL, BORDER, run_versions
from chargeledger.claims import RELATIONS, decide_claims
from chargeledger.methodology import Methodology
from chargeledger.relations import Relations

RUN = ("session_as_stood", "session_admitted", "session", "session_interval", "grid_mix_hour", *BORDER)
STANDING = (*RELATIONS, "posted", "prior_vintage", "held_session", "released_session")
AFTER = {
    "posted": """SELECT programme, session_id, vintage, user_id, CAST(sum(points) AS BIGINT) AS points,
        sum(emission_reductions_ng) AS emission_reductions_ng, sum(not_awarded_ng) AS not_awarded_ng,
        sum(clamped_ng) AS clamped_ng, sum(rounding_ng) AS rounding_ng, sum(capped_ng) AS capped_ng, sum(entries) AS entries
        FROM (SELECT programme, session_id, vintage, user_id, points, emission_reductions_ng, not_awarded_ng, clamped_ng,
                rounding_ng, capped_ng, entries FROM kept_posted UNION ALL
              SELECT programme, session_id, vintage, user_id, points, emission_reductions_ng, not_awarded_ng, clamped_ng,
                rounding_ng, capped_ng, 1 FROM ledger_entry)
        GROUP BY programme, session_id, vintage, user_id""",
    "prior_vintage": """SELECT programme, vintage, state FROM vintage_judged UNION ALL
        SELECT programme, vintage, state FROM kept_prior_vintage ANTI JOIN vintage_judged USING (programme, vintage)""",
    "held_session": "SELECT session_id FROM session_pinned",
    "released_session": """SELECT session_id FROM kept_held_session ANTI JOIN session_pinned USING (session_id)
        UNION SELECT session_id FROM kept_released_session""",
}


def as_if_approved(engine: Relations, versions: dict[str, Methodology]) -> None:
    """Leave in `award_differing` and `change_reason` what the held changes would be, where they stood aside for others."""
    if not engine.count("SELECT 1 FROM held_session ANTI JOIN session_pinned USING (session_id)"):
        return
    with _set_aside(engine):
        for relation, rows in AFTER.items():
            engine.keep(relation, rows)
        decide_claims(engine, ACCOUNT_SQL)
        for relation in ("session_as_stood", "session_admitted"):
            engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")
        run_versions(engine, versions)
        for relation in ("award_differing", "change_reason"):
            engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")


@contextmanager
def _set_aside(engine: Relations) -> Iterator[None]:
    """Keep the relations of the run as they are while others stand under their names."""
    for relation in (*RUN, *STANDING):
        engine.rename(relation, f"kept_{relation}")
    yield
    for relation in (*RUN, *STANDING):
        engine.drop(relation)
        engine.rename(f"kept_{relation}", relation)
