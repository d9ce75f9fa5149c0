"""Dirty deliveries end where clean ones do: not a session and not a watt-hour of difference, and every order has one state.

The size is 3,000 sessions, or what CHARGELEDGER_DIRTY_SESSIONS says; of either format by CHARGELEDGER_DIRTY_FORMAT.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from deltalake import DeltaTable

from chargeledger import flow
from chargeledger.lake import Lake
from chargeledger.report import write_report
from chargeledger.synthetic import Asked, write_synthetic

SESSIONS = int(os.environ.get("CHARGELEDGER_DIRTY_SESSIONS", "3000"))
FORM = os.environ.get("CHARGELEDGER_DIRTY_FORMAT", "tcec")
SET_ASIDE = "('quarantined', 'duplicate')"


class Sent(NamedTuple):
    """A sample that was sent and accounted: its lake, its manifest and what it declares."""

    lake: Path
    manifest: dict[str, Any]
    expected: dict[str, Any]

    def rows(self, sql: str, *relations: str) -> list[tuple[Any, ...]]:
        """Rows of a query over staged tables, read without the package."""
        with duckdb.connect() as con:
            for relation in relations:
                files = DeltaTable(str(self.lake / "staged" / relation)).file_uris()
                con.execute(f"CREATE VIEW {relation} AS SELECT * FROM read_parquet({files!r})")
            con.execute(f"ATTACH '{self.lake}/published/1/chargeledger.duckdb' AS p (READ_ONLY)")
            return con.execute(sql).fetchall()


def sent(folder: Path, *, clean: bool) -> Sent:
    manifest = write_synthetic(folder / "files", Asked(sessions=SESSIONS, form=FORM, clean=clean))
    lake = str(folder / "lake")
    left = manifest["not_ingested"]
    for delivery in manifest["deliveries"]:
        for file in delivery["files"]:
            if file["path"] not in left:
                flow.ingest(file["source"], [str(folder / "files" / file["path"])], lake, delivery["at"])
        flow.account(lake, programme="cn_green_energy", at=delivery["at"])
    flow.publish(lake, manifest["at"])
    return Sent(Path(lake), manifest, json.loads((folder / "files" / "expected.json").read_text()))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sent, Sent]:
    """The dirty sample and its clean twin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", "5a" * 32)
        return tuple(sent(tmp_path_factory.mktemp(name), clean=name == "clean") for name in ("dirty", "clean"))  # type: ignore[return-value]


# The telling that counts: the one that landed last among those that were neither refused nor said before.
COUNTING = f"""
SELECT s.session_id, arg_max(s.reading_wh, b.landing_seq * 1000000000 + s.row_number) AS reading_wh
FROM charging_session AS s JOIN batch AS b ON b.landing_digest = s.landing_digest AND b.state = 'staged'
WHERE s.session_id NOT IN (SELECT session_id FROM p.session_status WHERE state IN {SET_ASIDE})
GROUP BY s.session_id
"""


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
