"""What the tests of the flow share: the accounted files, made once."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from chargeledger import flow
from chargeledger.lake import Lake
from tests.flow import small_california as small
from tests.flow.california_run import CaliforniaRun, run_twice

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Great Expectations imports a module that Python 3.11 calls deprecated
    import great_expectations  # noqa: F401

KEY = "5a" * 32


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small lake with all its tables, staged and not accounted: to be copied, never written."""
    folder = tmp_path_factory.mktemp("staged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", KEY)
        Lake(small.staged(folder, str(folder / "lake"))).versions()
    return folder / "lake"


@pytest.fixture
def fresh(template: Path, tmp_path: Path) -> Callable[[], str]:
    """Makes another copy of the small staged lake each time it is called."""
    number = count()
    return lambda: str(shutil.copytree(template, tmp_path / f"fresh-{next(number)}"))


@pytest.fixture(scope="session")
def single(template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The small lake, accounted and published by one writer alone: to be read, never written."""
    lake = str(shutil.copytree(template, tmp_path_factory.mktemp("single") / "lake"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", KEY)
        flow.run([], [], lake, at=small.AT)
    return lake


@pytest.fixture(scope="session")
def california(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> CaliforniaRun:
    """The real files, accounted from the command line, twice: to be read, never written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", KEY)
        return run_twice(shared, tmp_path_factory.mktemp("california") / "lake")
