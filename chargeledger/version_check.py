"""The check of a version: what its files state, what its SQL says, and what comes out of it, in reading order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from chargeledger.cases import CaseResult, check_cases
from chargeledger.errors import Refused
from chargeledger.methodology import Methodology, derive
from chargeledger.sensitivity import BEGIN, END, sensitivity_table
from chargeledger.version_references import dangling, wrong_units

# 0 and 1; seconds in an hour, per mille, ng in a gram: the only numbers that SQL may hold.
UNITS = {"0", "1", "3600", "1000", "1000000000"}
# What may not stand in a version's SQL: division, floating point, chance, clocks.
FORBIDDEN = re.compile(
    r"(?<![-*])/(?![*])|\b(double|float|real|random|rand|uuid|now|current_date|current_timestamp|localtimestamp|today)\b",
    re.IGNORECASE,
)
Span = tuple[date, date | None]


@dataclass(frozen=True)
class Finding:
    """One check of a version and what it found."""

    what: str
    passed: bool
    said: str


def check(version: Methodology, results: list[CaseResult] | None = None) -> list[Finding]:
    """All checks of a version, in reading order. `results` are those of its cases, where they were run already."""
    return [*check_stated(version), *_sql(version), _sensitivity(version), *_cases(version, results)]


def check_stated(version: Methodology) -> list[Finding]:
    """What can be judged by reading the files, without running anything."""
    numbers = len(version.inputs) + len(version.parameters)
    judged: list[tuple[str, Callable[[Methodology], list[str]], str]] = [
        ("derivations", _derivations, f"{len(version.parameters)} parameters recomputed"),
        ("units", wrong_units, f"{numbers} numbers in units of methodology/units.yaml, derivations of their dimension"),
        ("dates", _dates, "no gap and no overlap, for parameters and for factors"),
        ("references", dangling, f"{len(version.identity['equations'])} equations, steps, inputs and names meet"),
        ("citations", _citations, f"{numbers} numbers, {len(version.factors)} factors with source and confidence"),
    ]
    found = []
    for what, judge, well in judged:
        wrong = judge(version)
        found.append(Finding(what, not wrong, "; ".join(wrong) or well))
    return found


def _derivations(version: Methodology) -> list[str]:
    known = {name: Fraction(entry["value"]) for name, entry in version.inputs.items()}
    return [
        f"{p['name']} {p['power_type']}: {p['derivation']} gives {derive(p['derivation'], known)}, not {p['value']}"
        for p in version.parameters
        if derive(p["derivation"], known) != p["value"]
    ]


def _dates(version: Methodology) -> list[str]:
    """Every vintage of the version finds one value of each parameter and of each factor."""
    spans: dict[str, list[Span]] = {}
    for p in version.parameters:
        spans.setdefault(f"{p['name']} {p['power_type']}", []).append((p["valid_from"], p["valid_until"]))
    for f in version.factors:
        try:
            until = date.fromisoformat(f["valid_until"]) if f["valid_until"] else None
            spans.setdefault(f"factor {f['region']} {f['source']}", []).append(
                (date.fromisoformat(f["valid_from"]), until)
            )
        except ValueError as error:
            return [f"factor {f['region']} {f['source']}: {error}"]
    where = version.identity["applicability"]
    return [
        f"{key}: {wrong}"
        for key in sorted(spans)
        for wrong in _breaks(spans[key], where["vintage_from"], where["vintage_until"])
    ]


def _breaks(spans: list[Span], start: date, end: date | None) -> Iterator[str]:
    """Where spans leave a day between start and end without a value, or with two."""
    ordered = sorted(spans, key=lambda span: (span[0], span[1] or date.max))
    if ordered[0][0] > start:
        yield f"starts on {ordered[0][0]}, after {start}"
    for (_, until), (after, _) in pairwise(ordered):
        if until is None or after < until:
            yield f"overlap on {after}"
        elif until < after:
            yield f"gap from {until} to {after}"
    yield from (f"holds on no day: {a} to {b}" for a, b in ordered if b is not None and b <= a)
    last = ordered[-1][1]
    if last is not None and (end is None or last < end):
        yield f"ends on {last}"


def _citations(version: Methodology) -> list[str]:
    entries = [*version.inputs.values(), *version.parameters]
    bare = [str(e["name"]) for e in entries if not (e.get("unit") and e.get("source") and e.get("confidence"))]
    bare += [f["source"] for f in version.factors if not (f["citation"] and f["confidence"])]
    return [f"without: {', '.join(bare)}"] if bare else []


def _sql(version: Methodology) -> Iterator[Finding]:
    for step in version.sql_names:
        text = (version.folder / f"{step}.sql").read_text(encoding="utf-8")
        code = re.sub(r"--[^\n]*|'[^']*'", "", text)
        wrong = sorted({match.group(0) for match in FORBIDDEN.finditer(code)})
        numbers = set(re.findall(r"(?<![\w.])\d+(?![\w.])", code.replace("DECIMAL(38,0)", ""))) - UNITS
        wrong += [f"{number}: a number belongs into parameters.yaml or factors.csv" for number in sorted(numbers)]
        if not text.startswith("--") or "one row per" not in text.split("SELECT")[0].split("WITH")[0]:
            wrong.append("no first sentence with 'one row per'")
        yield Finding(f"{step}.sql", not wrong, ", ".join(wrong) or "exact, and says what it is")


def _cases(version: Methodology, results: list[CaseResult] | None) -> Iterator[Finding]:
    try:
        results = results or check_cases(version)
    except Refused as refusal:
        yield Finding("cases", False, str(refusal))
        return
    broken = [result for result in results if not result.passed]
    for result in broken:
        yield Finding(f"case {result.file} '{result.name}'", False, "; ".join(result.differences))
    yield Finding("cases", not broken, f"{len(results) - len(broken)} of {len(results)} hold to the ng and the point")


def _sensitivity(version: Methodology) -> Finding:
    text = (version.folder / "METHODOLOGY.md").read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        return Finding("sensitivity table", False, f"METHODOLOGY.md has no {BEGIN} … {END}")
    try:
        same = text.split(BEGIN)[1].split(END)[0].strip() == sensitivity_table(version).strip()
    except Refused as refusal:
        return Finding("sensitivity table", False, str(refusal))
    return Finding("sensitivity table", same, "as recomputed" if same else "not what the recomputation gives")
