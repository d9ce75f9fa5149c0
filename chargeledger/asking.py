"""What is asked of a lake: plain words and digests in, plain dictionaries out. Nothing is landed, posted or published.

Comparisons and shadows leave their receipt, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chargeledger import approval, comparison, period, quarantine, replay
from chargeledger.completeness import Completeness, judge, last_week
from chargeledger.lake import Lake, parse_instant
from chargeledger.plainly import plainly
from chargeledger.programme import check_name
from chargeledger.scope import Scope

Report = Callable[[str], None]


def quarantine_totals(
    lake: str | None = None, rule: str | None = None, batch: int | None = None, settled: bool = False
) -> list[dict[str, Any]]:
    """Rows in quarantine by relation and rule; see `quarantine.totals`."""
    with plainly(lake):
        return quarantine.totals(Lake(lake, must_exist=True), rule, batch, settled)


def quarantine_rows(
    lake: str | None = None, rule: str | None = None, batch: int | None = None, most: int = 20
) -> tuple[list[dict[str, Any]], int]:
    """Rows that wait in quarantine, and the count of all; see `quarantine.waiting_rows`."""
    with plainly(lake):
        return quarantine.waiting_rows(Lake(lake, must_exist=True), rule, batch, most)


def proposals(lake: str | None = None) -> list[approval.Proposal]:
    """Every proposal and what became of it, oldest first."""
    with plainly(lake):
        return approval.proposals(Lake(lake, must_exist=True))


def proposal(receipt: str, lake: str | None = None) -> tuple[approval.Proposal, list[dict[str, Any]]]:
    """What a receipt proposes, and its changes, one per key."""
    with plainly(lake):
        at_lake = Lake(lake, must_exist=True)
        found = approval.find(at_lake, receipt)
        return found, approval.rows(at_lake, found)


def compare_methodology(
    lake: str | None,
    vintages: str | None,
    methodology: str,
    programme: str,
    as_of: int | None = None,
    at: str | None = None,
) -> dict[str, Any]:
    """Account vintages under another version, post nothing, and write the comparison; see `comparison.compare`."""
    check_name(programme)
    with plainly(lake):
        return comparison.compare(Lake(lake, must_exist=True), vintages, methodology, programme, as_of, at)


def shadow(
    lake: str | None,
    vintages: str,
    methodology: str,
    programme: str,
    against: str | None = None,
    as_of: int | None = None,
    at: str | None = None,
    keep: bool = False,
) -> dict[str, Any]:
    """Account vintages under one methodology and another, and tell winners and losers; see `shadow.shadow`.

    Returns also kept, the path of the receipt for the programme to name, or None.
    """
    from chargeledger import shadow as shadows

    check_name(programme)
    with plainly(lake):
        if keep:
            shadows.check_keepable(methodology)
        told = shadows.shadow(Lake(lake, must_exist=True), vintages, methodology, programme, against, as_of, at)
        return told | {"kept": shadows.keep(told) if keep else None}


def completeness(
    lake: str | None = None, vintages: str | None = None, programme: str | None = None, at: str | None = None
) -> Completeness:
    """What should have come against what came, for vintages that have ended; without vintages, for the last seven days."""
    check_name(programme)
    with plainly(lake):
        clock = parse_instant(at)
        scope = Scope.of(vintages, programme) if vintages else last_week(clock, programme)
        return judge(Lake(lake, must_exist=True), scope, clock)


def rerun(receipt: str, lake: str | None = None) -> dict[str, Any]:
    """Compute a receipt again and compare; see `replay.rerun` for what is returned."""
    with plainly(lake):
        return replay.rerun(Lake(lake, must_exist=True), receipt)


def period_show(
    lake: str | None = None, month: str | None = None, programme: str | None = None
) -> list[period.Statement]:
    """Statements of a month or of all: of a closed one as it was frozen, of an open one as the ledger stands."""
    check_name(programme)
    month = period.checked_month(month) if month else None
    with plainly(lake):
        return period.show(Lake(lake, must_exist=True), month, programme)


def trace(
    lake: str | None = None,
    order: str | None = None,
    user: str | None = None,
    account: str | None = None,
    namespace: str = "account",
    day: str | None = None,
) -> list[dict[str, Any]]:
    """Where the points of a charge are: of an order, or of a user's day; see `trace.trace_order` for what is returned.

    A raw account is pseudonymised here, in memory alone.
    """
    from chargeledger import trace as tracing
    from chargeledger import trace_asked as asked

    with plainly(lake):
        at_lake = Lake(lake, must_exist=True)
        if order:
            return tracing.trace_order(at_lake, order)
        if account:
            user = asked.user_of(at_lake, account, namespace)
        return tracing.trace_day(at_lake, asked.checked_user(user), asked.checked_day(day))


def certificates_shown(lake: str | None, report: Report) -> None:
    """Say how many certificates without a contract the current publication shows, where there are any."""
    from chargeledger import summary as told

    with plainly(lake):
        certificates, energy_wh = told.certificates_shown(Lake(lake, must_exist=True))
    if certificates:
        report(f"certificates without a contract: {told.shown_not_counted(certificates, energy_wh)}")


def summary(lake: str | None, programme: str | None) -> None:
    """Print the table of a programme: sessions, kWh, CO2 avoided, points, what waits, what is in quarantine."""
    from chargeledger.summary import print_summary

    check_name(programme)
    with plainly(lake):
        print_summary(Lake(lake, must_exist=True), programme)
