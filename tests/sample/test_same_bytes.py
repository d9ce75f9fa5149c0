"""The same arguments give the same bytes, whatever the threads; other arguments others. And the command that writes them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chargeledger.cli import app
from chargeledger.errors import UsageError
from chargeledger.synthetic import Asked, write_synthetic

# The order files of seed 1 with 60 sessions on one day, written down: a change of this digest is a change of everybody's sample.
KNOWN = "251778af8f534e821e364b8be5f5e0819b5c6209b5244ac66da9f799b138a5c7"


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write(folder: Path, **asked: Any) -> dict[str, str]:
    write_synthetic(folder, Asked(**{"sessions": 400, "days": 1, **asked}))
    return digests(folder)


@pytest.mark.parametrize("form", ["tcec", "parquet"])
def test_two_runs_write_the_same_bytes(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGELEDGER_THREADS", "1")
    one = write(tmp_path / "one", form=form)
    monkeypatch.setenv("CHARGELEDGER_THREADS", "4")
    assert write(tmp_path / "two", form=form) == one


def test_the_orders_are_those_that_were_written_down(tmp_path: Path) -> None:
    write(tmp_path, sessions=60)
    told = hashlib.sha256()
    for path in sorted(tmp_path.glob("tcec_charge_order/*")):
        told.update(path.read_bytes())
    assert told.hexdigest() == KNOWN


def test_another_seed_gives_other_sessions(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one"), write(tmp_path / "two", seed=2)
    sessions = [name for name in one if name.startswith("tcec_charge_order/")]
    assert len(sessions) >= 6
    assert not [name for name in sessions if one[name] == two.get(name)]


def test_a_sample_of_one_session_is_whole(tmp_path: Path) -> None:
    write(tmp_path, sessions=1, days=1)
    assert json.loads((tmp_path / "expected.json").read_text())["sessions"]["sessions"] == 1
    assert len(list(tmp_path.glob("tcec_charge_order/*"))) == 1


def test_the_command_writes_what_the_function_writes(tmp_path: Path) -> None:
    told = ["sample", "--sessions", "400", "--days", "1", "--seed", "1", "--out", str(tmp_path / "by command")]
    done = CliRunner().invoke(app, told)
    assert done.exit_code == 0 and "synthetic" in done.output and "400 of 400 sessions" in done.output
    assert digests(tmp_path / "by command") == write(tmp_path / "by function")


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(UsageError, match="not an empty folder"):
        write_synthetic(tmp_path, Asked())
    assert digests(tmp_path).keys() == {"mine.txt"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"sessions": 0}, "--sessions is 0: it takes 1 to"),
        ({"days": 367}, "--days is 367: it takes 1 to 366"),
        ({"seed": -1}, "--seed is -1: it takes 0 to"),
        ({"seed": 2**32}, "it takes 0 to"),
        ({"form": "csv"}, "--format is 'csv': it takes tcec or parquet"),
    ],
)
def test_what_cannot_be_written_is_said(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Asked(**asked)
