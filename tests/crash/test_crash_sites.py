"""What is killed, or meets an error, at any system call that changes the lake ends whole when it is started again.

The whole set is `make crash`; here are some sites, some kills at any moment and one race of eight.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.__main__ import library
from tests.crash.child import settings

ROOT = Path(__file__).resolve().parents[2]
CALLS = "open,openat,openat2,creat,write,pwrite64,writev,pwritev,fsync,fdatasync,ftruncate,fallocate,rename,renameat,renameat2,"
CALLS += "link,linkat,symlink,mkdir,mkdirat,unlink,unlinkat,rmdir,chmod,fchmodat,sendfile,copy_file_range"
ON_DESCRIPTOR = ("write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "ftruncate", "fallocate", "sendfile")

needs_compiler = pytest.mark.skipif(
    shutil.which("cc") is None, reason="the sites are found by a C library: there is no cc"
)


def told_of(*asked: str) -> dict[str, dict[str, int]]:
    """The figures of some trials, by flow; nothing may have gone wrong in them."""
    command = [sys.executable, "-m", "tests.crash", "--jobs", "1", *asked]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.partition(":") for line in done.stdout.splitlines() if " trials: " in line]
    found = {name: re.findall(r"(\d+) ([a-z ]+?)(?=[,;:()]|$| \()", rest) for name, _, rest in lines}
    return {name: {what: int(count) for count, what in figures} for name, figures in found.items()}


@needs_compiler
@pytest.mark.timeout(900)
def test_a_run_that_is_disturbed_at_some_sites_by_chance_and_in_a_race_ends_whole() -> None:
    told = told_of("--flow", "run", "--few", "6", "--modes", "kill,ENOSPC,kill,EIO", "--by-chance", "4", "--races", "1")
    run = told["run"]
    assert run["sites"] > 200 and run["trials"] == 6 and run["errors told"] + run["borne"] == 3
    assert (run["kills"], run["second kills"] + run["not met"]) == (3, 3)
    assert told["by chance"]["kills"] == 4 and told["races"]["races"] == 1


@needs_compiler
@pytest.mark.timeout(900)
def test_decisions_a_close_and_a_publication_that_are_disturbed_at_some_sites_end_whole() -> None:
    told = told_of("--flow", "approve,reject,close,publish", "--few", "2", "--modes", "kill,EIO,kill,EROFS")
    for flow, fewest in (("approve", 50), ("reject", 50), ("close", 20), ("publish", 100)):
        each = told[flow]
        assert each["sites"] >= fewest
        assert (each["trials"], each["kills"], each["second kills"] + each["not met"]) == (2, 1, 1)
        assert each["errors told"] + each["borne"] == 1


TRACED = """
import ctypes, os, sys, time
from pathlib import Path
from tests.crash.__main__ import warm
from tests.crash.child import command
from tests.crash.small_flow import SECOND, run_words, write_files
warm()
lake, listed = Path(sys.argv[1]), os.open(sys.argv[2], os.O_CREAT | os.O_WRONLY, 0o600)
words = run_words(lake, write_files(lake.parent / "second", SECOND))
ctypes.CDLL(None).arm(str(lake).encode(), 0, ctypes.c_long(0), listed)
command(words)
"""


@needs_compiler
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here to count the system calls")
def test_the_sites_are_all_the_system_calls_that_change_the_lake(tmp_path: Path) -> None:
    """Native libraries write past Python; what the library counts is held against what the kernel is asked for."""
    lake, listed, traced = tmp_path / "lake", tmp_path / "sites.txt", tmp_path / "calls.txt"
    strace = ["strace", "-f", "-y", "-qq", "-o", str(traced), "-e", f"trace={CALLS}"]
    strace += [
        "-E",
        f"LD_PRELOAD={library(tmp_path)}",
        sys.executable,
        "-W",
        "ignore",
        "-c",
        TRACED,
        str(lake),
        str(listed),
    ]
    done = subprocess.run(strace, cwd=ROOT, env=os.environ | settings(), capture_output=True, text=True, check=False)
    if "PTRACE" in done.stderr:
        pytest.skip(f"strace may not trace here: {done.stderr[:200]}")
    assert done.returncode == 0, done.stderr
    asked = [line for line in traced.read_text(errors="replace").splitlines() if changes(line, str(lake))]
    assert len(asked) == len(listed.read_text().splitlines()) > 200


def changes(line: str, lake: str) -> bool:
    """Whether a traced call may change something below the lake: it opens for writing, or its target lies there."""
    told = re.match(r"\d+\s+(\w+)\((.*)", line)
    if not told or lake not in told[2]:
        return False
    call, arguments = told.groups()
    if call.startswith("open"):
        return re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", arguments) is not None
    return call not in ON_DESCRIPTOR or f"<{lake}" in arguments.split(",")[0]
