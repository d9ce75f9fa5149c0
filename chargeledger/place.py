"""Places: where a lake lies, a folder or a prefix of a bucket. What lies below either has the methods of `pathlib.Path`.

A folder is written through its disk; an object appears whole or not at all, so that what is put there needs no other name first.
Address and credentials of an object store are told as `deltalake` reads them too: `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID` and
so on.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast

from chargeledger.errors import UsageError

STORES = ("s3",)
_FILESYSTEMS: dict[str, Any] = {}


def place(said: str | Path) -> Path:
    """The place of a name: `s3://bucket/prefix`, or a folder. UsageError where there is no such kind, or no library for it."""
    kind, found, rest = str(said).partition("://")
    if not found:
        return Path(said).resolve()
    if kind not in STORES or not rest.strip("/"):
        raise UsageError(f"'{said}' is no place for a lake: name a folder, or s3://bucket/prefix")
    try:
        from obstore.fsspec import register
        from upath import UPath
    except ImportError as error:
        raise UsageError(f"'{said}' needs the library obstore: pip install 'chargeledger[s3]'") from error
    register(list(STORES))
    found_at = UPath(str(said).rstrip("/"))
    _FILESYSTEMS.setdefault(kind, found_at.fs)
    return cast(Path, found_at)


def filesystems() -> list[Any]:
    """The object stores that this process has named a place in, as fsspec file systems."""
    return list(_FILESYSTEMS.values())


def filesystem_of(path: str | Path) -> Any | None:
    """What reads a path in place of this machine's file system; None where that does."""
    return _FILESYSTEMS.get(str(path).partition("://")[0])


def is_folder(path: Path) -> bool:
    """Whether a path is one of this machine's file system."""
    return isinstance(path, Path)


def scratch(root: Path) -> Path:
    """A folder of this machine for what goes with a task: below a lake in a folder, else below the system's for such files."""
    if is_folder(root):
        return root / "tmp"
    folder = Path(tempfile.gettempdir()) / f"chargeledger-{hashlib.sha256(str(root).encode()).hexdigest()[:16]}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def taking_turns(lock: Path, root: Path) -> Iterator[None]:
    """Those of one machine who hold this lock take turns; it goes with its process. For a bucket it lies on the machine."""
    at = lock if is_folder(lock) else scratch(root) / lock.relative_to(root).as_posix().replace("/", "-")
    with open(at, "w", encoding="ascii") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@cache
def _copies() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="chargeledger-copies-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def on_this_machine(path: Path) -> Path:
    """The file itself, or a copy of an object that never changes; the copy goes with the process."""
    if is_folder(path):
        return path
    copy = _copies() / hashlib.sha256(str(path).encode()).hexdigest()
    if not copy.exists():
        building = copy.with_suffix(".building")
        with path.open("rb") as kept, open(building, "wb") as out:
            shutil.copyfileobj(kept, out, 1 << 20)
        building.rename(copy)
    return copy


@cache
def _bucket(url: str) -> Any:
    from obstore.store import from_url

    return from_url(url)


def _object(path: Path) -> tuple[Any, str]:
    """The bucket of an object, and its key."""
    kind, _, rest = str(path).partition("://")
    bucket, _, key = rest.partition("/")
    return _bucket(f"{kind}://{bucket}"), key


def put(written: Path, target: Path) -> None:
    """Put a file of this machine into an object store, whole."""
    import obstore

    bucket, key = _object(target)
    obstore.put(bucket, key, written)


def is_claimed(target: Path) -> bool:
    """Make an empty object that was not there; False where it was."""
    return is_replaced(target, b"", None)


def version_of(path: Path) -> str | None:
    """What names the content of an object now; None where there is none."""
    import obstore

    try:
        return str(obstore.head(*_object(path))["e_tag"])
    except FileNotFoundError:
        return None


def is_replaced(path: Path, content: bytes, version: str | None) -> bool:
    """Compare and swap: write an object on top of exactly that version of it, or of none; False where it is another by now."""
    import obstore
    from obstore.exceptions import AlreadyExistsError, PreconditionError

    bucket, key = _object(path)
    try:
        obstore.put(bucket, key, content, mode={"e_tag": version} if version else "create")
    except (AlreadyExistsError, PreconditionError):
        return False
    return True
