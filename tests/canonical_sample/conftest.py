"""The sample, written once for this folder."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.canonical_sample import sample
from tests.canonical_sample.rows import Row


@pytest.fixture(scope="package")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `write_sample` returns. Read its files, never write them."""
    return sample.write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="package")
def sessions(written: dict[str, Any]) -> list[Row]:
    """Every row of every file of sessions, with the name of its file."""
    return [row | {"file": Path(path).name} for path in written["sessions"] for row in _read(path)]


@pytest.fixture(scope="package")
def grid(written: dict[str, Any]) -> list[Row]:
    """Every row of the grid mix."""
    return [row for path in written["grid"] for row in _read(path)]


def _read(path: str) -> list[Row]:
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
