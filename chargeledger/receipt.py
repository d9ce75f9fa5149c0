"""Receipts: what a run read, with what it computed, and what came out. Immutable, named by digest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import chargeledger
from chargeledger import rooms
from chargeledger.errors import Refused, UsageError
from chargeledger.lake import Lake
from chargeledger.programme import Programme, read_programme
from chargeledger.whole_file import write_file


def canonical_json(document: dict[str, Any]) -> bytes:
    """The one spelling of a document: sorted keys, no blanks, UTF-8, one line feed at the end."""
    return (json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def receipt_digest(document: dict[str, Any]) -> str:
    """SHA-256 of the canonical bytes: the receipt's name."""
    return hashlib.sha256(canonical_json(document)).hexdigest()


def write_receipt(lake: Lake, document: dict[str, Any]) -> str:
    """Keep the receipt and return its digest."""
    digest = receipt_digest(document)
    write_file(lake.receipt_file(digest), canonical_json(document))
    return digest


def read_receipt(lake: Lake, name: str) -> tuple[str, dict[str, Any]]:
    """Digest and content of a receipt named by its digest, the first digits of it, or a path.

    Raises UsageError where it is not there or not unique, Refused where its bytes are not those it is named by.
    """
    given = Path(name)
    if given.is_file():
        path = given
    else:
        found = sorted((lake.root / "receipts").glob(f"{name.removesuffix('.json')}*.json")) if name else []
        if len(found) != 1:
            kept = [path.stem[:12] for path in sorted((lake.root / "receipts").glob("*.json"))]
            said = f"{len(found)} receipts begin so" if found else f"the lake has: {', '.join(kept[:5]) or 'none'}"
            raise UsageError(f"no receipt '{name}': {said}")
        path = found[0]
    raw = path.read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    if digest != path.stem:
        raise Refused(f"receipt {path.name} was changed: its digest is {digest}")
    return digest, json.loads(raw)


def keep_programmes(lake: Lake, programmes: list[Programme]) -> None:
    """Keep each programme file under its digest, since a receipt is rerun under the programmes that it ran under."""
    for programme in programmes:
        path = programme_file(lake, programme.digest)
        if not path.exists():
            write_file(path, programme.text)


def programme_file(lake: Lake, digest: str) -> Path:
    """Where the programme file of that digest is kept."""
    return lake.root / "receipts" / "programme" / f"{digest}.yaml"


def programmes_of(lake: Lake, receipt: dict[str, Any]) -> list[Programme]:
    """The programmes as they were for a receipt. Raises Refused where one was not kept or was changed."""
    found = []
    for name, digest in sorted(receipt["programmes"].items()):
        path = programme_file(lake, digest)
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise Refused(
                f"the file of programme {name} that the receipt names ({digest}) is missing or changed: {path}"
            )
        found.append(read_programme(path))
    return found


def text_digest(*folders: Path) -> str:
    """SHA-256 over path and content of every file below the folders."""
    total = hashlib.sha256()
    for path in sorted(p for folder in folders for p in folder.rglob("*") if p.is_file()):
        total.update(path.relative_to(rooms.ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def code_digests(engine: str) -> dict[str, str]:
    """Digests of everything outside a version folder that a run on an engine used."""
    return {
        "transforms": text_digest(rooms.TRANSFORMS / "account", rooms.TRANSFORMS / "reach"),
        "prelude": text_digest(rooms.TRANSFORMS / "prelude"),
        "contracts": text_digest(rooms.CONTRACTS),
        "package_version": chargeledger.__version__,
        "engine": engine,
    }
