"""Replay: a receipt is computed again to the same bytes, or the value that is not the same is named."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chargeledger import asking, flow, rooms
from chargeledger.errors import Refused
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.flow import small_california as small
from tests.flow.command_line import chargeledger
from tests.flow.lake_bytes import tree


@pytest.fixture
def accounted(single: str, tmp_path: Path) -> str:
    """A copy of the small accounted lake, for a test to spoil."""
    return str(shutil.copytree(single, tmp_path / "lake"))


def receipts(lake: str) -> list[str]:
    """Digests of the receipts, oldest commit first."""
    return [commit.receipt for commit in Lake(lake).commits()]


def edit_file(path: Path, picks: Callable[[int, dict[str, Any]], bool], **values: object) -> None:
    """Rewrite a Parquet file in place, with other values in the one row that is picked."""
    before = pq.read_table(path)
    rows = before.to_pylist()
    (found,) = (row for place, row in enumerate(rows) if picks(place, row))
    found.update(values)
    pq.write_table(pa.Table.from_pylist(rows, schema=before.schema), path)


def edit(lake: str, relation: str, picks: Callable[[dict[str, Any]], bool], **values: object) -> None:
    (path,) = (Path(lake) / "staged" / relation).glob("*.parquet")
    edit_file(path, lambda _, row: picks(row), **values)


def is_session(number: int) -> Callable[[dict[str, Any]], bool]:
    return lambda row: row["session_id"] == f"MADEUP:{number:03d}"


def test_an_untouched_lake_gives_the_same_and_is_left_as_it_was(accounted: str) -> None:
    before = tree(accounted)
    done = chargeledger("rerun", receipts(accounted)[0], "--lake", accounted)
    assert (done.code, done.said) == (0, "same\n")
    assert tree(accounted) == before


def test_an_edited_reading_is_named(accounted: str) -> None:
    # Session 7 was told as 12.149 kWh.
    edit(accounted, "charging_session", is_session(7), reading_wh=12_150)
    done = chargeledger("rerun", receipts(accounted)[0], "--lake", accounted)
    said = "session_state, key MADEUP:007, column energy_wh: the receipt's run gave 12149, now 12150"
    assert (done.code, done.said) == (1, f"different: {said}\n")


def test_an_edited_mix_is_named(accounted: str) -> None:
    # Hour 9 before: coal 11, gas 4333, nuclear 2200, hydro -300 (none), solar 1009, unknown 3, together 7556 MWh;
    # (11 x 760 + 4333 x 370 + 3 x 575) g / 7556 = 213.51376... g/kWh. With 4334 MWh of gas, over 7557: 213.53447... g/kWh.
    edit(
        accounted,
        "grid_mix_hour",
        lambda row: row["source"] == "gas" and row["generation_pwh"] == 4333 * 10**18,
        generation_pwh=4334 * 10**18,
    )
    before = -(-(11 * 760 + 4333 * 370 + 3 * 575) * 10**6 // 7556)
    now = -(-(11 * 760 + 4334 * 370 + 3 * 575) * 10**6 // 7557)
    told = asking.rerun(receipts(accounted)[0], accounted)
    key = "us_ev_charging@1.0.0 US-CAL-CISO 2019-01-03 09:00:00+00"
    assert not told["same"]
    assert told["difference"] == (
        f"grid_intensity_state, key {key}, column intensity_ug_per_kwh: the receipt's run gave {before}, now {now}"
    )


def test_an_edited_owner_is_named(accounted: str) -> None:
    edit(accounted, "session_owner", is_session(7), user_id="0" * 64)
    told = asking.rerun(receipts(accounted)[0], accounted)
    assert not told["same"]
    assert told["difference"].startswith("session_state, key MADEUP:007, column user_id: the receipt's run gave ")
    assert told["difference"].endswith(f", now {'0' * 64}")


def test_an_edited_value_on_which_no_award_rests_is_named_too(accounted: str) -> None:
    edit(accounted, "charging_session", is_session(7), rated_w=11_000)
    told = asking.rerun(receipts(accounted)[0], accounted)
    assert not told["same"]
    assert "MADEUP:007" in told["difference"]


@pytest.mark.parametrize(
    ("relation", "column", "value"),
    [
        ("state/session_state", "energy_wh", 12_150),
        ("state/vintage_state", "state", "provisional"),
        ("state/grid_intensity_state", "intensity_ug_per_kwh", 1),
        ("ledger_entry", "user_id", "0" * 64),
    ],
)
def test_an_edited_result_does_not_verify(accounted: str, relation: str, column: str, value: object) -> None:
    list(verify(Lake(accounted)))
    first = next(iter(sorted((Path(accounted) / "ledger" / relation).glob("*.parquet"))))
    edit_file(first, lambda place, _: place == 0, **{column: value})
    with pytest.raises(Refused):
        list(verify(Lake(accounted)))


def test_a_changed_receipt_is_refused(accounted: str) -> None:
    (name,) = receipts(accounted)
    path = Path(accounted) / "receipts" / f"{name}.json"
    path.write_bytes(path.read_bytes().replace(b'"entries":40', b'"entries":41'))
    done = chargeledger("rerun", name, "--lake", accounted)
    assert done.code == 1
    assert f"receipt {name}.json was changed" in done.progress


def test_a_receipt_made_up_to_carry_its_own_digest_is_different(accounted: str) -> None:
    (name,) = receipts(accounted)
    folder = Path(accounted) / "receipts"
    told = (folder / f"{name}.json").read_bytes().replace(b'"entries":40', b'"entries":41')
    forged = hashlib.sha256(told).hexdigest()
    (folder / f"{forged}.json").write_bytes(told)
    done = chargeledger("rerun", forged, "--lake", accounted)
    assert (done.code, done.said) == (1, "different: counts: not what the receipt says\n")


def test_every_receipt_stays_the_same_whatever_arrives_later(accounted: str, tmp_path: Path) -> None:
    # Four more runs: a late session of one day alone; a correction, then a restated hour, of final vintages, held;
    # a session that has to wait for the grid.
    runs: list[tuple[str, list[str], str | None]] = [
        ("session_csv", [small.SESSION_HEADER, small.session_line(900, "9.9", at=30)], "2019-01-04"),
        ("session_csv", [small.SESSION_HEADER, small.session_line(3, "21.5", "2019-01-20T00:00:00Z")], None),
        ("grid_mix_csv", [small.GRID_HEADER, small.grid_line(20, 9000)], None),
        ("session_csv", [small.SESSION_HEADER, small.session_line(901, "9.9", at=400)], None),
    ]
    told = []
    for number, (source, (header, *lines), vintages) in enumerate(runs):
        flow.ingest(source, [small.write_lines(tmp_path / f"{number}.csv", header, lines)], accounted, small.LATER)
        told.append(flow.account(accounted, vintages, at=small.LATER))
    flow.publish(accounted, small.LATER)
    assert [done["posted_entries"] for done in told] == [1, 0, 0, 0]
    assert [len(done["held"]) for done in told] == [0, 1, 2, 2]
    names = receipts(accounted)
    assert names[1:] == [done["receipt"] for done in told]
    before = tree(accounted)
    for name in names:
        done = asking.rerun(name, accounted)
        assert (done["same"], done["difference"], done["notes"]) == (True, None, [])
    assert tree(accounted) == before


def test_a_receipt_is_rerun_under_the_programme_that_it_ran_under(accounted: str, tmp_path: Path) -> None:
    # In a copy of the project the programme gets a floor of 1,000 kWh: under it nothing would be awarded.
    (name,) = receipts(accounted)
    project = tmp_path / "project"
    for room in ("chargeledger", "methodology", "transforms", "data_contracts"):
        shutil.copytree(rooms.ROOT / room, project / room, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    file = project / "methodology" / "programmes" / "us_california.yaml"
    text = file.read_text(encoding="utf-8")
    assert "min_energy_wh: null" in text
    file.write_text(text.replace("min_energy_wh: null", "min_energy_wh: 1000000"), encoding="utf-8")
    done = chargeledger("rerun", name, "--lake", accounted, cwd=project)
    assert (done.code, done.said, done.progress) == (0, "same\n", "")
    # That the copy is what ran: accounting again there finds every award of a final vintage changed, and holds them.
    again = chargeledger("account", "--lake", accounted, "--at", small.LATER, cwd=project)
    assert (again.code, "40 sessions would change" in again.progress) == (3, True), again
    # And from the project itself, the receipt of the copy's run.
    newest = receipts(accounted)[-1]
    assert newest != name
    assert chargeledger("rerun", newest, "--lake", accounted).said == "same\n"
    kept = Path(accounted) / "receipts" / "programme"
    for path in kept.iterdir():
        path.write_bytes(path.read_bytes() + b"#")
    refused = chargeledger("rerun", name, "--lake", accounted)
    assert (refused.code, refused.said) == (1, "")
    assert "is missing or changed" in refused.progress
