"""What a life runs in: a known key, one thread, the caps of its world; and less of what takes time and changes no result.

Batch rules of Great Expectations judge files as a whole and would refuse these small ones; `tests/data_contracts` holds to them.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.ledger.book import KEY

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Great Expectations imports a module that Python 3.11 calls deprecated
    from chargeledger import flow, programme, rooms, staging
    from chargeledger.engine import Engine

from tests import in_memory, plain_plans
from tests.ledger import altered
from tests.simulator.identities import hold_hidden
from tests.simulator.world import World


@contextmanager
def fast() -> Iterator[None]:
    """For all lives of a process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("PSEUDONYM_KEY", KEY), ("THREADS", "1")):
            patch.setenv(f"CHARGELEDGER_{name}", value)
        patch.setattr(staging, "check_batch", lambda *_: [])
        patch.setattr(flow, "_silent", lambda said: hold_hidden(said.encode(), "a report"))
        patch.setattr(rooms, "source_names", cache(rooms.source_names))
        patch.setattr(programme, "available_timezones", cache(programme.available_timezones))
        patch.setattr(Engine, "__init__", plain_plans.start_plainly)
        yield


@contextmanager
def of(world: World) -> Iterator[None]:
    """For the life of one world: its programmes."""
    capped, points, energy = world.caps
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(dir=in_memory.folder()) as folder:
        if points is not None:
            altered.points_cap(patch, Path(folder), capped, points)
        if energy is not None:
            altered.energy_cap(patch, Path(folder), capped, energy)
        yield
