"""A disk of a few megabytes that a test can fill and free: a tmpfs in a mount namespace of its own, gone with this process."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SmallDisk:
    """`launcher` starts a process that sees the disk at `path`; this process sees it at `outside`."""

    path: Path
    outside: Path
    launcher: tuple[str, ...]

    def leave(self, kilobytes: int) -> None:
        """Fill the disk until only so much is free."""
        self.free()
        room = os.statvfs(self.outside)
        with open(self.outside / "ballast", "wb") as ballast:
            ballast.write(b"\0" * (room.f_bavail * room.f_frsize - kilobytes * 1024))

    def free(self) -> None:
        (self.outside / "ballast").unlink(missing_ok=True)


@contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[SmallDisk | None]:
    """None where this machine lets nobody mount."""
    path.mkdir()
    is_root = os.geteuid() == 0
    mount = f'mount -t tmpfs -o size={megabytes}m tmpfs "$0" && echo mounted && cat'
    holder = subprocess.Popen(
        ["unshare", "--mount", *([] if is_root else ["--map-root-user"]), "--", "sh", "-c", mount, str(path)],
        stdin=subprocess.PIPE,  # `cat` ends, and with it the namespace, when this process does
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert holder.stdin and holder.stdout
    try:
        if holder.stdout.readline() != "mounted\n" or not shutil.which("nsenter"):
            yield None
            return
        user = () if is_root else ("--user", "--preserve-credentials")
        enter = ("nsenter", "--target", str(holder.pid), *user, "--mount", f"--wd={os.getcwd()}", "--")
        yield SmallDisk(path, Path(f"/proc/{holder.pid}/root{path}"), enter)
    finally:
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()
