"""A lake without write permission: said in plain words, nothing changed, and with the permission the same command works."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from chargeledger import flow
from tests.staging.canonical_files import AT, session_csv, session_rows
from tests.staging.command_line import assert_says, chargeledger, chargeledger_here
from tests.staging.confined_process import BOUND_BY_MODES, write_protected
from tests.staging.lake_contents import ledger_of, published, staged_of


@pytest.fixture
def sessions(tmp_path: Path) -> str:
    return session_csv(tmp_path / "sessions.csv", *session_rows(5, first=101))


@pytest.fixture(autouse=True)
def modes_bind(tmp_path: Path) -> None:
    """Skips where the launcher cannot make a process that respects the mode of a folder."""
    probe = tmp_path / "probe"
    probe.mkdir()
    with write_protected(probe):
        subprocess.run([*BOUND_BY_MODES, "/bin/sh", "-c", f": > {probe}/file"], capture_output=True)
    if (probe / "file").exists():
        pytest.skip("this process may not give up the right to ignore file modes")


def test_a_new_lake_below_a_protected_folder(sessions: str, tmp_path: Path) -> None:
    folder = tmp_path / "protected"
    folder.mkdir()
    command = ("ingest", "session_csv", sessions, "--lake", str(folder / "lake"), "--at", AT)
    with write_protected(folder):
        done = chargeledger(*command, launcher=BOUND_BY_MODES)
    assert_says(done, 1, f"the lake at {folder / 'lake'} cannot be written", "Permission denied", "--lake")
    assert list(folder.iterdir()) == []
    assert_says(chargeledger_here(*command), 0, "5 accepted")


COMMANDS = {
    "staged": ("ingest", "session_csv", "FILE"),
    "ledger": ("account",),
    "receipts": ("account",),
    "published": ("publish",),
}


@pytest.mark.parametrize("folder", COMMANDS)
def test_a_protected_room_of_the_lake(folder: str, good_lake: str, sessions: str) -> None:
    if folder != "staged":
        flow.ingest("session_csv", [sessions], good_lake, AT)
    before = staged_of(good_lake), ledger_of(good_lake)
    command = [part.replace("FILE", sessions) for part in COMMANDS[folder]] + ["--lake", good_lake, "--at", AT]
    with write_protected(Path(good_lake) / folder):
        done = chargeledger(*command, launcher=BOUND_BY_MODES)
    assert_says(done, 1, good_lake, "cannot be written", "Permission denied", "Give this user write permission")
    assert (staged_of(good_lake), ledger_of(good_lake)) == before

    assert_says(chargeledger_here(*command), 0)
    assert_says(chargeledger_here("run", "--sessions", f"session_csv={sessions}", "--lake", good_lake, "--at", AT), 0)
    assert ledger_of(good_lake)[:20] == before[1]
    assert published(good_lake, "SELECT count(*), max(seq) FROM ledger_entry") == [(25, 25)]


def test_a_protected_landing_folder_is_a_refusal(good_lake: str, sessions: str) -> None:
    with write_protected(Path(good_lake) / "landing"):
        done = chargeledger("ingest", "session_csv", sessions, "--lake", good_lake, launcher=BOUND_BY_MODES)
    assert_says(done, 1, good_lake, "cannot be written")


def test_a_lake_that_may_not_get_its_first_ledger(lake: str, sessions: str) -> None:
    flow.ingest("session_csv", [sessions], lake, AT)
    with write_protected(Path(lake)):
        done = chargeledger("account", "--lake", lake, "--at", AT, launcher=BOUND_BY_MODES)
    assert_says(done, 1, "cannot be written")


def test_an_auditor_may_verify_what_he_may_only_read(good_lake: str) -> None:
    with write_protected(Path(good_lake)):
        done = chargeledger("verify", "--lake", good_lake, launcher=BOUND_BY_MODES)
    assert_says(done, 0)


def test_a_reader_needs_no_write_permission(good_lake: str) -> None:
    flow.publish(good_lake, AT)
    with write_protected(Path(good_lake)):
        summary = chargeledger("summary", "--lake", good_lake, launcher=BOUND_BY_MODES)
        explained = chargeledger("explain", "INVENTED-A:S0001", "--lake", good_lake, launcher=BOUND_BY_MODES)
    assert_says(summary, 0)
    assert_says(explained, 0)
    assert "INVENTED-A:S0001" in explained.stdout and "sessions accounted" in summary.stdout


def test_a_file_that_may_not_be_read_is_named(good_lake: str, sessions: str) -> None:
    Path(sessions).chmod(0)
    done = chargeledger("ingest", "session_csv", sessions, "--lake", good_lake, launcher=BOUND_BY_MODES)
    assert_says(done, 2, sessions, "cannot be read")


@pytest.mark.parametrize("below", ["", "/lake"])
def test_a_lake_at_or_below_a_file(below: str, sessions: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = chargeledger_here("ingest", "session_csv", sessions, "--lake", f"{tmp_path}/file{below}")
    assert_says(done, 1, f"the lake at {tmp_path}/file{below} cannot be written", "Nothing was changed")
    assert (tmp_path / "file").read_text() == "in the way"
