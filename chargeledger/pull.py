"""Pulling from an operator: pages become landed files, and a register in the lake knows up to which instant everything has come.

The register moves only after a pull that came whole and was staged; until then the next pull starts where this one did. What
comes twice falls out by its content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from chargeledger.errors import Refused, UsageError
from chargeledger.lake import Lake, instant_text, parse_instant, write_file
from chargeledger.ocpi import CdrModule
from chargeledger.workspace import Workspace

# Operators' clocks differ, and a record may show itself later than the moment that it carries.
OVERLAP = timedelta(hours=1)
Report = Callable[[str], None]


@dataclass(frozen=True)
class Span:
    """Records last updated from an instant on (None: from the first) and before another; `known`: up to where all had come."""

    since: datetime | None
    until: datetime
    known: datetime | None

    @property
    def reaches(self) -> datetime:
        """Up to where all has come after it; a span that starts later than that leaves a gap and changes nothing."""
        if self.since and self.known and self.since > self.known:
            return self.known
        return max(self.until, self.known or self.until)


def register_file(lake: Lake, source: str, module: CdrModule) -> Path:
    """Where the lake keeps up to which instant a source has come from an address, without its query."""
    address = str(module.url.copy_with(query=None, fragment=None))
    return lake.root / "pulls" / f"{hashlib.sha256(f'{source} {address}'.encode()).hexdigest()}.json"


def span_of(register: Path, since: str | None, until: str | None, clock: datetime) -> Span:
    """What is told, and otherwise from the last complete pull, with an overlap, up to the clock."""
    known = parse_instant(json.loads(register.read_bytes())["pulled_until"]) if register.exists() else None
    start = parse_instant(since) if since else known - OVERLAP if known else None
    span = Span(start, parse_instant(until) if until else clock, known)
    if span.since and span.since >= span.until:
        raise UsageError(
            f"nothing lies between {instant_text(span.since)} and {instant_text(span.until)}: see --from and --to"
        )
    return span


def fetch(lake: Lake, module: CdrModule, span: Span, take: Callable[[Path], None], report: Report) -> dict[str, int]:
    """Hand on every page of the span as a file. Raises Refused where fewer or more came than the server announced.

    A page without records is no delivery. Returns the number of pages and of records.
    """
    since = instant_text(span.since) if span.since else None
    named = since.translate(str.maketrans("", "", "-:")) if since else "first"
    pages, received, total, fell = 0, 0, None, False
    workspace = Workspace(lake.spill())
    try:
        for page in module.pages(since, instant_text(span.until)):
            pages, received = page.number, received + page.records
            fell |= page.total is not None and total is not None and page.total < total
            total = page.total
            report(f"page {pages}: {page.records:,} records, {received:,} of {'?' if total is None else total}")
            if page.records:
                path = workspace.path / f"cdrs_{named}_{page.offset}.json"
                path.write_bytes(page.body)
                take(path)
                path.unlink()
    finally:
        workspace.close()
    if total is None:
        report(f"{module.host} tells no X-Total-Count: nobody knows whether that is all")
    elif fell or received != total:
        raise Refused(
            f"the pull from {module.host} is incomplete: {received:,} records came, {total:,} were announced (X-Total-Count"
            f"{', which fell meanwhile' if fell else ''}). Its {pages:,} pages are landed; run the same command again"
        )
    return {"pages": pages, "records": received}


def remember(register: Path, source: str, module: CdrModule, span: Span) -> None:
    """Keep up to where everything has come."""
    address = str(module.url.copy_with(query=None, fragment=None))
    kept = {"source": source, "address": address, "pulled_until": instant_text(span.reaches)}
    write_file(register, (json.dumps(kept, sort_keys=True) + "\n").encode())
