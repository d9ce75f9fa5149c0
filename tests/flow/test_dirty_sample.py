"""Dirty deliveries end where clean ones do: not a session and not a watt-hour of difference, and every order has one state.

The size is 3,000 sessions, or what CHARGELEDGER_DIRTY_SESSIONS says; of either format by CHARGELEDGER_DIRTY_FORMAT.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from chargeledger.lake import Lake
from chargeledger.report import write_report
from chargeledger.synthetic import Asked
from tests.flow import dirty_twins
from tests.flow.dirty_twins import COUNTING, KEY, Sent, compared, decide, sent

SESSIONS = int(os.environ.get("CHARGELEDGER_DIRTY_SESSIONS", "3000"))
FORM = os.environ.get("CHARGELEDGER_DIRTY_FORMAT", "tcec")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sent, Sent]:
    """The dirty sample and its clean twin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", KEY)
        dirty, clean = (
            sent(tmp_path_factory.mktemp(name), Asked(SESSIONS, form=FORM, clean=name == "clean"))
            for name in ("dirty", "clean")
        )
        return dirty, clean


def test_dirty_and_clean_hold_the_same_sessions_and_energy(both: tuple[Sent, Sent]) -> None:
    dirty, clean = (one.rows(f"{COUNTING} ORDER BY 1", "charging_session", "batch") for one in both)
    assert len(clean) == SESSIONS == both[1].expected["sessions"]["sessions"]
    assert sum(wh for _, wh in clean) == both[1].expected["sessions"]["energy_wh"]
    assert dirty == clean


def test_points_differ_only_where_an_owner_or_a_station_is_missing(both: tuple[Sent, Sent]) -> None:
    points = [dict(one.rows("SELECT session_id, points FROM p.session_assessment WHERE points > 0")) for one in both]
    waiting = {row[0] for row in both[0].rows("SELECT session_id FROM p.session_status WHERE state LIKE 'awaiting %'")}
    assert points[0] == {order: held for order, held in points[1].items() if order not in waiting}
    assert len(waiting) == sum(
        found["sessions"] for found in both[0].expected["standings"] if found["standing"].startswith("awaiting")
    )


def test_every_row_meets_the_fate_that_is_declared(both: tuple[Sent, Sent]) -> None:
    told = both[0].rows(
        """SELECT o.outcome, count(*), sum(o.amount_wh) FROM row_outcome AS o
        WHERE o.relation = 'charging_session' GROUP BY o.outcome ORDER BY 1""",
        "row_outcome",
    )
    rows: Counter[str] = Counter()
    energy: Counter[str] = Counter()
    for fate in both[0].expected["fates"]:
        rows[fate["fate"]] += fate["rows"]
        energy[fate["fate"]] += fate["energy_wh"]
    assert {outcome: count for outcome, count, _ in told} == dict(rows)
    assert {outcome: int(wh) for outcome, _, wh in told} == dict(energy)


def test_every_order_is_in_one_state_and_the_states_sum_to_what_was_received(both: tuple[Sent, Sent]) -> None:
    for one in both:
        received = one.rows(
            """SELECT count(DISTINCT row_key) FROM row_outcome
            WHERE relation = 'charging_session' AND row_key IS NOT NULL""",
            "row_outcome",
        )
        states = one.rows("SELECT count(*), count(DISTINCT session_id) FROM p.session_status")
        assert states == [(received[0][0], received[0][0])]


def test_rows_and_energy_of_every_batch_close(both: tuple[Sent, Sent]) -> None:
    open_batches = """SELECT landing_digest FROM batch WHERE state = 'staged' AND (
        rows_received <> rows_accepted + rows_quarantined + rows_duplicate + rows_superseded
        OR received_wh <> accepted_wh + quarantined_wh + duplicate_wh + superseded_wh)"""
    assert both[0].rows(open_batches, "batch") == both[1].rows(open_batches, "batch") == []


def test_the_page_knows_where_a_station_is_and_tells_duplicates_as_one(both: tuple[Sent, Sent], tmp_path: Path) -> None:
    page = write_report(Lake(both[0].lake), "cn_green_energy", tmp_path / "page.html").read_text(encoding="utf-8")
    assert "No hour of the vintages has a factor yet" not in page
    assert page.count("told by another party") == 1
    assert "an order number has 27 letters and digits" in page


def test_a_correction_that_is_not_taken_up_would_be_noticed(both: tuple[Sent, Sent]) -> None:
    first = COUNTING.replace("arg_max", "arg_min")
    dirty, clean = (one.rows(f"{first} ORDER BY 1", "charging_session", "batch") for one in both)
    assert dirty != clean


def test_the_printed_comparison_is_this_one(both: tuple[Sent, Sent], tmp_path: Path) -> None:
    found = compared(*both, tmp_path)
    assert found.is_same and found[1:] == (0, 0, 0, 0)
    for one, told in zip(both, (found.figures["dirty"], found.figures["clean"]), strict=True):
        held = one.rows(COUNTING, "charging_session", "batch")
        assert (told["sessions"], told["energy_wh"]) == (len(held), sum(wh for _, wh in held))
        assert told["orders"] == sum(told["states"].values())
    assert found.figures["dirty"]["rows"]["duplicate"] and found.figures["dirty"]["rows"]["quarantined"]


def test_the_printed_comparison_notices_what_is_lost_added_or_other(
    both: tuple[Sent, Sent], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = {
        row[0]: row[1] for row in both[0].rows(COUNTING.replace("arg_max", "arg_min"), "charging_session", "batch")
    }
    right = dict(both[1].rows(COUNTING, "charging_session", "batch"))
    other = sum(first[order] != wh for order, wh in right.items())
    monkeypatch.setattr(dirty_twins, "COUNTING", COUNTING.replace("arg_max", "arg_min"))
    (tmp_path / "first").mkdir()
    found = compared(*both, tmp_path / "first")
    assert found[1:] == (0, 0, other, sum(abs(first[order] - wh) for order, wh in right.items())) and other > 0
    assert not found.is_same
    every = COUNTING.replace("WHERE", "WHERE true OR")
    monkeypatch.setattr(dirty_twins, "COUNTING", every)
    (tmp_path / "added").mkdir()
    assert compared(*both, tmp_path / "added").only_dirty > 0
    short = both[1]._replace(expected={"sessions": {"sessions": SESSIONS + 1, "energy_wh": 0}})
    monkeypatch.setattr(dirty_twins, "COUNTING", COUNTING)
    (tmp_path / "short").mkdir()
    assert not compared(both[0], short, tmp_path / "short").is_same


def test_what_is_decided_without_a_publication_is_what_is_published(both: tuple[Sent, Sent], tmp_path: Path) -> None:
    aside = "SELECT session_id, state FROM session_status WHERE state IN ('duplicate', 'quarantined') ORDER BY ALL"
    for number, one in enumerate(both):
        bare = one._replace(lake=Path(shutil.copytree(one.lake, tmp_path / str(number))))
        decide(Lake(bare.lake))
        assert bare.rows(aside) == one.rows(aside)
        orders = "SELECT session_id FROM session_status ORDER BY 1"
        assert bare.rows(orders) == one.rows(orders)
    assert {state for _, state in both[0].rows(aside)} == {"duplicate", "quarantined"}
