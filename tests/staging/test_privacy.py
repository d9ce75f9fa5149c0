"""Who charged stands in the landing files and nowhere else: not in a table, a receipt, a publication, a message or a log."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chargeledger import flow
from chargeledger.lake import Lake
from chargeledger.landing import landing_path
from tests.staging.canonical_files import AT, SESSION_COLUMNS, csv_text, session_csv, session_row, session_rows
from tests.staging.command_line import chargeledger, chargeledger_here
from tests.staging.lake_contents import rows_of
from tests.staging.lake_search import found_in

KEY = "5a" * 32
ACN_COLUMNS = ("Session", "ChargingStartDateTime", "ChargingEndDateTime", "Energy", "ChargingStation", "UserID")
SECRET = "0047110815"
PROGRAM = str(Path(__file__).with_name("stopped_command.py"))


def _acn(folder: Path, user: str = SECRET, sessions: int = 5, **told: str) -> str:
    row = dict(zip(ACN_COLUMNS, ("", "2019-01-02 08:00:00", "2019-01-02 09:00:00", "6.31", "1-1-1", user), strict=True))
    path = folder / "acn.csv"
    path.write_text(csv_text(ACN_COLUMNS, [row | {"Session": f"J{n}"} | told for n in range(sessions)]))
    return str(path)


@pytest.fixture(scope="module")
def named(sample_run: dict[str, Any]) -> list[str]:
    return found_in(
        sample_run["lake"],
        ["synthetic-user-", KEY, KEY.upper(), str(bytes.fromhex(KEY), "ascii")],
        but_not_below=("landing",),
    )


def test_the_lake_of_the_sample_names_nobody(named: list[str], sample_run: dict[str, Any]) -> None:
    """Its quarantine, receipts, feed and database are full of its users, by pseudonym; the key is not in it either."""
    assert named == []
    assert len({row["user_id"] for row in rows_of(sample_run["lake"], "session_owner")}) > 500


@pytest.mark.parametrize("place", ["parquet", "duckdb", "json", "name"])
def test_the_search_finds_what_is_hidden(place: str, tmp_path: Path) -> None:
    hidden = "who-é-charged"
    if place == "parquet":
        rows = pa.table(
            {"n": list(range(1000)), "nested": [{"user": hidden if n == 999 else None} for n in range(1000)]}
        )
        pq.write_table(rows, tmp_path / "hidden.parquet", compression="zstd")
    elif place == "duckdb":
        with duckdb.connect(str(tmp_path / "hidden.duckdb")) as con:
            con.execute(
                f"CREATE TABLE t AS SELECT range AS n, CASE WHEN range = 999 THEN '{hidden}' END AS u FROM range(1000)"
            )
    elif place == "json":
        (tmp_path / "hidden.json").write_text(f'{{"u": "{hidden}"}}', encoding="utf-8")
    else:
        (tmp_path / hidden).touch()
    assert len(found_in(tmp_path, [hidden])) == 1
    assert found_in(tmp_path, ["somebody-else"]) == []


def test_the_landing_file_keeps_the_row_as_received(lake: str, tmp_path: Path) -> None:
    file = _acn(tmp_path)
    (batch,) = flow.ingest("acn_csv", [file], lake, AT)
    kept = landing_path(Lake(lake), batch["landing_digest"])
    assert pa.input_stream(str(kept), compression="zstd").read() == Path(file).read_bytes()


def test_no_log_and_no_table_of_a_run_names_a_user_of_acn(lake: str, tmp_path: Path) -> None:
    bad = _acn(tmp_path, Energy="none")
    refused = chargeledger_here("run", "--lake", lake, f"--sessions=acn_csv={bad}", "--at", AT)
    done = chargeledger("run", "--lake", lake, f"--sessions=acn_csv={_acn(tmp_path)}", "--at", AT)
    explained = chargeledger_here("explain", "ACN-JPL:J1", "--lake", lake)
    assert (refused.returncode, done.returncode, explained.returncode) == (1, 0, 0)
    for said in (refused, done, explained):
        assert SECRET not in said.stdout + said.stderr
    assert len(rows_of(lake, "session_owner")) == 5
    assert found_in(lake, [SECRET], but_not_below=("landing",)) == []


TEXT = csv_text(SESSION_COLUMNS, session_rows(20, account=SECRET))
LINES = TEXT.splitlines()
SPOILT = {
    "no header": "\n".join(LINES[1:]),
    "two rows of data before the header": "\n".join([*LINES[1:3], *LINES]),
    "a short row": "\n".join([*LINES[:4], LINES[4].rpartition(",")[0], *LINES[5:]]),
    "an open quote": "\n".join([*LINES[:4], LINES[4].replace(SECRET, f'"{SECRET}'), *LINES[5:]]),
    "not UTF-8": TEXT.replace(SECRET, f"{SECRET}é"),
    "another delimiter": TEXT.replace(",", ";"),
    "user and energy swapped": TEXT.replace("account", "energy", 1)
    .replace("energy_kwh", "account")
    .replace("energy,", "energy_kwh,", 1),
    "every row broken": TEXT.replace("CN-GRID-EAST", "nowhere"),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_no_refusal_names_a_user(spoilt: str, lake: str, tmp_path: Path) -> None:
    file = tmp_path / "spoilt.csv"
    file.write_bytes(SPOILT[spoilt].encode("latin-1"))
    done = chargeledger_here("ingest", "session_csv", str(file), "--lake", lake, "--at", AT)
    assert done.returncode == 1
    assert SECRET not in done.stdout + done.stderr
    assert found_in(lake, [SECRET], but_not_below=("landing",)) == []


def test_a_row_in_quarantine_names_nobody(lake: str, tmp_path: Path) -> None:
    rows = [*session_rows(20, account=SECRET), session_row("B1", account=f" {SECRET} ", energy_kwh="-1")]
    flow.ingest("session_csv", [session_csv(tmp_path / "sessions.csv", *rows)], lake, AT)
    (kept,) = rows_of(lake, "quarantine")
    (user,) = {row["user_id"] for row in rows_of(lake, "session_owner")}
    assert user in kept["row_json"]
    assert found_in(lake, [SECRET], but_not_below=("landing",)) == []


def test_a_kill_while_a_file_is_read_leaves_no_copy_of_it(good_lake: str, tmp_path: Path) -> None:
    command = ["ingest", "acn_csv", _acn(tmp_path), "--lake", good_lake, "--at", AT]
    assert subprocess.run([sys.executable, PROGRAM, "SIGKILL", "rows read", *command]).returncode == -signal.SIGKILL
    assert chargeledger_here(*command).returncode == 0
    assert found_in(good_lake, [SECRET], but_not_below=("landing",)) == []


def test_a_publication_can_be_given_away(sample_run: dict[str, Any], tmp_path: Path) -> None:
    """Nothing in it leads back to a user without the key: the pseudonyms are 64 hexadecimal digits, and no table maps them."""
    shutil.copytree(Path(sample_run["lake"]) / "published", tmp_path / "published")
    for database in (tmp_path / "published").rglob("*.duckdb"):
        with duckdb.connect(str(database), read_only=True) as con:
            users = con.execute("SELECT DISTINCT user_id FROM ledger_entry").fetchall()
            assert len(users) > 500 and all(len(user) == 64 and int(user, 16) for (user,) in users)
            columns = {name for (name,) in con.execute("SELECT column_name FROM duckdb_columns()").fetchall()}
            assert not columns & {"account", "UserID", "identity"}
