"""Versions as a product: overview, copy to a draft, publication of a version folder, and what is shown of it."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml
from rich.console import Console
from rich.markdown import Markdown

from chargeledger import rooms
from chargeledger.errors import Refused, UsageError
from chargeledger.methodology import Methodology, load, published, read_folder, split_name
from chargeledger.programme import programmes
from chargeledger.version_check import check
from chargeledger.whole_file import write_file


@dataclass(frozen=True)
class Row:
    """One line of the overview."""

    name: str
    status: str
    in_force: str
    integrity: str
    digest: str


def overview() -> list[Row]:
    """Every version of the project."""
    frozen = published()
    force: dict[str, list[str]] = {}
    for programme in programmes():
        for start, end, name in programme.versions:
            force.setdefault(name, []).append(f"{programme.name} {start}..{end or ''}")
    rows = []
    for name in rooms.methodology_names():
        version = read_folder(rooms.METHODOLOGY / "_".join(split_name(name)))
        known = frozen.get(name)
        integrity = "draft" if known is None else "as published" if known["digest"] == version.digest else "changed"
        status = known["status"] if known else "draft"
        rows.append(Row(name, status, ", ".join(force.get(name, ["-"])), integrity, version.digest))
    return rows


def has_provisional_baseline(version: Methodology) -> bool:
    """Whether the baseline is this project's proposal, which every page of its results has to say."""
    return any(p["name"] == "baseline_intensity" and p["confidence"] == "P" for p in version.parameters)


def new_version(version: Methodology, number: str) -> Path:
    """Copy a version folder to a draft with another number and return the folder."""
    identity, old = split_name(version.name)
    split_name(f"{identity}@{number}")
    if [int(part) for part in number.split(".")] <= [int(part) for part in old.split(".")]:
        raise UsageError(f"{number} is not later than {old}")
    folder = rooms.METHODOLOGY / f"{identity}_{number}"
    if folder.exists():
        raise UsageError(f"methodology/{folder.name} is there already")
    shutil.copytree(version.folder, folder)
    path = folder / "methodology.yaml"
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^version:.*$", f'version: "{number}"', text, count=1, flags=re.MULTILINE)
    text = re.sub(r"^status:.*$", "status: draft", text, count=1, flags=re.MULTILINE)
    write_file(path, text.encode())
    return folder


def publish(name: str) -> str:
    """Check a draft and write its digests into published.yaml; return the digest of the folder."""
    if name in published():
        raise Refused(f"{name} is published already, and frozen")
    draft = load(name, draft_allowed=True)
    broken = [finding for finding in check(draft) if not finding.passed]
    if broken:
        raise Refused(f"{name} does not pass: " + "; ".join(f"{f.what}: {f.said}" for f in broken))
    path = draft.folder / "methodology.yaml"
    text = re.sub(r"^status:.*$", "status: published", path.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
    write_file(path, text.encode())
    frozen = read_folder(draft.folder)
    entry = {
        "digest": frozen.digest,
        "prelude_digest": frozen.prelude_digests,
        "published_on": datetime.now(UTC).date(),
        "status": "published",
    }
    head = "# Freeze digests of published versions: of the folder, and of the prelude functions that it uses, per engine.\n"
    listed = yaml.safe_dump({**published(), name: entry}, sort_keys=True)
    write_file(rooms.METHODOLOGY / "published.yaml", (head + listed).encode())
    return frozen.digest


def show(version: Methodology, out: Console) -> None:
    """Print METHODOLOGY.md as it stands in the folder, then parameters and factors with their sources."""
    Console(highlight=False).print(Markdown((version.folder / "METHODOLOGY.md").read_text(encoding="utf-8")))
    out.print(f"\n{version.name}, digest {version.digest}\n")
    for entry in (*version.inputs.values(), *version.parameters):
        kind = f" ({entry['power_type']})" if "power_type" in entry else ""
        out.print(
            f"{entry['name']}{kind} = {entry['value']} {entry['unit']}  [{entry['confidence']}] {entry['source']}",
            markup=False,
        )
    for factor in version.factors:
        said = f"{factor['region']} {factor['source']} = {factor['factor_ug_per_kwh']} ug/kWh"
        out.print(f"{said}  [{factor['confidence']}] {factor['citation']}", markup=False)
