"""The canonical Parquet of the sample, landed: rows meet the declared fate, defects their rule, and the same sessions stand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from chargeledger import flow
from tests.sample.written_sample import Written
from tests.staging.lake_contents import rows_of

RULES = {
    "conflicting_order": "same_key_other_content",
    "end_before_start": "end_after_start",
    "impossible_energy": "energy_possible",
    "negative_energy": "energy_not_negative",
    "no_length": "end_after_start",
    "no_number": "order_told",
    "unreadable_energy": "energy_readable",
    "unreadable_time": "end_readable",
}


@pytest.fixture
def landed(tmp_path: Path, lake: str) -> Written:
    written = Written(tmp_path / "sample", sessions=1800, days=1, form="parquet")
    for delivery in written.manifest["deliveries"]:
        for file in delivery["files"]:
            if file["source"] == "session_parquet":
                flow.ingest("session_parquet", [str(written.folder / file["path"])], lake, delivery["at"])
    return written


def test_every_row_meets_its_fate(landed: Written, lake: str) -> None:
    outcomes = rows_of(lake, "row_outcome")
    assert {batch["state"] for batch in rows_of(lake, "batch")} == {"staged"}

    declared, energy_wh = Counter[str](), Counter[str]()
    for row in landed.expected["fates"]:
        declared[row["fate"]] += row["rows"]
        energy_wh[row["fate"]] += row["energy_wh"]
    assert Counter(row["outcome"] for row in outcomes) == declared
    for fate, total in energy_wh.items():
        assert sum(row["amount_wh"] or 0 for row in outcomes if row["outcome"] == fate) == total

    rules = Counter[str]()
    for name, defect in landed.expected["defects"].items():
        assert (name in RULES) == (defect["fate"] == "quarantined")
        if name in RULES:
            rules[RULES[name]] += defect["rows"]
    assert set(rules) == set(RULES.values())
    assert Counter(row["rule"] for row in outcomes if row["rule"]) == rules

    order = {batch["landing_digest"]: batch["landing_seq"] for batch in rows_of(lake, "batch")}
    tellings = sorted(rows_of(lake, "charging_session"), key=lambda row: order[row["landing_digest"]])
    last = {row["session_id"]: row["reading_wh"] for row in tellings}
    defects = landed.expected["defects"]
    aside = [defects[name] for name in ("aggregator_copy", "connector_overlap") if name in defects]  # needs a connector
    assert len(last) - sum(defect["rows"] for defect in aside) == landed.expected["sessions"]["sessions"] == 1800
    stands_wh = sum(last.values()) - sum(defect["energy_wh"] for defect in aside)
    assert stands_wh == landed.expected["sessions"]["energy_wh"]
