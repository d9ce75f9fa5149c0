"""What the package itself answers of a lake: its proposals, its closed months, and whether all of it verifies."""

from __future__ import annotations

from pathlib import Path

from tests.crash.committed import Rows


def of(lake: Path) -> dict[str, Rows]:
    """What became of each proposal, oldest first, and the statements of closed months as they are shown."""
    from chargeledger import asking
    from chargeledger.lake import Lake

    proposals: Rows = [
        (row.state, row.clock, sorted(row.totals.items()), row.settled_at, row.decision and row.decision["by"])
        for row in asking.proposals(str(lake))
    ]
    statements: Rows = [
        (shown.programme, shown.period, shown.closed_at, shown.closed_by, *sorted(line.items()))
        for close in Lake(lake).closes()
        for shown in asking.period_show(str(lake), close.period, close.programme)
        for line in shown.lines
    ]
    return {"answered proposals": proposals, "answered statements": statements}


def unverified(lake: Path) -> list[str]:
    """What the lake's own verification refuses."""
    from chargeledger.errors import Refused
    from chargeledger.lake import Lake
    from chargeledger.verify import verify

    try:
        list(verify(Lake(lake)))
    except Refused as refused:
        return [str(refused)]
    return []
