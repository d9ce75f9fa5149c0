"""A command that is stopped anywhere, by Ctrl-C or by a kill, leaves nothing half done: run again it ends as if undisturbed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chargeledger import flow
from tests.staging.canonical_files import AT, session_csv, session_row, session_rows
from tests.staging.command_line import CHARGELEDGER, assert_says, chargeledger_here
from tests.staging.conftest import fixed_key
from tests.staging.lake_contents import batches, ledger_of, published, staged_of
from tests.staging.stopped_command import stopped_after

PROGRAM = Path(__file__).with_name("stopped_command.py")
LONG_QUERY = "SELECT sum(hash(range) % 7) FROM range(9000000000)"
FOLD = "SELECT programme, user_id, points, entries FROM user_points ORDER BY ALL"
PLACES = (
    *("/landing/", "/staged/row_outcome", "/staged/session_owner"),
    *("/ledger/state/", "/ledger/ledger_entry", "/published/1"),
)


def _file(folder: Path) -> str:
    rows = [*session_rows(30, first=101), session_row("S0101", revised_at="2026-03-10T12:00:00+08:00")]
    return session_csv(folder / "sessions.csv", *rows, session_row("B1", energy_kwh="-1.000"))


@pytest.fixture(scope="module")
def undisturbed(_good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(_good, folder / "lake")
    with fixed_key():
        flow.run([("session_csv", _file(folder))], [], str(folder / "lake"), at=AT)
    return folder / "lake"


def _assert_like(lake: str | Path, undisturbed: str | Path) -> None:
    assert ledger_of(lake) == ledger_of(undisturbed) != []
    assert staged_of(lake) == staged_of(undisturbed)
    assert [batch["state"] for batch in batches(lake)] == [batch["state"] for batch in batches(undisturbed)]
    assert published(lake, FOLD) == published(undisturbed, FOLD)


def _interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("place", PLACES)
def test_ctrl_c_then_again(place: str, good_lake: str, undisturbed: Path, tmp_path: Path) -> None:
    command = ("run", "--sessions", f"session_csv={_file(tmp_path)}", "--lake", good_lake, "--at", AT)
    with stopped_after(place, _interrupt):
        done = chargeledger_here(*command)
    assert_says(done, 130)
    assert not list(Path(good_lake, "tmp").iterdir())
    assert_says(chargeledger_here(*command), 0)
    _assert_like(good_lake, undisturbed)


KILLED_IN = {
    "rows read": "ingest",
    "/staged/charging_session": "ingest",
    "/ledger/state/": "account",
    "/ledger/ledger_entry": "account",
    "/published/1": "publish",
}


@pytest.mark.parametrize("place", KILLED_IN)
def test_a_kill_then_again(place: str, good_lake: str, undisturbed: Path, tmp_path: Path) -> None:
    file, end, killed = _file(tmp_path), ("--lake", good_lake, "--at", AT), KILLED_IN[place]
    commands = [("ingest", "session_csv", file), ("account",), ("publish",)]
    for command in commands:
        if command[0] == killed:
            died = subprocess.run([sys.executable, str(PROGRAM), "SIGKILL", place, *command, *end], capture_output=True)
            assert died.returncode == -signal.SIGKILL, died.stderr.decode()
        assert_says(chargeledger_here(*command, *end), 0)
    _assert_like(good_lake, undisturbed)
    assert_says(chargeledger_here("verify", "--lake", good_lake), 0)


def test_a_kill_in_the_middle_of_the_sample_then_again(sample_run: dict[str, Any], lake: str) -> None:
    files = [f"--sessions=session_csv={path}" for path in sample_run["sessions"]]
    command = ["run", "--lake", lake, "--at", sample_run["at"], "--programme", "cn_green_energy", *files]
    with subprocess.Popen([*CHARGELEDGER, *command], stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        for line in running.stderr:
            if "SYNTHETIC-A_2026-03-10" in line:
                running.kill()
    assert running.returncode == -signal.SIGKILL
    assert_says(chargeledger_here(*command), 0)
    assert ledger_of(lake) == ledger_of(sample_run["lake"]) != []
    assert published(lake, FOLD) == published(sample_run["lake"], FOLD)


def test_rows_of_a_killed_file_count_when_another_file_tells_them(lake: str, tmp_path: Path) -> None:
    day = session_csv(tmp_path / "until noon.csv", *session_rows(20))
    with stopped_after("/staged/row_outcome", _interrupt):
        assert chargeledger_here("ingest", "session_csv", day, "--lake", lake, "--at", AT).returncode == 130
    whole = session_csv(tmp_path / "the whole day.csv", *session_rows(25))
    flow.run([("session_csv", whole)], [], lake, at=AT)
    assert len(ledger_of(lake)) == 25


def test_ctrl_c_is_answered_by_what_to_do(good_lake: str) -> None:
    with stopped_after("/published/CURRENT", _interrupt):
        done = chargeledger_here("publish", "--lake", good_lake, "--at", AT)
    assert_says(done, 130, "interrupted; nothing is half posted. Run the same command again to go on.")


def test_ctrl_c_in_a_long_query(good_lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGELEDGER_THREADS", "1")  # with more, DuckDB may wait for its worker and not see the signal
    program = tmp_path / "long_query.py"
    program.write_text(
        "import os, signal, threading\n"
        "from chargeledger import cli, engine\n"
        "table = engine.Engine.table\n"
        "def long_table(self, relation, *rest):\n"
        "    if relation == 'session_touched':\n"
        "        for s in range(9):  # a person presses again where nothing happens\n"
        "            late = threading.Timer(0.3 + 5 * s, os.kill, (os.getpid(), signal.SIGINT))\n"
        "            late.daemon = True\n"
        "            late.start()\n"
        f"        self.con.execute({LONG_QUERY!r})\n"
        "    table(self, relation, *rest)\n"
        "engine.Engine.table = long_table\n"
        "cli.main()\n"
    )
    command = [sys.executable, str(program), "account", "--lake", good_lake, "--at", AT]
    flow.ingest("session_csv", [_file(tmp_path)], good_lake, AT)
    assert_says(subprocess.run(command, capture_output=True, text=True, timeout=300), 130, "interrupted")
