"""Some lives of a lake, each from a seed: nothing breaks, and planted bugs break the life that is known to find them.

`python -m tests.simulator` lives as many as it is asked to, and plants all bugs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow import lake_bytes
from tests.simulator import settings
from tests.simulator.life import Life
from tests.simulator.lives import live
from tests.simulator.mutations import FOUND, MUTATIONS, planted

# 6 ends with every verification and a run computed again, 50 beside a lake that was told everything on time. In the last ones an
# ingest dies when what waited before it is staged; what is held for another keeps its state, and its place.
CLEAN = (*range(1, 7), 50, 808, 1305, 1925)
SAME = 2
PLANTED = (
    "touched without coupled",
    "credits ignored",
    "corrections by landing",
    "restated hours not taken up",
    "final without approval",
    "a lost retry",
    "a correction is not named",
    "a receipt counts what it touched",
    "an account stays in a refused row",
)


@pytest.fixture(scope="module", autouse=True)
def in_haste() -> Iterator[None]:
    with settings.fast():
        yield


@pytest.mark.parametrize("seed", CLEAN)
def test_a_life_holds(seed: int) -> None:
    lived = live(seed)
    assert lived.broke is None, "\n".join(lived.told)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_breaks_a_life(name: str) -> None:
    assert live(FOUND[name], mutation=name).broke


def test_what_is_known_to_be_found_is_planted() -> None:
    assert set(FOUND) <= set(MUTATIONS)


@pytest.mark.parametrize("name", MUTATIONS)
def test_what_a_bug_alters_is_there(name: str, tmp_path: Path) -> None:
    with planted(name, tmp_path):
        pass


def test_a_seed_is_one_life(tmp_path: Path) -> None:
    """The same acts, the same entries, and the same bytes of states, receipts and segments, whose names are digests."""
    told: list[list[str]] = [[], []]
    made = []
    for number, said in enumerate(told):
        life = Life(SAME, tmp_path / str(number), said.append)
        with settings.of(life.world):
            life.live(6)
        root = life.book.root
        made.append((life.reading.entries, [lake_bytes.tree(root / folder) for folder in ("ledger/state", "receipts")]))
        made[-1][1].append(lake_bytes.tree(root / "published" / "segments"))
    assert told[0] == told[1]
    assert made[0] == made[1]
    assert made[0][0]
