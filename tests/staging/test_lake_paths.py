"""A lake lies wherever a person puts it: a space, a quote or an umlaut in its path is no one's mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.staging.canonical_files import AT, grid_csv, grid_rows, session_csv, session_rows
from tests.staging.command_line import assert_says, chargeledger_here
from tests.staging.lake_contents import published


@pytest.mark.parametrize(
    "name", ["my lake", "it's a lake", "lac d’été", "a=b,c", "[2026]", "100% green", "what?", "a*"]
)
def test_a_lake_of_that_name(name: str, tmp_path: Path) -> None:
    """Where a table cannot be kept below such a name, the lake is refused in words and not begun."""
    lake = tmp_path / name
    (tmp_path / "in put").mkdir()
    sessions = session_csv(tmp_path / "in put" / "it's [1]% sessions?.csv", *session_rows(3))
    hours = grid_csv(tmp_path / "in put" / "hours.csv", *grid_rows(3))
    command = ("run", f"--sessions=session_csv={sessions}", f"--grid=grid_mix_csv={hours}", "--lake", str(lake))
    done = chargeledger_here(*command, "--at", AT)
    if done.returncode == 2:
        assert_says(done, 2, name)
        assert not lake.exists()
        return
    assert_says(done, 0)
    assert_says(chargeledger_here(*command, "--at", AT), 0, "landed before")
    assert_says(chargeledger_here("verify", "--lake", str(lake)), 0)
    assert published(lake, "SELECT count(*) FROM ledger_entry") == [(3,)]
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "config") == sorted(["in put", name])
