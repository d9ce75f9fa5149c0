"""What the ledger of the Chinese programme has to hold of sessions that an oracle assessed, in plain Python."""

from __future__ import annotations

from collections.abc import Iterable

from tests.ledger.book import CN, PARTS, Key, user
from tests.oracle import reward
from tests.oracle.annual import Amounts
from tests.oracle.given import Session, reward_row


def by_rules(
    assessed: Iterable[tuple[Session, Amounts | None, str]], points_cap: int | None = None
) -> dict[Key, tuple[int, ...]]:
    """All of PARTS by key, of sessions with their amounts and their account; without an account there is no award."""
    rows = [
        reward_row(session, amounts) | {"account": account}
        for session, amounts, account in assessed
        if account and amounts
    ]
    awards = reward.expected(rows, reward.Rules(points_cap=points_cap))
    found = {}
    for row in rows:
        award = awards[row["lineage"]] | {"emission_reductions_ng": row["emission_reductions_ng"]}
        key = (CN, row["lineage"], row["vintage"].isoformat(), user(row["account"]))
        found[key] = tuple(award[name] for name in PARTS)
    return found
