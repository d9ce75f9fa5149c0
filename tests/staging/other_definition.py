"""The project with another source definition or other reference data, in a copy: what a definition was before it was mended."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chargeledger import rooms
from chargeledger.source import load_source

Change = tuple[str, str, str]
NORTH_UNKNOWN = ("data_contracts/reference/region.csv", "CN-GRID-NORTH", "CN-GRID-NOWHERE")


@contextmanager
def other_definition(folder: Path, *changes: Change) -> Iterator[None]:
    """While it lasts, the files named below the project say something else: (path, old text, new text)."""
    copy = folder / f"definition {len(list(folder.glob('definition *')))}"
    for room in (rooms.CONTRACTS, rooms.TRANSFORMS):
        shutil.copytree(room, copy / room.name)
    for path, old, new in changes:
        text = (copy / path).read_text(encoding="utf-8")
        assert old in text, f"'{old}' does not stand in {path}: the change needs another anchor"
        (copy / path).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rooms, "ROOT", copy)
        patch.setattr(rooms, "CONTRACTS", copy / "data_contracts")
        patch.setattr(rooms, "TRANSFORMS", copy / "transforms")
        load_source.cache_clear()
        try:
            yield
        finally:
            load_source.cache_clear()
