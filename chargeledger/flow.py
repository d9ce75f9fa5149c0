"""What command line and DAGs call: each function one act, plain words and digests in, plain dictionaries out."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from deltalake.exceptions import DeltaError

from chargeledger import accounting, approval, comparison, period, publication, quarantine, replay
from chargeledger.batch_rules import warnings_of
from chargeledger.completeness import Completeness, judge, last_week
from chargeledger.errors import LakeUnwritable, Refused, UsageError
from chargeledger.lake import Lake, instant_text, parse_instant
from chargeledger.landing import land, landed_file
from chargeledger.programme import check_name
from chargeledger.pseudonym import fingerprint, load_key
from chargeledger.release import Selection, release_file
from chargeledger.scope import Scope
from chargeledger.source import load_source
from chargeledger.staging import stage_in_turn, staged_batch

Report = Callable[[str], None]
ENGINES = ("duckdb",)
_FULL = ("No space left", "File too large", "Disk quota exceeded")
_BROKEN = ("Input/output error", "fsync failed")
SHOWN = ("rows_received", "rows_accepted", "rows_quarantined", "rows_duplicate", "rows_superseded")


def _silent(_: str) -> None:
    """Reports to nobody."""


@contextmanager
def _plainly(lake: str | None) -> Iterator[None]:
    """Says in plain words what a full disk, a failing one or a missing permission means here."""
    try:
        yield
    except (OSError, DeltaError, duckdb.Error) as error:
        said = str(error)
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT) or any(s in said for s in _FULL):
            raise LakeUnwritable(
                f"no space left for the lake {lake or ''}. What was not finished was not counted: nothing is lost and "
                "nothing is half posted. Free space and run the same command again."
            ) from error
        if isinstance(error, PermissionError) or "Permission denied" in said or "Read-only file system" in said:
            raise LakeUnwritable(
                f"the lake {lake or ''} cannot be written: {said.splitlines()[0]}. Nothing was posted. "
                "Give this user write permission, or name another lake."
            ) from error
        if getattr(error, "errno", None) == errno.EIO or any(s in said for s in _BROKEN):
            raise LakeUnwritable(
                f"the disk of the lake {lake or ''} fails: {said.splitlines()[0]}. What was not finished was not counted: "
                "nothing is lost and nothing is half posted. Check the disk and run the same command again."
            ) from error
        raise


def land_files(source: str, paths: list[str], lake: str | None = None, at: str | None = None) -> list[dict[str, Any]]:
    """Copy files of one source into the lake. Their order counts: of tellings without a revision time, the last landed holds.

    Returns one dictionary per file: landing_digest, file, is_staged.
    """
    with _plainly(lake):
        definition = load_source(source)
        missing = [path for path in paths if not Path(path).is_file()]
        if missing:
            raise UsageError(f"no such file: {', '.join(missing)}. Nothing was landed")
        at_lake = Lake(lake)
        load_key(at_lake)  # another key is refused before anything is copied
        clock = at_lake.clock(at)
        landed = [land(at_lake, definition, Path(path), clock) for path in paths]
        return [
            {"landing_digest": f.landing_digest, "file": f.file_name, "is_staged": staged_batch(at_lake, f) is not None}
            for f in landed
        ]


def stage_landed(
    source: str, landing_digest: str, lake: str | None = None, report: Report | None = None
) -> dict[str, Any]:
    """Check one landed file by a source definition and stage it; nothing is done where it is staged.

    What landed before it and still waits to be staged is staged first, since the order of landing counts.

    Returns landing_digest, source, file, state, is_new, rows_received, rows_accepted, …, and warnings: what batch rules found
    that does not keep the file out.
    """
    with _plainly(lake):
        at_lake = Lake(lake, must_exist=True)
        landed = landed_file(at_lake, landing_digest)
        known = staged_batch(at_lake, landed)
        definition, key = load_source(source), load_key(at_lake)
        batch = known or stage_in_turn(at_lake, definition, landed, key, report or _silent)
        told: dict[str, Any] = {"landing_digest": landing_digest, "source": batch["source"], "file": landed.file_name}
        told |= {"state": batch["state"], "is_new": known is None, **{name: batch[name] for name in SHOWN}}
        told["warnings"] = warnings_of(str(batch["validation"]))
        (report or _silent)(_ingested(told))
        for warning in told["warnings"] if told["is_new"] else []:
            (report or _silent)(f"warning  {told['file']}: {warning}")
        return told


def ingest(
    source: str, paths: list[str], lake: str | None = None, at: str | None = None, report: Report | None = None
) -> list[dict[str, Any]]:
    """Land, check and stage files of one source. All files are tried; refused ones are raised together at the end.

    Returns what `stage_landed` returns, one per file.
    """
    told: list[dict[str, Any]] = []
    refused: list[str] = []
    for landed in land_files(source, paths, lake, at):
        try:
            told.append(stage_landed(source, landed["landing_digest"], lake, report))
        except Refused as refusal:
            refused.append(str(refusal))
            (report or _silent)(f"refused  {refusal}")
    if refused:
        raise Refused("\n".join(refused))
    return told


def pull_ocpi(
    url: str,
    token: str,
    lake: str | None = None,
    source: str = "ocpi_cdr",
    since: str | None = None,
    until: str | None = None,
    at: str | None = None,
    report: Report | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Ingest the pages of an OCPI CDR module that were not pulled yet. All pages are tried; refused ones are raised together.

    Returns pages, records, and the instant up to which everything has come.
    """
    from chargeledger import ocpi, pull  # here, so that other commands need not wait for an HTTP library

    load_source(source)
    refused: list[str] = []

    def take(path: Path, by: str | None) -> None:
        try:
            ingest(by or source, [str(path)], lake, at, report)
        except Refused as refusal:
            refused.append(str(refusal))

    with ocpi.CdrModule(url, token, sleep) as module, _plainly(lake):
        at_lake = Lake(lake)
        with at_lake.one_at_a_time("pull"):
            register = pull.register_file(at_lake, source, module)
            span = pull.span_of(register, since, until, at_lake.clock(at))
            told = pull.fetch(at_lake, module, span, take, report or _silent)
            if refused:
                raise Refused("\n".join(refused))
            pull.remember(register, source, module, span)
        return told | {"pulled_until": instant_text(span.reaches)}


