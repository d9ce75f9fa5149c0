"""What is tried: the lakes that it needs, and the trials, each with the flow it is counted under."""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle
from pathlib import Path

from tests.crash.flows import FLOWS, RUN
from tests.crash.options import WRITERS
from tests.crash.rig import Rig
from tests.crash.told import BY_CHANCE, RACES, Told
from tests.crash.trials import at, by_chance, race

Trial = tuple[str, Callable[[], Told]]
KILLS_OF_A_TRIAL = 10


def rigs(folder: Path, asked: argparse.Namespace) -> dict[str, Rig]:
    """The flows whose sites are tried, and `run` where it is killed by chance or raced."""
    by_sites = asked.flow if asked.every or asked.few or asked.site else []
    others = [RUN.name] if asked.by_chance or asked.races else []
    return {name: Rig(folder / name, FLOWS[name]) for name in dict.fromkeys([*by_sites, *others])}


def trials(found: dict[str, Rig], asked: argparse.Namespace) -> list[Trial]:
    """Sites in modes, flow by flow; kills by chance; races."""
    turns = cycle(asked.modes)
    chosen: list[Trial] = [
        (name, partial(at, found[name], mode, site, random.Random(f"{name} {mode} {site}")))
        for name in asked.flow
        if name in found
        for site in _sites(len(found[name].sites), asked)
        for mode in ([next(turns)] if asked.few else asked.modes)
        if mode != "torn" or found[name].writes_at(site)  # what does not write cannot be half done
    ]
    kills = [min(KILLS_OF_A_TRIAL, asked.by_chance - done) for done in range(0, asked.by_chance, KILLS_OF_A_TRIAL)]
    if run := found.get(RUN.name):
        chosen += [(BY_CHANCE, partial(by_chance, run, n, random.Random(row))) for row, n in enumerate(kills)]
        chosen += [(RACES, partial(race, run, WRITERS))] * asked.races
    return chosen


def _sites(count: int, asked: argparse.Namespace) -> Sequence[int]:
    """The sites that are tried of so many, from 1."""
    if asked.site:
        return [asked.site] if asked.site <= count else []
    if asked.few:
        return [1 + (2 * row + 1) * count // (2 * asked.few) for row in range(asked.few)]
    return range(1, count + 1, asked.every) if asked.every else []
