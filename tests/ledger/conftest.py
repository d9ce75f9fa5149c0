"""What the tests of the ledger share: the key, one thread (fastest for few rows), and three small books, made once and copied."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.ledger import story
from tests.ledger.book import AT, HOUR, KEY, NOON, Book, charge, charge_us, mix

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Great Expectations imports a module that Python 3.11 calls deprecated
    import great_expectations  # noqa: F401


@pytest.fixture(scope="package", autouse=True)
def key_and_threads() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", KEY)
        patch.setenv("CHARGELEDGER_THREADS", "1")
        patch.setattr(yaml, "SafeLoader", getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # the same YAML, faster
        yield


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory, key_and_threads: None) -> Path:
    """The three books."""
    folder = tmp_path_factory.mktemp("made")
    china = Book(folder / "china")
    china.sessions(charge("1", "10"))
    china.account()
    for name, at in (("noon", NOON), ("final", AT)):
        california = Book(folder / name)
        california.grid(mix(HOUR, gas=100), at=at)
        california.sessions(charge_us("1", "10"), at=at)
        california.account(at=at)
    return folder


@pytest.fixture
def china(made: Path, tmp_path: Path) -> Book:
    """10 kWh of alice in China, accounted: 3 820 points in the provisional vintage of 9 March."""
    return Book(made / "china").copy(tmp_path / "china")


@pytest.fixture
def california_at_noon(made: Path, tmp_path: Path) -> Book:
    """10 kWh of alice in an hour of gas, accounted on the same day: 5 350 points in a provisional vintage."""
    return Book(made / "noon").copy(tmp_path / "noon")


@pytest.fixture
def california(made: Path, tmp_path: Path) -> Book:
    """The same, accounted two days later: 5 350 points in a final vintage."""
    return Book(made / "final").copy(tmp_path / "final")


@pytest.fixture(scope="package")
def whole_story(tmp_path_factory: pytest.TempPathFactory, key_and_threads: None) -> Book:
    """The book of story.py after its fourth run: to be read, never written."""
    return story.tell(tmp_path_factory.mktemp("story") / "book")
