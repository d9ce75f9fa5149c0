"""A room of methodologies of the test's own: everything as published, free to be changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chargeledger import rooms


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of methodology/, in which the package now looks."""
    copy = tmp_path / "methodology"
    shutil.copytree(rooms.METHODOLOGY, copy)
    monkeypatch.setattr(rooms, "METHODOLOGY", copy)
    return copy
