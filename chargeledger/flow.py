"""What command line and DAGs do to a lake: each function one act, plain words and digests in, plain dictionaries out."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chargeledger import accounting, approval, period, publication, quarantine
from chargeledger.batch_rules import warnings_of
from chargeledger.engines import DUCKDB, check_engine
from chargeledger.errors import Refused, UsageError
from chargeledger.lake import Lake, instant_text
from chargeledger.landing import land, landed_file
from chargeledger.plainly import plainly
from chargeledger.programme import check_name
from chargeledger.pseudonym import fingerprint, load_key
from chargeledger.release import Selection, release_file
from chargeledger.scope import Scope
from chargeledger.source import load_source
from chargeledger.staging import stage_in_turn, staged_batch

Report = Callable[[str], None]
SHOWN = ("rows_received", "rows_accepted", "rows_quarantined", "rows_duplicate", "rows_superseded")


def _silent(_: str) -> None:
    """Reports to nobody."""


def land_files(source: str, paths: list[str], lake: str | None = None, at: str | None = None) -> list[dict[str, Any]]:
    """Copy files of one source into the lake. Their order counts: of tellings without a revision time, the last landed holds.

    Returns one dictionary per file: landing_digest, file, is_staged.
    """
    with plainly(lake):
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
    with plainly(lake):
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

    with ocpi.CdrModule(url, token, sleep) as module, plainly(lake):
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


def release(
    lake: str | None = None, rule: str | None = None, batch: int | None = None, report: Report | None = None
) -> list[dict[str, Any]]:
    """Take rows in quarantine up again, file by file; those refused are raised together at the end.

    Returns what `release.release_file` returns, one per file.
    """
    told: list[dict[str, Any]] = []
    refused: list[str] = []
    with plainly(lake):
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
    at: str | None = None,
    report: Report | None = None,
    engine: str = DUCKDB,
) -> dict[str, Any]:
    """Post what the ledger lacks; see `accounting.account` for what is returned."""
    check_engine(engine)
    check_name(programme)
    with plainly(lake):
        at_lake = Lake(lake, must_exist=True)
        scope = Scope.of(vintages, programme)
        return accounting.account(
            at_lake, scope, at, fingerprint(load_key(at_lake)), report or _silent, engine_name=engine
        )


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
    with plainly(lake):
        at_lake = Lake(lake, must_exist=True)
        return approval.decide(
            at_lake, kind, receipt, by, because, at, fingerprint(load_key(at_lake)), report or _silent
        )


def publish(
    lake: str | None = None, at: str | None = None, report: Report | None = None, keep_days: int | None = None
) -> dict[str, Any]:
    """Publish what the ledger holds; see `publication.publish` for what is returned."""
    with plainly(lake):
        return publication.publish(Lake(lake, must_exist=True), at, report or _silent, keep_days)


def period_close(
    month: str, by: str, programme: str, lake: str | None = None, at: str | None = None, report: Report | None = None
) -> tuple[period.Statement, bool]:
    """Close a month of a programme; returns its statement, and False where it was closed already."""
    check_name(programme)
    period.checked_month(month)
    if not by.strip():
        raise UsageError("--by needs a name: a close says who closed")
    with plainly(lake):
        return period.close(Lake(lake, must_exist=True), programme, month, by.strip(), at, report or _silent)


def run(
    sessions: list[tuple[str, str]],
    grid: list[tuple[str, str]],
    lake: str | None = None,
    programme: str | None = None,
    at: str | None = None,
    report: Report | None = None,
    engine: str = DUCKDB,
) -> dict[str, Any]:
    """The whole flow: files as (source, path) in, a publication out. Returns what `account` and `publish` return."""
    report = report or _silent
    check_engine(engine)
    check_name(programme)
    for source, _ in (*grid, *sessions):
        load_source(source)
    for source in dict.fromkeys(source for source, _ in (*grid, *sessions)):
        ingest(source, [path for name, path in (*grid, *sessions) if name == source], lake, at, report)
    accounted = account(lake, None, programme, at, report, engine)
    published = publish(lake, at, report)
    return {"account": accounted, "publication": published}