def _ingested(batch: dict[str, Any]) -> str:
    if not batch["is_new"]:
        return f"landed before  {batch['file']}"
    rest = ", ".join(f"{batch[n]:,} {n.removeprefix('rows_')}" for n in SHOWN[1:] if batch[n] or n == SHOWN[1])
    return f"staged  {batch['file']}: {batch['rows_received']:,} rows, {rest}"


def quarantine_totals(
    lake: str | None = None, rule: str | None = None, batch: int | None = None, settled: bool = False
) -> list[dict[str, Any]]:
    """Rows in quarantine by relation and rule; see `quarantine.totals`."""
    with _plainly(lake):
        return quarantine.totals(Lake(lake, must_exist=True), rule, batch, settled)


def quarantine_rows(
    lake: str | None = None, rule: str | None = None, batch: int | None = None, most: int = 20
) -> tuple[list[dict[str, Any]], int]:
    """Rows that wait in quarantine, and the count of all; see `quarantine.waiting_rows`."""
    with _plainly(lake):
        return quarantine.waiting_rows(Lake(lake, must_exist=True), rule, batch, most)


def release(
    lake: str | None = None, rule: str | None = None, batch: int | None = None, report: Report | None = None
) -> list[dict[str, Any]]:
    """Take rows in quarantine up again, file by file; those refused are raised together at the end.

    Returns what `release.release_file` returns, one per file.
    """
    told: list[dict[str, Any]] = []
    refused: list[str] = []
    with _plainly(lake):
        at_lake = Lake(lake, must_exist=True)
        key = load_key(at_lake)
        for file in quarantine.waiting_files(at_lake, rule, batch):
            try:
                told.append(release_file(at_lake, file["file_digest"], file["source"], Selection(rule, batch), key))
                (report or _silent)(_released(told[-1]))
            except Refused as refusal:
                refused.append(str(refusal))
                (report or _silent)(f"refused  {refusal}")
    if refused:
        raise Refused("\n".join(refused))
    return told


def _released(file: dict[str, Any]) -> str:
    batch = file["batch"] or {}
    parts = [
        f"{batch[n]:,} {n.removeprefix('rows_')}"
        for n in ("rows_accepted", "rows_duplicate", "rows_superseded")
        if batch.get(n)
    ]
    parts += [f"{count:,} stay under {rule}" for rule, count in file["staying"].items()]
    return f"{'released' if batch else 'stays'}  {file['file']}: {file['taken']:,} rows taken up, {', '.join(parts)}"


def account(
    lake: str | None = None,
    vintages: str | None = None,
    programme: str | None = None,
    engine: str = "duckdb",
    at: str | None = None,
    report: Report | None = None,
) -> dict[str, Any]:
    """Post what the ledger lacks; see `accounting.account` for what is returned."""
    if engine not in ENGINES:
        raise UsageError(f"unknown engine '{engine}': {', '.join(ENGINES)}")
    check_name(programme)
    with _plainly(lake):
        at_lake = Lake(lake, must_exist=True)
        scope = Scope.of(vintages, programme)
        return accounting.account(at_lake, scope, at, fingerprint(load_key(at_lake)), report or _silent)


