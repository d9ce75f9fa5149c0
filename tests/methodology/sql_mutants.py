"""Versions with one replacement of text in their SQL (`sql_mutants.yaml`), and whether the version's cases notice."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import yaml

from chargeledger.cases import run_cases
from chargeledger.errors import Refused
from chargeledger.methodology import Methodology

NOT_SQL = re.compile(r"(Parser|Binder|Catalog) Error")
MUTANTS: dict[str, list[dict[str, str]]] = yaml.safe_load(
    Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
)


def mutated(version: Methodology, step: str, mutant: dict[str, str], folder: Path) -> Methodology:
    """A copy of the version in which a step says something else."""
    copy = folder / version.folder.name
    shutil.copytree(version.folder, copy)
    path = copy / f"{step}.sql"
    text = path.read_text(encoding="utf-8")
    assert mutant["old"] in text, f"{step}.sql does not say {mutant['old']}"
    path.write_text(text.replace(mutant["old"], mutant["new"]), encoding="utf-8")
    return replace(version, folder=copy)


def caught_by_cases(version: Methodology, first: str) -> str | None:
    """What the version's cases say against it, the file `first` before the others; None where all of them hold."""
    files = sorted((version.folder / "cases").glob("*.yaml"), key=lambda path: (path.name != first, path.name))
    try:
        for path in files:
            for result in run_cases(version, path):
                if not result.passed:
                    return f"{path.name} '{result.name}': {result.differences[0]}"
    except Refused as refused:
        assert not NOT_SQL.search(str(refused)), f"no mutant, but no SQL: {refused}"
        return str(refused)
    return None
