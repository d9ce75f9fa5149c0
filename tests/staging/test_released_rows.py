"""Rows released from quarantine count as if they had passed when their file landed: once, in every sum, and in no older run."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chargeledger import asking, flow, release
from chargeledger.errors import Refused
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.staging.canonical_files import AT, Row, session_csv, session_row, session_rows
from tests.staging.command_line import assert_says, chargeledger_here
from tests.staging.conftest import fixed_key
from tests.staging.lake_contents import batches, ledger_of, points_of, published, rows_of
from tests.staging.other_definition import NORTH_UNKNOWN, other_definition
from tests.staging.stopped_command import stopped_after

NORTH = {"region": "CN-GRID-NORTH"}
BEFORE, AFTER = "2026-03-10T12:00:00+08:00", "2026-03-10T13:00:00+08:00"
TOLD = (
    "SELECT * FROM session_status ORDER BY ALL",
    "SELECT * FROM session_assessment ORDER BY ALL",
    "SELECT programme, user_id, points FROM user_points ORDER BY ALL",
)
Files = dict[str, list[Row]]


def _files() -> Files:
    """Three files: in each a row or two of the north, told once, told again, told before and after in other files."""
    sound = [session_rows(20, first=100 * number) for number in range(1, 4)]
    first = [session_row("A", **NORTH), session_row("B", **NORTH), session_row("C", **NORTH)]
    again = [session_row("B", energy_kwh="20"), session_row("C", **NORTH)]
    third = [session_row("D", **NORTH, revised_at=AFTER), session_row("A", account="")]
    return {
        "1.csv": [*sound[0], *first[:2]],
        "2.csv": [*sound[1], *again],
        "3.csv": [*sound[2], *third],
    }


def _receive(lake: str, folder: Path, files: Files) -> None:
    for name, rows in files.items():
        flow.ingest("session_csv", [session_csv(folder / name, *rows)], lake, AT)


def _publish(lake: str) -> list[list[tuple[Any, ...]]]:
    flow.account(lake, at=AT)
    flow.publish(lake, AT)
    return _told(lake)


def _told(lake: str) -> list[list[tuple[Any, ...]]]:
    return [published(lake, sql) for sql in TOLD]


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lakes of the same files: when those of one came, the region list did not know the north. The other is published."""
    folder = tmp_path_factory.mktemp("made")
    with fixed_key():
        with other_definition(folder, NORTH_UNKNOWN):
            _receive(str(folder / "quarantined"), folder, _files())
        _receive(str(folder / "clean"), folder, _files())
        _publish(str(folder / "clean"))
    return folder


@pytest.fixture
def quarantined(_made: Path, lake: str) -> str:
    """The lake with four rows in quarantine, the test's own."""
    shutil.copytree(_made / "quarantined", lake)
    assert _waiting(lake) == {"region_known": 4}
    return lake


@pytest.fixture
def clean(_made: Path) -> str:
    """The lake that knew the north from the start, published. Read only."""
    return str(_made / "clean")


def _waiting(lake: str) -> dict[str, int]:
    return {row["rule"]: row["rows"] for row in asking.quarantine_totals(lake)}


def _assert_sums_close(lake: str, files: Files) -> None:
    """By plain counting: every received row has one last fate, and batches and their releases hold no other."""
    origin = {batch["landing_digest"]: batch["released_from"] or batch["landing_digest"] for batch in batches(lake)}
    order = {batch["landing_digest"]: batch["batch_seq"] for batch in batches(lake)}
    last: dict[tuple[str, int], dict[str, Any]] = {}
    for row in sorted(
        (r for r in rows_of(lake, "row_outcome") if r["landing_digest"] in order),
        key=lambda r: order[r["landing_digest"]],
    ):
        place = origin[row["landing_digest"]], row["row_number"]
        assert place not in last or last[place]["outcome"] == "quarantined"
        last[place] = row
    assert len(last) == sum(map(len, files.values()))
    fates = Counter(row["outcome"] for row in last.values())
    energy = Counter[str]()
    for row in last.values():
        energy[row["outcome"]] += row["amount_wh"]
    told = batches(lake)
    taken = sum(batch["rows_received"] for batch in told if batch["released_from"])
    taken_wh = sum(batch["received_wh"] for batch in told if batch["released_from"])
    for outcome in ("accepted", "quarantined", "duplicate", "superseded"):
        back = outcome == "quarantined"
        assert sum(batch[f"rows_{outcome}"] for batch in told) - back * taken == fates[outcome]
        assert sum(batch[f"{outcome}_wh"] for batch in told) - back * taken_wh == energy[outcome]
    assert len(list(verify(Lake(lake)))) == 5


@pytest.mark.parametrize(("by", "accounted"), [("rule", True), ("batch", False)])
def test_what_is_accounted_is_that_of_clean_data(by: str, accounted: bool, quarantined: str, clean: str) -> None:
    if accounted:
        assert _publish(quarantined) != _told(clean)
    selections = [(None, batch) for batch in (3, 2, 1)] if by == "batch" else [("region_known", None)]
    for rule, batch in selections:
        flow.release(quarantined, rule, batch)
    assert _waiting(quarantined) == {}
    assert _publish(quarantined) == _told(clean)
    assert points_of(quarantined) == points_of(clean) != {}
    if not accounted:
        assert [entry[1:] for entry in ledger_of(quarantined)] == [entry[1:] for entry in ledger_of(clean)]
    _assert_sums_close(quarantined, _files())


