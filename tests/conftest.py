"""What every room's tests share: a fixed pseudonym key, an empty lake, and the real files beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A fixed key, and a configuration directory that is not the person's own."""
    monkeypatch.setenv("CHARGELEDGER_PSEUDONYM_KEY", "5a" * 32)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """A lake that is not there yet."""
    return str(tmp_path / "lake")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real files beside the checkout; its tests skip where it is absent."""
    folder = CHECKOUT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the real files (../shared) are not beside this checkout")
    return folder
