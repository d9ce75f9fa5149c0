"""Many lives, several at a time, each in a folder that is thrown away."""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from tests import in_memory
from tests.simulator import settings
from tests.simulator.holding import Broken
from tests.simulator.life import Life
from tests.simulator.mutations import planted


@dataclass(frozen=True)
class Lived:
    """How one life went."""

    seed: int
    broke: str | None
    invariant: str
    told: tuple[str, ...]
    seconds: float
    raced: int = 0
    died: int = 0
    entries: int = 0


def live(seed: int, steps: int | None = None, mutation: str | None = None) -> Lived:
    """Live the life of a seed, in a folder that is thrown away, with a planted bug where one is named."""
    told: list[str] = []
    started, broke, invariant = time.monotonic(), None, ""
    with tempfile.TemporaryDirectory(dir=in_memory.folder()) as folder:
        life = Life(seed, Path(folder) / "life", told.append)
        try:
            with settings.of(life.world), planted(mutation, Path(folder)):
                life.live(steps)
        except Exception as error:  # whatever it is, it is what this looks for
            broke = f"{type(error).__name__}: {error}" if isinstance(error, Broken) else traceback.format_exc()
            invariant = error.invariant if isinstance(error, Broken) else f"{type(error).__name__} of the package"
    seconds = time.monotonic() - started
    entries = len(life.reading.entries)
    return Lived(seed, broke, invariant, tuple(told), seconds, life.raced, life.died, entries)


def _live(asked: tuple[int, int | None, str | None]) -> Lived:
    with settings.fast():
        return live(*asked)


def find(asked: tuple[str, Iterable[int]]) -> tuple[str, Lived | None]:
    """The first life of these seeds that breaks on a planted bug, or none."""
    name, seeds = asked
    with settings.fast():
        lives = (live(seed, mutation=name) for seed in seeds)
        return name, next((lived for lived in lives if lived.broke), None)


def find_all(asked: Iterable[tuple[str, Iterable[int]]], jobs: int) -> Iterator[tuple[str, Lived | None]]:
    """The same for many bugs, several at a time."""
    if jobs == 1:
        yield from map(find, asked)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(find, asked)


def many(
    seeds: Iterable[int],
    steps: int | None,
    jobs: int,
    say: Callable[[Lived], None],
    mutation: str | None = None,
) -> list[Lived]:
    """Live many lives, several at a time."""
    asked, lived = [(seed, steps, mutation) for seed in seeds], []
    if jobs == 1:
        for each in asked:
            lived.append(_live(each))
            say(lived[-1])
        return lived
    with get_context("spawn").Pool(jobs) as pool:
        for found in pool.imap_unordered(_live, asked):
            lived.append(found)
            say(found)
    return lived
