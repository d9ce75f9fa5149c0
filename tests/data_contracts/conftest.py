"""One lake for this folder: two operators and two grid regions of the synthetic sample, accounted and published."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from chargeledger import flow
from tests.canonical_sample import sample

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Great Expectations imports modules that Python 3.11 calls deprecated
    import great_expectations  # noqa: F401


@pytest.fixture(scope="session")
def sample_lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The lake's folder. Read it, never write it."""
    folder = tmp_path_factory.mktemp("contracts")
    written = sample.write_sample(folder / "sample")
    sessions = [("session_csv", path) for path in written["sessions"] if "SYNTHETIC-A" in path or "SYNTHETIC-D" in path]
    grid = [("grid_mix_csv", path) for path in written["grid"] if Path(path).stem.endswith(("NORTH", "SOUTH"))]
    assert len(sessions) == 6 and len(grid) == 2
    lake = str(folder / "lake")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", "5a" * 32)
        flow.run(sessions, grid, lake, at=written["at"])
    return lake
