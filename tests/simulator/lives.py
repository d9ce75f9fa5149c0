"""Many lives, several at a time, each in a folder that is thrown away."""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from tests.simulator import settings
from tests.simulator.life import Life
from tests.simulator.reading import Broken


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


def live(seed: int, steps: int | None = None) -> Lived:
    """Live the life of a seed, in a folder that is thrown away."""
    told: list[str] = []
    started, broke, invariant = time.monotonic(), None, ""
    with tempfile.TemporaryDirectory(dir=settings.memory()) as folder:
        life = Life(seed, Path(folder) / "life", told.append)
        try:
            with settings.of(life.world):
                life.live(steps)
        except Exception as error:  # whatever it is, it is what this looks for
            broke = f"{type(error).__name__}: {error}" if isinstance(error, Broken) else traceback.format_exc()
            invariant = error.invariant if isinstance(error, Broken) else f"{type(error).__name__} of the package"
    seconds = time.monotonic() - started
    return Lived(seed, broke, invariant, tuple(told), seconds, life.raced, life.died, len(life.reading.entries))


def _live(asked: tuple[int, int | None]) -> Lived:
    with settings.fast():
        return live(*asked)


def many(seeds: Iterable[int], steps: int | None, jobs: int, say: Callable[[Lived], None]) -> list[Lived]:
    """Live many lives, several at a time."""
    asked, lived = [(seed, steps) for seed in seeds], []
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
