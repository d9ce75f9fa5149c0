"""The same inputs give the same digests and the same ledger bytes, whatever the threads, order, split or repetition."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from chargeledger import flow
from chargeledger.engine import Engine
from chargeledger.lake import Lake
from tests.flow.california_run import AT, PROGRAMME, CaliforniaRun
from tests.flow.lake_bytes import ledger_bytes, outputs, read

# Of the real files: 200 sessions that await the grid and the first 2,800 that do not, and the first 100 days of the mix.
SOME_SESSIONS = slice(2_736, 5_736)
SOME_HOURS = slice(0, 2_400)


class Told(NamedTuple):
    """A CSV file as its header and its lines."""

    header: str
    lines: list[str]

    def write(self, path: Path) -> str:
        path.write_text(self.header + "".join(self.lines), encoding="utf-8")
        return str(path)

    def shuffled(self, seed: int) -> Told:
        return Told(self.header, random.Random(seed).sample(self.lines, len(self.lines)))

    def dealt(self, parts: int) -> list[Told]:
        """Every seventh line, say, in a file of its own: each file covers all days."""
        return [Told(self.header, self.lines[place::parts]) for place in range(parts)]


class Result(NamedTuple):
    """What a run computed: the digest of each relation, and the ledger as bytes."""

    outputs: dict[str, str]
    ledger: bytes


Files = tuple[list[str], list[str]]
Variant = Callable[[Told, Told, Path], Files]


def as_told(sessions: Told, grid: Told, folder: Path) -> Files:
    return [sessions.write(folder / "s.csv")], [grid.write(folder / "g.csv")]


def shuffled(sessions: Told, grid: Told, folder: Path) -> Files:
    return as_told(sessions.shuffled(1), grid.shuffled(2), folder)


def in_seven_files(sessions: Told, grid: Told, folder: Path) -> Files:
    return (
        [part.write(folder / f"s{place}.csv") for place, part in enumerate(sessions.dealt(7))],
        [part.write(folder / f"g{place}.csv") for place, part in enumerate(grid.dealt(7))],
    )


def in_seven_files_landed_backwards(sessions: Told, grid: Told, folder: Path) -> Files:
    told, mixes = in_seven_files(sessions.shuffled(3), grid.shuffled(4), folder)
    return told[::-1], mixes[::-1]


def landed_twice(sessions: Told, grid: Told, folder: Path) -> Files:
    (told,), (mix,) = as_told(sessions, grid, folder)
    return [told, told, sessions.write(folder / "copy.csv")], [mix, mix]


def told_again_in_another_order(sessions: Told, grid: Told, folder: Path) -> Files:
    (told,), (mix,) = as_told(sessions, grid, folder)
    return [told, sessions.shuffled(5).write(folder / "s2.csv")], [mix, grid.shuffled(6).write(folder / "g2.csv")]


def read_told(path: Path, lines: slice = slice(None)) -> Told:
    header, *found = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    return Told(header, found[lines])


def result(lake: Path) -> Result:
    """Of a lake with one accounting."""
    (commit,) = Lake(lake).commits()
    return Result(outputs(lake, commit.receipt), ledger_bytes(lake))


def accounted(files: Files, lake: Path) -> Result:
    sessions, grid = ([(source, path) for path in paths] for source, paths in zip(SOURCES, files, strict=True))
    flow.run(sessions, grid, str(lake), PROGRAMME, AT)
    return result(lake)


SOURCES = ("acn_csv", "ciso_mix_csv")


@pytest.fixture(scope="module")
def some(california: CaliforniaRun) -> tuple[Told, Told]:
    return read_told(california.sessions, SOME_SESSIONS), read_told(california.grid, SOME_HOURS)


@pytest.fixture(scope="module")
def plain(some: tuple[Told, Told], tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The files as they are, with as many threads as the engine likes."""
    folder = tmp_path_factory.mktemp("plain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", "5a" * 32)
        found = accounted(as_told(*some, folder), folder / "lake")
    states = "SELECT state, count(*) FROM session_status GROUP BY state"
    assert dict(read(folder / "lake", states)) == {"final": 2_800, "awaiting grid": 200}
    return found


VARIANTS = (shuffled, in_seven_files, in_seven_files_landed_backwards, landed_twice, told_again_in_another_order)


@pytest.mark.parametrize("variant", VARIANTS)
def test_how_the_files_arrive_changes_nothing(
    variant: Variant, some: tuple[Told, Told], plain: Result, tmp_path: Path
) -> None:
    assert accounted(variant(*some, tmp_path), tmp_path / "lake") == plain


def memory_of_a_table(folder: Path) -> int:
    (folder / "table.sql").write_text("SELECT i, sha256(CAST(i % 7 AS VARCHAR)) AS digest FROM range(200_000) AS t(i)")
    with Engine() as engine:
        engine.table("seven", folder / "table.sql")
        assert engine.scalar("SELECT count(DISTINCT digest) FROM seven") == 7
        return engine.scalar("SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'")


def test_tables_compressed_in_memory_give_the_same(
    some: tuple[Told, Told], plain: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loose = memory_of_a_table(tmp_path)
    monkeypatch.setattr("chargeledger.engine.COMPRESSED_FROM_ROWS", 1)
    monkeypatch.setattr("chargeledger.engine.Engine._is_half_full", lambda engine: True)
    assert memory_of_a_table(tmp_path) * 4 < loose
    assert accounted(as_told(*some, tmp_path), tmp_path / "lake") == plain


def test_another_reading_of_one_session_changes_the_digests(
    some: tuple[Told, Told], plain: Result, tmp_path: Path
) -> None:
    # The tests above can fail: one Wh more in one session, and every relation but the intensities is another.
    sessions, grid = some
    columns, energy = sessions.lines[-1].split(","), sessions.header.split(",").index("Energy")
    columns[energy] = f"{float(columns[energy]) + 0.001:.3f}"
    other = Told(sessions.header, [*sessions.lines[:-1], ",".join(columns)])
    found = accounted(as_told(other, grid, tmp_path), tmp_path / "lake")
    same = {relation for relation, digest in found.outputs.items() if digest == plain.outputs[relation]}
    green = {
        "interval_hour",
        "session_match",
        "energy_match",
        "match_hour",
        "match_state",
    }  # of versions that are not run here
    unused = green | {"award_proposal", "award_pin"}  # nothing is held
    assert same == {"grid_intensity_hour", "grid_intensity_state", "vintage_state", "vintage_open"} | unused
    assert found.ledger != plain.ledger


@pytest.mark.parametrize(("threads", "variant"), [(1, shuffled), (2, in_seven_files), (4, told_again_in_another_order)])
def test_the_whole_files_give_the_same_with_any_number_of_threads(
    threads: int, variant: Variant, california: CaliforniaRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARGELEDGER_THREADS", str(threads))
    with Engine() as engine:
        assert engine.scalar("SELECT current_setting('threads')") == threads
    whole = read_told(california.sessions), read_told(california.grid)
    assert accounted(variant(*whole, tmp_path), tmp_path / "lake") == result(california.lake)