def test_a_batch_alone(quarantined: str) -> None:
    (file,) = flow.release(quarantined, batch=1)
    assert (file["file"], file["taken"], file["staying"]) == ("1.csv", 2, {})
    released = batches(quarantined)[-1]
    assert (released["batch_seq"], released["rows_accepted"], released["received_wh"]) == (4, 2, 20_000)
    (landed,) = [row for row in rows_of(quarantined, "landing_file") if row["file_name"] == "1.csv"]
    assert released["released_from"] == landed["landing_digest"] != released["landing_digest"]
    assert (released["landing_seq"], released["landed_at"]) == (landed["landing_seq"], landed["landed_at"])
    assert _waiting(quarantined) == {"region_known": 2}
    _assert_sums_close(quarantined, _files())


def test_released_twice_is_released_once(quarantined: str) -> None:
    flow.release(quarantined, "region_known")
    versions = Lake(quarantined).versions()
    done = chargeledger_here("quarantine", "release", "--rule", "region_known", "--lake", quarantined)
    assert_says(done, 0)
    assert "nothing waits there" in done.stdout
    assert Lake(quarantined).versions() == versions


def test_what_still_breaks_its_rule_stays_and_nothing_is_written(lake: str, tmp_path: Path) -> None:
    with other_definition(tmp_path, NORTH_UNKNOWN):
        _receive(lake, tmp_path, _files())
        versions = Lake(lake).versions()
        (one, two, three) = flow.release(lake, "region_known")
        assert [file["staying"] for file in (one, two, three)] == [
            {"region_known": 2},
            {"region_known": 1},
            {"region_known": 1},
        ]
    assert Lake(lake).versions() == versions


def _interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "place", ["/staged/row_outcome", "/staged/charging_session", "/staged/session_owner", "/staged/batch"]
)
def test_cut_off_anywhere_and_run_again(place: str, quarantined: str, clean: str) -> None:
    command = ("quarantine", "release", "--rule", "region_known", "--lake", quarantined)
    with stopped_after(place, _interrupt):
        assert_says(chargeledger_here(*command), 130)
    assert _waiting(quarantined)["region_known"] == (2 if place == "/staged/batch" else 4), (
        "a release counts whole or not at all"
    )
    assert_says(chargeledger_here(*command), 0)
    assert _publish(quarantined) == _told(clean)
    _assert_sums_close(quarantined, _files())


def test_cut_off_and_run_again_under_another_definition(quarantined: str, clean: str, tmp_path: Path) -> None:
    with stopped_after("/staged/row_outcome", _interrupt), pytest.raises(KeyboardInterrupt):
        flow.release(quarantined, batch=1)
    with other_definition(
        tmp_path, ("data_contracts/charging_session.yaml", "reading_wh <= 1000000", "reading_wh <= 9999")
    ):
        (file,) = flow.release(quarantined, batch=1)
        assert file["staying"] == {"energy_possible": 2}
    assert _waiting(quarantined) == {"energy_possible": 2, "region_known": 2}
    for rule in ("energy_possible", "region_known"):
        flow.release(quarantined, rule)
    assert _publish(quarantined) == _told(clean)
    _assert_sums_close(quarantined, _files())


def test_an_older_run_is_still_the_same(quarantined: str) -> None:
    receipt = flow.account(quarantined, at=AT)["receipt"]
    flow.release(quarantined, "region_known")
    later = flow.account(quarantined, at=AT)
    assert later["posted_entries"] > 0
    for digest in (receipt, later["receipt"]):
        told = asking.rerun(digest, quarantined)
        assert told["same"], told


def test_of_two_releases_at_once_one_counts(quarantined: str, clean: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other had judged the same rows before; on two machines no lock keeps them apart."""
    write, others = release.write_rows, [lambda: flow.release(quarantined, batch=1)]

    def overtaken(*arguments: Any) -> Any:
        if others:
            others.pop()()
        return write(*arguments)

    monkeypatch.setattr(Lake, "one_at_a_time", lambda *_: nullcontext())
    monkeypatch.setattr(release, "write_rows", overtaken)
    flow.release(quarantined, "region_known")
    assert [batch["rows_received"] for batch in batches(quarantined)[3:]] == [2, 1, 1]
    assert _publish(quarantined) == _told(clean)
    _assert_sums_close(quarantined, _files())


def _rewrite(lake: str, relation: str, change: Any) -> None:
    """Every row of a table changed where it lies, behind the back of the package."""
    for path in Lake(lake).files(relation):
        table = pq.read_table(path)
        pq.write_table(
            pa.Table.from_pylist([row | change(row) for row in table.to_pylist()], schema=table.schema), path
        )


def test_verify_names_a_batch_that_miscounts_its_rows_and_a_row_with_two_fates(quarantined: str) -> None:
    flow.release(quarantined, "region_known")
    swap = lambda row: {"rows_quarantined": row["rows_duplicate"], "rows_duplicate": row["rows_quarantined"]}  # noqa: E731
    _rewrite(quarantined, "batch", swap)
    with pytest.raises(Refused, match=r"exactly one fate: batch 1, batch 2, batch 3"):
        list(verify(Lake(quarantined)))
    fate = {"quarantined": "duplicate", "duplicate": "quarantined"}
    _rewrite(quarantined, "row_outcome", lambda row: {"outcome": fate.get(row["outcome"], row["outcome"])})
    with pytest.raises(Refused, match=r"exactly one fate: row 21 of \w{64}, row 21 of"):
        list(verify(Lake(quarantined)))
