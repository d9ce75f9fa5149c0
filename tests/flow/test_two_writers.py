"""Writers at the same moment: one effect, the same bytes as one writer alone, and nothing for a person to clean up."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from chargeledger import flow
from chargeledger.contract import contract
from chargeledger.lake import STAGED, Lake
from chargeledger.table import open_table
from tests.flow import small_california as small
from tests.flow.command_line import Done, at_the_same_moment
from tests.flow.lake_bytes import current, holds, ledger_bytes, same_segments

RACE = "another writer committed first"
ROUNDS = {"account": 3, "ingest": 2, "publish": 2, "run": 2}
Rounds = dict[str, list[tuple[str, list[Done]]]]


def staged_rows(lake: str) -> dict[str, list[Any]]:
    return {name: sorted(map(repr, Lake(lake).table(name).to_pyarrow_table().to_pylist())) for name in STAGED}


@pytest.fixture(scope="module")
def rounds(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Rounds:
    """Two processes, and in each round both do the same to a lake of that round: how each call ended."""
    folder = tmp_path_factory.mktemp("rounds")
    grid, sessions = small.write_grid(folder / "grid.csv"), small.write_sessions(folder / "sessions.csv")
    files = ["--sessions", f"session_csv={sessions}", "--grid", f"grid_mix_csv={grid}"]
    lakes = {kind: [str(folder / f"{kind}-{n}") for n in range(count)] for kind, count in ROUNDS.items()}
    calls: list[tuple[str, str, list[str]]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", "5a" * 32)
        for lake in lakes["account"] + lakes["publish"]:
            shutil.copytree(template, lake)
        for lake in lakes["publish"]:
            flow.account(lake, at=small.AT)
        calls += [("account", lake, ["account"]) for lake in lakes["account"]]
        calls += [("grid", lake, ["ingest", "grid_mix_csv", grid]) for lake in lakes["ingest"]]
        calls += [("ingest", lake, ["ingest", "session_csv", sessions]) for lake in lakes["ingest"]]
        calls += [("publish", lake, ["publish"]) for lake in lakes["publish"]]
        calls += [("run", lake, ["run", *files]) for lake in lakes["run"]]
        both = [[[*words, "--lake", lake, "--at", small.AT]] * 2 for _, lake, words in calls]
        ended = at_the_same_moment(folder / "signals", both)
        for lake in lakes["account"] + lakes["ingest"]:
            flow.run([], [], lake, at=small.AT)
    told: Rounds = {}
    for (kind, lake, _), done in zip(calls, ended, strict=True):
        told.setdefault(kind, []).append((lake, done))
    return told


def test_two_that_account_post_once(single: str, rounds: Rounds) -> None:
    for lake, done in rounds["account"]:
        assert [call.code for call in done] == [0, 0], done
        assert sorted(call.said.partition(" entries")[0] for call in done) == ["0", "40"]
        assert same_segments(lake, single)
        holds(lake)
    assert any(RACE in call.progress for _, done in rounds["account"] for call in done), "no round raced"


def test_two_that_ingest_one_file_stage_it_once(single: str, rounds: Rounds) -> None:
    for lake, done in rounds["grid"] + rounds["ingest"]:
        assert [call.code for call in done] == [0, 0], done
        assert staged_rows(lake) == staged_rows(single)
        assert ledger_bytes(lake) == ledger_bytes(single)
        holds(lake)


def test_two_that_publish_make_one_publication(single: str, rounds: Rounds) -> None:
    for lake, done in rounds["publish"]:
        assert [call.code for call in done] == [0, 0], done
        assert sorted(call.said for call in done) == [
            f"publication 1 (nothing new): {lake}/published/1\n",
            f"publication 1: {lake}/published/1\n",
        ]
        assert {path.name for path in (Path(lake) / "published").iterdir()} == {".lock", "1", "CURRENT", "segments"}
        assert same_segments(lake, single)
        holds(lake)


def test_two_that_run_the_whole_flow_from_nothing_do_it_once(single: str, rounds: Rounds) -> None:
    for lake, done in rounds["run"]:
        assert [call.code for call in done] == [0, 0], done
        assert done[0].said == done[1].said
        assert ledger_bytes(lake) == ledger_bytes(single)
        assert current(lake).name == "1"
        holds(lake)


def test_a_table_that_many_create_at_once_is_created_once(tmp_path: Path) -> None:
    versions = set()
    for place in range(40):
        gate = threading.Barrier(8)

        def create(path: Path = tmp_path / str(place), gate: threading.Barrier = gate) -> None:
            gate.wait()
            open_table(path, contract("batch"))

        writers = [threading.Thread(target=create) for _ in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        versions.add(open_table(tmp_path / str(place), contract("batch")).version())
    assert versions == {0}
