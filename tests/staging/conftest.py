"""Lakes that several tests start from, made once; a test that writes gets a copy."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chargeledger import flow
from tests.canonical_sample import sample
from tests.staging.canonical_files import AT, Row, grid_csv, grid_rows, session_csv, session_rows
from tests.staging.lake_contents import fates, rows_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Great Expectations imports a module that Python 3.11 calls deprecated
    import great_expectations  # noqa: F401

Receive = Callable[..., list[str]]


@contextmanager
def fixed_key() -> Iterator[None]:
    """The key of all tests, while something is made once for many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", "5a" * 32)
        yield


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The built-in sample, run once undisturbed: `lake`, what was written, and the batch of each file. Read only."""
    folder = tmp_path_factory.mktemp("sample")
    written = sample.write_sample(folder / "files")
    lake = str(folder / "lake")
    with fixed_key():
        batches = flow.ingest("grid_mix_csv", written["grid"], lake, written["at"])
        batches += flow.ingest("session_csv", written["sessions"], lake, written["at"])
        flow.account(lake, programme="cn_green_energy", at=written["at"])
        flow.publish(lake, written["at"])
    return written | {"lake": lake, "batches": {batch["file"]: batch for batch in batches}}


@pytest.fixture(scope="session")
def _good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    lake = str(folder / "lake")
    with fixed_key():
        flow.ingest("session_csv", [session_csv(folder / "good.csv", *session_rows(20))], lake, AT)
        flow.ingest("grid_mix_csv", [grid_csv(folder / "hours.csv", *grid_rows(12))], lake, AT)
        flow.account(lake, at=AT)
    return Path(lake)


@pytest.fixture
def good_lake(_good: Path, lake: str) -> str:
    """A lake with 20 accounted sessions (S0001 to S0020) and 12 hours, the test's own."""
    shutil.copytree(_good, lake)
    return lake


@pytest.fixture
def receive(lake: str, tmp_path: Path) -> Receive:
    """Ingests each list of rows as a file of its own; returns the fates of order S1, row by row, or the rules it broke."""

    def ingest(*files: list[Row]) -> list[str]:
        landed = len(rows_of(lake, "landing_file"))
        for number, rows in enumerate(files, start=landed):
            flow.ingest("session_csv", [session_csv(tmp_path / f"file {number}.csv", *rows)], lake, AT)
        return [rule or outcome for outcome, rule in fates(lake, "INVENTED-A:S1")]

    return ingest
