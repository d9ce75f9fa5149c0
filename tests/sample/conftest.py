"""The samples that the tests of this room read, each written once."""

from __future__ import annotations

import pytest

from tests.sample.written_sample import Written


@pytest.fixture(scope="session")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return Written(tmp_path_factory.mktemp("dirty"))


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return Written(tmp_path_factory.mktemp("clean"), clean=True)


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Seven days without defects, Monday to Sunday."""
    return Written(tmp_path_factory.mktemp("week"), clean=True, days=7)
