"""What a full disk, a failing one or a missing permission means here, in plain words."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from deltalake.exceptions import DeltaError

from chargeledger.errors import LakeUnwritable

_FULL = ("No space left", "File too large", "Disk quota exceeded")
_BROKEN = ("Input/output error", "fsync failed")


@contextmanager
def plainly(lake: str | None) -> Iterator[None]:
    """Whatever the lake's disk does not let happen is raised as LakeUnwritable, with what to do."""
    try:
        yield
    except (OSError, DeltaError, duckdb.Error) as error:
        said = str(error)
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT) or any(s in said for s in _FULL):
            raise LakeUnwritable(
                f"no space left for the lake {lake or ''}. What was not finished was not counted: nothing is lost and "
                "nothing is half posted. Free space and run the same command again."
            ) from error
        if isinstance(error, PermissionError) or "Permission denied" in said or "Read-only file system" in said:
            raise LakeUnwritable(
                f"the lake {lake or ''} cannot be written: {said.splitlines()[0]}. What was not finished was not counted: "
                "nothing is lost and nothing is half posted. Give this user write permission, or name another lake, and run the "
                "same command again."
            ) from error
        if getattr(error, "errno", None) == errno.EIO or any(s in said for s in _BROKEN):
            raise LakeUnwritable(
                f"the disk of the lake {lake or ''} fails: {said.splitlines()[0]}. What was not finished was not counted: "
                "nothing is lost and nothing is half posted. Check the disk and run the same command again."
            ) from error
        raise