def decide(
    kind: str,
    receipt: str,
    by: str,
    because: str,
    lake: str | None = None,
    at: str | None = None,
    report: Report | None = None,
) -> dict[str, Any]:
    """Approve, reject or renew what a receipt proposes; see `approval.decide` for what is returned."""
    with _plainly(lake):
        at_lake = Lake(lake, must_exist=True)
        return approval.decide(
            at_lake, kind, receipt, by, because, at, fingerprint(load_key(at_lake)), report or _silent
        )


def proposals(lake: str | None = None) -> list[approval.Proposal]:
    """Every proposal and what became of it, oldest first."""
    with _plainly(lake):
        return approval.proposals(Lake(lake, must_exist=True))


def proposal(receipt: str, lake: str | None = None) -> tuple[approval.Proposal, list[dict[str, Any]]]:
    """What a receipt proposes, and its changes, one per key."""
    with _plainly(lake):
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
    with _plainly(lake):
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
    with _plainly(lake):
        if keep:
            shadows.check_keepable(methodology)
        told = shadows.shadow(Lake(lake, must_exist=True), vintages, methodology, programme, against, as_of, at)
        return told | {"kept": shadows.keep(told) if keep else None}


def publish(
    lake: str | None = None, at: str | None = None, report: Report | None = None, keep_days: int | None = None
) -> dict[str, Any]:
    """Publish what the ledger holds; see `publication.publish` for what is returned."""
    with _plainly(lake):
        return publication.publish(Lake(lake, must_exist=True), at, report or _silent, keep_days)


def completeness(
    lake: str | None = None, vintages: str | None = None, programme: str | None = None, at: str | None = None
) -> Completeness:
    """What should have come against what came, for vintages that have ended; without vintages, for the last seven days."""
    check_name(programme)
    with _plainly(lake):
        clock = parse_instant(at)
        scope = Scope.of(vintages, programme) if vintages else last_week(clock, programme)
        return judge(Lake(lake, must_exist=True), scope, clock)


def rerun(receipt: str, lake: str | None = None) -> dict[str, Any]:
    """Compute a receipt again and compare; see `replay.rerun` for what is returned."""
    with _plainly(lake):
        return replay.rerun(Lake(lake, must_exist=True), receipt)


def period_show(
    lake: str | None = None, month: str | None = None, programme: str | None = None
) -> list[period.Statement]:
    """Statements of a month or of all: of a closed one as it was frozen, of an open one as the ledger stands."""
    check_name(programme)
    month = period.checked_month(month) if month else None
    with _plainly(lake):
        return period.show(Lake(lake, must_exist=True), month, programme)


def period_close(
    month: str, by: str, programme: str, lake: str | None = None, at: str | None = None, report: Report | None = None
) -> tuple[period.Statement, bool]:
    """Close a month of a programme; returns its statement, and False where it was closed already."""
    check_name(programme)
    period.checked_month(month)
    if not by.strip():
        raise UsageError("--by needs a name: a close says who closed")
    with _plainly(lake):
        return period.close(Lake(lake, must_exist=True), programme, month, by.strip(), at, report or _silent)


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

    with _plainly(lake):
        at_lake = Lake(lake, must_exist=True)
        if order:
            return tracing.trace_order(at_lake, order)
        if account:
            user = asked.user_of(at_lake, account, namespace)
        return tracing.trace_day(at_lake, asked.checked_user(user), asked.checked_day(day))


def run(
    sessions: list[tuple[str, str]],
    grid: list[tuple[str, str]],
    lake: str | None = None,
    programme: str | None = None,
    at: str | None = None,
    report: Report | None = None,
) -> dict[str, Any]:
    """The whole flow: files as (source, path) in, a publication out. Returns what `account` and `publish` return."""
    report = report or _silent
    check_name(programme)
    for source, _ in (*grid, *sessions):
        load_source(source)
    for source in dict.fromkeys(source for source, _ in (*grid, *sessions)):
        ingest(source, [path for name, path in (*grid, *sessions) if name == source], lake, at, report)
    accounted = account(lake, None, programme, at=at, report=report)
    published = publish(lake, at, report)
    return {"account": accounted, "publication": published}


def certificates_shown(lake: str | None, report: Report) -> None:
    """Say how many certificates without a contract the current publication shows, where there are any."""
    from chargeledger.summary import certificates_shown, shown_not_counted

    certificates, energy_wh = certificates_shown(Lake(lake, must_exist=True))
    if certificates:
        report(f"certificates without a contract: {shown_not_counted(certificates, energy_wh)}")


def summary(lake: str | None, programme: str | None) -> None:
    """Print the table of a programme: sessions, kWh, CO2 avoided, points, what waits, what is in quarantine."""
    from chargeledger.summary import print_summary

    check_name(programme)
    with _plainly(lake):
        print_summary(Lake(lake, must_exist=True), programme)
