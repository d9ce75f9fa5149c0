"""Where the three data folders lie (in a checkout beside the package, in a wheel inside it), and the names in them.

Light enough for a DAG file to call while it is parsed.
"""

from __future__ import annotations

from pathlib import Path

from chargeledger.document import read_yaml

_INSIDE = Path(__file__).resolve().parent
ROOT = _INSIDE if (_INSIDE / "methodology").is_dir() else _INSIDE.parent
METHODOLOGY = ROOT / "methodology"
TRANSFORMS = ROOT / "transforms"
CONTRACTS = ROOT / "data_contracts"


def said(path: Path) -> str:
    """A path as messages name it: below the project where it lies there."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def references() -> list[Path]:
    """The small tables that sources and rules look things up in, sorted: one CSV file each."""
    return sorted((CONTRACTS / "reference").glob("*.csv"))


def programme_names() -> list[str]:
    """Names of the programmes, sorted: one YAML file each."""
    return sorted(path.stem for path in (METHODOLOGY / "programmes").glob("*.yaml"))


def methodology_names() -> list[str]:
    """`id@version` of every version folder, sorted."""
    folders = (path.parent.name for path in METHODOLOGY.glob("*/methodology.yaml"))
    return sorted("@".join(name.rsplit("_", 1)) for name in folders)


def source_names(relation: str | None = None) -> list[str]:
    """Names of the source definitions, sorted; with `relation`, only those that produce it."""
    found = []
    for path in (CONTRACTS / "sources").glob("*.yaml"):
        custom = read_yaml(path)["customProperties"]
        produced = next(item["value"] for item in custom if item["property"] == "relations")
        if relation is None or relation in produced:
            found.append(path.stem)
    return sorted(found)
