"""A room of methodologies of the test's own: everything as published, free to be changed."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pytest

from chargeledger import rooms

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Great Expectations imports modules that Python 3.11 calls deprecated
    import great_expectations  # noqa: F401


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of methodology/, in which the package now looks."""
    copy = tmp_path / "methodology"
    shutil.copytree(rooms.METHODOLOGY, copy)
    monkeypatch.setattr(rooms, "METHODOLOGY", copy)
    return copy
