"""Pulling from an operator: pages become landed files, and a register in the lake knows up to which instant everything has come.

The register moves only after a pull that came whole and was staged; until then the next pull starts where this one did. What
comes twice falls out by its content. What the other party counted (X-Total-Count) is landed beside the pages: a control total of
the delivery.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from chargeledger.errors import NotServed, Refused, UsageError
from chargeledger.lake import Lake, instant_text, parse_instant
from chargeledger.ocpi import CdrModule, Page
from chargeledger.whole_file import write_file
from chargeledger.workspace import Workspace

# Operators' clocks differ, and a record may show itself later than the moment that it carries.
OVERLAP = timedelta(hours=1)
TOTAL_SOURCE = "ocpi_total"
Report = Callable[[str], None]
# Lands and stages a file, by a source or by that of the pages.
Take = Callable[[Path, str | None], None]


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


@dataclass
class Tally:
    """What came of a pull, and what was announced: `total` by the last page, `most` by any of them."""

    pages: int = 0
    records: int = 0
    total: int | None = None
    most: int | None = None
    fell: bool = False
    files: list[str] = field(default_factory=list)

    def add(self, page: Page) -> None:
        """Count a page."""
        self.pages, self.records = page.number, self.records + page.records
        self.fell |= page.total is not None and self.total is not None and page.total < self.total
        self.total = page.total
        self.most = max((each for each in (self.most, page.total) if each is not None), default=None)
        self.files += [hashlib.sha256(page.body).hexdigest()] if page.records else []

    def check(self, host: str, report: Report) -> None:
        """Raise Refused where another number came than was announced."""
        if self.total is None:
            report(f"{host} tells no X-Total-Count: nobody knows whether that is all")
        elif self.fell or self.records != self.total:
            fell = ", which fell meanwhile" if self.fell else ""
            raise Refused(
                f"the pull from {host} is incomplete: {self.records:,} records came, {self.total:,} were announced "
                f"(X-Total-Count{fell}). Its {self.pages:,} pages are landed; run the same command again"
            )


def register_file(lake: Lake, source: str, module: CdrModule) -> Path:
    """Where the lake keeps up to which instant a source has come from an address, without its query."""
    return lake.root / "pulls" / f"{hashlib.sha256(f'{source} {_address(module)}'.encode()).hexdigest()}.json"


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


def fetch(lake: Lake, module: CdrModule, span: Span, take: Take, report: Report) -> dict[str, int]:
    """Hand on every page of the span as a file. Raises Refused where fewer or more came than the server announced.

    A page without records is no delivery. Whether or not all came, what was announced is handed on last, by its own source.
    Returns the number of pages and of records.
    """
    tally = Tally()
    with closing(Workspace(lake.spill())) as workspace:
        try:
            _take_pages(workspace.path, module, span, tally, take, report)
            tally.check(module.host, report)
        except (NotServed, Refused):
            _take_total(workspace.path, module, span, tally, take)
            raise
        _take_total(workspace.path, module, span, tally, take)
    return {"pages": tally.pages, "records": tally.records}


def _take_pages(folder: Path, module: CdrModule, span: Span, tally: Tally, take: Take, report: Report) -> None:
    since = instant_text(span.since) if span.since else None
    for page in module.pages(since, instant_text(span.until)):
        tally.add(page)
        told = "?" if tally.total is None else tally.total
        report(f"page {tally.pages}: {page.records:,} records, {tally.records:,} of {told}")
        if page.records:
            path = folder / f"cdrs_{_named(span)}_{page.offset}.json"
            path.write_bytes(page.body)
            take(path, None)
            path.unlink()


def _take_total(folder: Path, module: CdrModule, span: Span, tally: Tally, take: Take) -> None:
    """What the other party counted of the span, where it told any, and the pages that came."""
    if not tally.most:
        return
    told = {"address": _address(module), "date_to": instant_text(span.until), "total": tally.most, "files": tally.files}
    told |= {"date_from": instant_text(span.since)} if span.since else {}
    path = folder / f"total_{_named(span)}.json"
    path.write_text(json.dumps(told, sort_keys=True) + "\n", encoding="utf-8")
    take(path, TOTAL_SOURCE)


def _named(span: Span) -> str:
    return instant_text(span.since).translate(str.maketrans("", "", "-:")) if span.since else "first"


def _address(module: CdrModule) -> str:
    return str(module.url.copy_with(query=None, fragment=None))


def remember(register: Path, source: str, module: CdrModule, span: Span) -> None:
    """Keep up to where everything has come."""
    kept = {"source": source, "address": _address(module), "pulled_until": instant_text(span.reaches)}
    write_file(register, (json.dumps(kept, sort_keys=True) + "\n").encode())
