"""A full disk while files land, while the ledger is written, while a publication is built: said, nothing lost, and run again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chargeledger import flow
from tests.staging.canonical_files import AT, session_csv, session_row, session_rows
from tests.staging.command_line import assert_says, chargeledger, chargeledger_here
from tests.staging.confined_process import files_of_at_most
from tests.staging.lake_contents import batches, ledger_of, published, staged_of
from tests.staging.small_disk import small_disk

PHRASES = ("no space left for the lake", "nothing is half posted", "Free space and run the same command again")
ROWS = 400


@pytest.fixture
def sessions(tmp_path: Path) -> str:
    rows = session_rows(ROWS, first=101)
    rows[7] = session_row("S0108", energy_kwh="-1.000")
    return session_csv(tmp_path / "sessions.csv", *rows)


@pytest.fixture
def undisturbed(good_lake: str, sessions: str, tmp_path: Path) -> Path:
    """The good lake as it is when no disk is ever full."""
    lake = tmp_path / "undisturbed"
    shutil.copytree(good_lake, lake)
    flow.run([("session_csv", sessions)], [], str(lake), at=AT)
    return lake


def _assert_like(lake: Path, undisturbed: Path) -> None:
    assert len(ledger_of(lake)) == 20 + ROWS - 1
    assert ledger_of(lake) == ledger_of(undisturbed)
    assert staged_of(lake) == staged_of(undisturbed)
    assert [batch["state"] for batch in batches(lake)] == ["staged"] * 3
    fold = "SELECT user_id, points FROM user_points ORDER BY user_id"
    assert published(lake, fold) == published(undisturbed, fold)
    for room in ("tmp", "landing", "published"):
        left = [path.name for path in (lake / room).rglob(".*") if path.name != ".lock"]
        assert left == [], f"half a file is left in {room}"
    assert list((lake / "tmp").iterdir()) == []


def test_a_disk_that_fills_up(good_lake: str, sessions: str, undisturbed: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=32) as disk:
        if disk is None:
            pytest.skip("this machine lets nobody mount a small disk; the test below limits the size of files instead")
        outside = disk.outside / "lake"
        shutil.copytree(good_lake, outside)
        end = ("--lake", str(disk.path / "lake"), "--at", AT)
        for command, rooms in (
            (("ingest", "session_csv", sessions), (64,)),
            (("account",), (8, 48)),
            (("publish",), (2048,)),
        ):
            before = ledger_of(outside), list((outside / "published").glob("*/manifest.json"))
            for kilobytes in rooms:
                disk.leave(kilobytes)
                assert_says(chargeledger(*command, *end, launcher=disk.launcher), 1, *PHRASES)
                assert (ledger_of(outside), list((outside / "published").glob("*/manifest.json"))) == before
            disk.free()
            assert_says(chargeledger(*command, *end, launcher=disk.launcher), 0)
        shutil.copytree(outside, tmp_path / "afterwards")
    _assert_like(tmp_path / "afterwards", undisturbed)


def test_files_that_may_not_grow(good_lake: str, sessions: str, undisturbed: Path) -> None:
    end = ("--lake", good_lake, "--at", AT)
    for command, sizes in (
        (("ingest", "session_csv", sessions), (20_000,)),
        (("account",), (8_000,)),
        (("publish",), (1_000_000,)),
    ):
        before = ledger_of(good_lake), list(Path(good_lake).glob("published/*/manifest.json"))
        for size in sizes:
            assert_says(chargeledger(*command, *end, launcher=files_of_at_most(size)), 1, *PHRASES)
            assert (ledger_of(good_lake), list(Path(good_lake).glob("published/*/manifest.json"))) == before
        assert_says(chargeledger_here(*command, *end), 0)
    _assert_like(Path(good_lake), undisturbed)


def test_a_disk_that_is_full_before_the_first_table(lake: str, sessions: str) -> None:
    done = chargeledger("ingest", "session_csv", sessions, "--lake", lake, launcher=files_of_at_most(2_000))
    assert_says(done, 1, *PHRASES)
