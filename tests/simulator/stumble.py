"""Acts that do not go through: one that dies at its n-th effect, and one that another writer overtakes before its commit.

Both stand where Python hands over to what writes: files put in place, rows written, commits of a table.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from chargeledger import table

EFFECTS: tuple[tuple[Any, str], ...] = (
    (os, "replace"),
    (os, "rename"),
    (os, "fsync"),
    (pq.ParquetWriter, "write_table"),
    (table, "write_deltalake"),
    (DeltaTable, "create_write_transaction"),
)
COMMITS: tuple[tuple[Any, str], ...] = EFFECTS[-2:]


class Died(BaseException):
    """The process ends here: nothing of the package may catch it."""


class Fired:
    """Whether it came to it."""

    def __init__(self) -> None:
        self.at = ""


@contextmanager
def dies_at(number: int, *, after: bool) -> Iterator[Fired]:
    """Die at an effect, before it or after it. Nothing happens where there are fewer."""
    fired, left = Fired(), [number]

    def around(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def effect(*args: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] != 0:
                return real(*args, **options)
            fired.at = name
            if after:
                real(*args, **options)
            raise Died(name)

        return effect

    with _around(EFFECTS, around):
        yield fired


@contextmanager
def overtaken_by(other: Callable[[], None], relation: str) -> Iterator[Fired]:
    """Another writer does something just before the first commit to a table, or before the first rename where none is named."""
    fired = Fired()

    def around(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def commit(*args: Any, **options: Any) -> Any:
            if not fired.at and (not relation or args[0].table_uri.rstrip("/").endswith(relation)):
                fired.at = name
                with pytest.MonkeyPatch.context() as patch:
                    for (place, word), was in zip(where, before, strict=True):
                        patch.setattr(place, word, was)
                    other()
            return real(*args, **options)

        return commit

    where = COMMITS if relation else ((os, "rename"),)
    before = [getattr(place, name) for place, name in where]
    with _around(where, around):
        yield fired


@contextmanager
def _around(where: tuple[tuple[Any, str], ...], around: Callable[[str, Callable[..., Any]], Any]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for place, name in where:
            patch.setattr(place, name, around(name, getattr(place, name)))
        yield
