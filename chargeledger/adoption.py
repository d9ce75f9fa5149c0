"""Adoption: a programme puts another version in force only with a shadow that says who wins and who loses by it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from chargeledger import rooms
from chargeledger.errors import Refused
from chargeledger.methodology import published, split_name

AT_THE_START = "at the start"
Line = Mapping[str, Any]


def check_adoptions(programme: str, since: date | None, lines: Sequence[Line]) -> None:
    """Refuse a line of a programme that replaces a version by another formula or other numbers, and names no shadow of it.

    `adopted: at the start` stands for the shadow on a line of the programme's first file, which is in force before `since`.
    """
    before: Line | None = None
    for line in lines:
        if "adopted" in line:
            _check_start(programme, since, line)
        elif line.get("shadow"):
            _check_shadow(programme, line, before)
        elif before and needs_shadow(before["version"], line["version"]):
            raise Refused(
                f"programme {programme}: the line of {line['in_force_from']} puts {line['version']} in the place of "
                f"{before['version']} and names no shadow. {_way(programme, line, before)}"
            )
        before = line


def needs_shadow(before: str, version: str) -> bool:
    """Whether more than words differ: another methodology, another MAJOR or another MINOR."""
    (old, old_number), (new, new_number) = split_name(before), split_name(version)
    return old != new or old_number.rpartition(".")[0] != new_number.rpartition(".")[0]


def _way(programme: str, line: Line, before: Line | None) -> str:
    against = f"--against {before['version']} " if before else ""
    return (
        f"Run 'chargeledger shadow --methodology {line['version']} {against}--programme {programme} "
        "--vintages FIRST..LAST --keep', and write the digest that it prints into the line as 'shadow' "
        "(methodology/README.md, Adoption)"
    )


def _check_start(programme: str, since: date | None, line: Line) -> None:
    said = f"programme {programme}: the line of {line['in_force_from']}"
    if line["adopted"] != AT_THE_START or "shadow" in line:
        raise Refused(f"{said} may say 'adopted: {AT_THE_START}', or name a shadow, and nothing else")
    if not isinstance(since, date) or line["in_force_from"] >= since:
        raise Refused(
            f"{said} says 'adopted: {AT_THE_START}', but is not in force before the programme's day 'since' "
            f"({since or 'which is not told'}): a later line names a shadow (methodology/README.md, Adoption)"
        )


def _check_shadow(programme: str, line: Line, before: Line | None) -> None:
    digest, version = str(line["shadow"]), line["version"]
    path = rooms.METHODOLOGY / "shadows" / f"{digest}.json"
    if not re.fullmatch(r"[0-9a-f]{64}", digest) or not path.is_file():
        wrong = f"methodology/shadows has no receipt {digest}"
    elif hashlib.sha256(raw := path.read_bytes()).hexdigest() != digest:
        wrong = f"methodology/shadows/{path.name} was changed: its digest is {hashlib.sha256(raw).hexdigest()}"
    else:
        wrong = _wrong(json.loads(raw), programme, version, before)
    if wrong:
        raise Refused(
            f"programme {programme}, the line of {line['in_force_from']}: {wrong}. {_way(programme, line, before)}"
        )


def _wrong(receipt: dict[str, Any], programme: str, version: str, before: Line | None) -> str:
    """What a receipt does not say that the line rests on; empty where it says all."""
    frozen = {name: entry["digest"] for name, entry in published().items()}
    if receipt.get("kind") != "shadow":
        return "the receipt that it names is not of a shadow"
    if receipt["programme"] != programme:
        return f"the shadow that it names is of programme {receipt['programme']}"
    if receipt["methodology"] != version:
        return f"the shadow that it names is of {receipt['methodology']}, not of {version}"
    if receipt["methodology_digest"] != frozen.get(version):
        return f"the shadow that it names is of a draft of {version}, not of what was published"
    if before and receipt["against"].get(before["version"]) != frozen.get(before["version"]):
        return f"the shadow that it names is not held against {before['version']}, which the line replaces"
    return ""
