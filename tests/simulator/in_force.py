"""What the files of the project say, read as YAML and text: the version in force for a vintage, and the reasons that there are.

They are read where the package looks for them, since caps and planted bugs stand in copies.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import yaml

from chargeledger import rooms

Version = tuple[str, str]  # its name, and the digest that it was published with


def version(programme: str, vintage: date) -> Version | None:
    """By the last line of the programme whose day is not after the vintage."""
    lines, published = _lines(rooms.METHODOLOGY / "programmes" / f"{programme}.yaml"), _published(rooms.METHODOLOGY)
    names = [name for since, name in sorted(lines) if since <= vintage]
    return (names[-1], published[names[-1]]) if names else None


@cache
def _lines(path: Path) -> tuple[tuple[date, str], ...]:
    said = yaml.safe_load(path.read_text(encoding="utf-8"))["methodology"]
    return tuple((line["in_force_from"], line["version"]) for line in said)


@cache
def _published(folder: Path) -> dict[str, str]:
    said = yaml.safe_load((folder / "published.yaml").read_text(encoding="utf-8"))
    return {name: each["digest"] for name, each in said.items()}


@cache
def reasons() -> frozenset[str]:
    """What an entry may give as a reason, by the table of data_contracts/README.md."""
    text = (rooms.CONTRACTS / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Reasons of ledger entries")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")]
    return frozenset(reason.strip() for cell in cells[1:] for reason in cell.split(","))
