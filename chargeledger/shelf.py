"""The shelf of publications: each is put there whole under a number of its own; then the pointer moves on.

In a folder its publishers take turns, a directory gets its number by one rename, and the pointer is replaced. In a bucket nobody
takes turns with another machine: a number is claimed, what is put there counts once its manifest is there, and the pointer is
swapped only where it still names the publication that the new one follows.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from chargeledger.errors import LostRace
from chargeledger.lake import Lake
from chargeledger.place import is_claimed, is_folder, is_replaced, put, scratch, version_of
from chargeledger.whole_file import write_file

MANIFEST = "manifest.json"
CLAIM = "claimed"
LITTER_SECONDS = 86_400  # a publisher that has claimed a number for longer is dead


class Shelf(ABC):
    """Publications of one lake."""

    def __init__(self, lake: Lake) -> None:
        self.folder = lake.root / "published"
        self.scratch = scratch(lake.root)
        self.pointer = self.folder / "CURRENT"

    def numbered(self) -> list[Path]:
        """Those that are there, whole, oldest first."""
        return [self.folder / str(number) for number in self._numbers() if self._is_whole(self.folder / str(number))]

    def _numbers(self) -> list[int]:
        return sorted(int(path.name) for path in self._listed() if path.name.isdigit())

    @abstractmethod
    def _listed(self) -> list[Path]:
        """What lies on the shelf."""

    @abstractmethod
    def _is_whole(self, path: Path) -> bool:
        """Whether a publication is there and not only its number."""

    @abstractmethod
    def seen(self) -> str | None:
        """What the pointer is now, for `point`."""

    @abstractmethod
    def take_number(self) -> int:
        """The number of the next publication."""

    @abstractmethod
    def building(self) -> AbstractContextManager[Path]:
        """A folder of this machine to build one in; it goes when it is left."""

    @abstractmethod
    def put(self, building: Path, number: int) -> None:
        """Put what was built there on the shelf."""

    @abstractmethod
    def point(self, number: int, seen: str | None) -> None:
        """Let the pointer name a publication. Raises LostRace where it is no more what was seen."""

    @abstractmethod
    def remove(self, path: Path) -> None:
        """Take a publication away, at once for whoever asks for it from now on."""

    @abstractmethod
    def clear_litter(self) -> None:
        """Remove what publishers that died left behind."""


class FolderShelf(Shelf):
    """A shelf in a folder, whose publishers take turns."""

    def _listed(self) -> list[Path]:
        return list(self.folder.iterdir())

    def _is_whole(self, path: Path) -> bool:
        return path.is_dir()

    def seen(self) -> str | None:
        return None

    def take_number(self) -> int:
        return 1 + max(self._numbers(), default=0)

    @contextmanager
    def building(self) -> Iterator[Path]:
        folder = self.folder / f".building-{uuid.uuid4().hex}"
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def put(self, building: Path, number: int) -> None:
        os.rename(building, self.folder / str(number))

    def point(self, number: int, seen: str | None) -> None:
        del seen  # nobody else publishes meanwhile
        write_file(self.pointer, str(number).encode())

    def remove(self, path: Path) -> None:
        gone = self.folder / f".removing-{uuid.uuid4().hex}"
        os.rename(path, gone)
        shutil.rmtree(gone)

    def clear_litter(self) -> None:
        for left in (*self.folder.glob(".building-*"), *self.folder.glob(".removing-*")):
            shutil.rmtree(left, ignore_errors=True)
        for depth in ("", "*/", "segments/*/", "segments/*/*/"):
            for left in self.folder.glob(f"{depth}.writing-*"):
                left.unlink(missing_ok=True)


class BucketShelf(Shelf):
    """A shelf in an object store, whose publishers may be anywhere."""

    def _listed(self) -> list[Path]:
        return list(self.folder.iterdir()) if self.folder.is_dir() else []

    def _is_whole(self, path: Path) -> bool:
        return (path / MANIFEST).exists()

    def seen(self) -> str | None:
        return version_of(self.pointer)

    def take_number(self) -> int:
        number = 1 + max(self._numbers(), default=0)
        while not is_claimed(self.folder / str(number) / CLAIM):
            number += 1
        return number

    @contextmanager
    def building(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="building-", dir=self.scratch) as folder:
            yield Path(folder)

    def put(self, building: Path, number: int) -> None:
        for path in sorted(building.iterdir(), key=lambda path: path.name == MANIFEST):  # the manifest last
            put(path, self.folder / str(number) / path.name)

    def point(self, number: int, seen: str | None) -> None:
        if not is_replaced(self.pointer, str(number).encode(), seen):
            self.remove(self.folder / str(number))
            raise LostRace(f"another publisher was faster than publication {number}")

    def remove(self, path: Path) -> None:
        (path / MANIFEST).unlink(missing_ok=True)
        for left in list(path.iterdir()):
            left.unlink(missing_ok=True)

    def clear_litter(self) -> None:
        for path in (self.folder / str(number) for number in self._numbers()):
            is_left = not self._is_whole(path) and (path / CLAIM).exists()
            if is_left and (path / CLAIM).stat().st_mtime + LITTER_SECONDS < time.time():
                self.remove(path)


def shelf_of(lake: Lake) -> Shelf:
    """The shelf of a lake."""
    return FolderShelf(lake) if is_folder(lake.root) else BucketShelf(lake)
