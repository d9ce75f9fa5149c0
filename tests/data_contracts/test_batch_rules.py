"""Batch rules: a file that contradicts its definition as a whole is refused whole, and what was found stands in `batch`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from chargeledger import flow
from chargeledger.batch_rules import check_batch
from chargeledger.contract import BatchRule, contract
from chargeledger.errors import Refused

AT = "2026-03-13T16:00:00Z"
HEADER = (
    "operator,order_number,revised_at,account,station_id,region,power_type,metering_point,rated_kw,"
    "started_at,ended_at,energy_kwh"
)
START, END = "2026-03-09T18:00:00+08:00", "2026-03-09T19:00:00+08:00"
RULES = ("rows_present", "quarantined_share", "mean_reading_plausible", "day_month_order", "volume_as_before", "fresh")
HELD = dict.fromkeys(RULES, True)


def sessions(path: Path, energies_kwh: list[str]) -> str:
    """A canonical file with one session per figure."""
    rows = [
        f"PAPER,{number},,driver-{number},S1,CN-GRID-EAST,AC,ac_input,,{START},{END},{kwh}"
        for number, kwh in enumerate(energies_kwh)
    ]
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return str(path)


def california(path: Path, gas_mwh: str) -> str:
    """A file of California's mix with two hours of gas and nothing else."""
    header = "UTC time,carbon_intensity,coal,nat_gas,nuclear,oil,hydro,solar,wind,other"
    rows = [f"2019-07-01 0{hour}:00:00+00:00,370,0,{gas_mwh},0,0,0,0,0,0" for hour in range(2)]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)


def batches(lake: str) -> list[dict[str, Any]]:
    rows = DeltaTable(f"{lake}/staged/batch").to_pyarrow_table().to_pylist()
    return sorted(rows, key=lambda row: row["batch_seq"])


def found(batch: dict[str, Any]) -> dict[str, bool]:
    return {finding["rule_id"]: finding["passed"] for finding in json.loads(batch["validation"])}


def staged(lake: str, relation: str) -> int:
    """Rows of a staged table, which need not be there yet."""
    path = Path(lake, "staged", relation)
    return int(DeltaTable(str(path)).to_pyarrow_table().num_rows) if path.exists() else 0


def test_a_tenth_refused_is_still_a_batch(lake: str, tmp_path: Path) -> None:
    # 1 of 10 is 100 per mille, the bound, which is inclusive.
    (told,) = flow.ingest("session_csv", [sessions(tmp_path / "a.csv", ["7.5"] * 9 + ["-1"])], lake, AT)
    assert (told["state"], told["rows_accepted"], told["rows_quarantined"]) == ("staged", 9, 1)
    (batch,) = batches(lake)
    assert found(batch) == HELD
    observed = {finding["rule_id"]: finding["observed"] for finding in json.loads(batch["validation"])}
    assert {observed.pop(rule) for rule in (*RULES[:3], "volume_as_before")} == {"as expected"}
    assert observed.pop("fresh") == "as expected, newest_age_h 101", (
        "from 11:00 of the ninth to 16:00 of the thirteenth, UTC"
    )
    assert observed["day_month_order"].startswith("as expected, sessions_dated 10, "), (
        "the figures of a rule that tells them"
    )
    assert all(finding["description"] for finding in json.loads(batch["validation"]))


def test_more_than_a_tenth_refused_refuses_the_batch(lake: str, tmp_path: Path) -> None:
    # 1 of 9 is 111 per mille.
    with pytest.raises(Refused, match="quarantined_share") as refused:
        flow.ingest("session_csv", [sessions(tmp_path / "a.csv", ["7.5"] * 8 + ["-1"])], lake, AT)
    assert "a.csv" in str(refused.value) and "energy_not_negative 1" in str(refused.value)
    assert "data_contracts/sources/session_csv.yaml" in str(refused.value)
    (batch,) = batches(lake)
    assert batch["state"] == "refused" and "quarantined_share" in batch["refusal"]
    assert found(batch) == HELD | {"quarantined_share": False}
    assert (batch["rows_received"], batch["rows_quarantined"]) == (9, 1)
    assert (staged(lake, "charging_session"), staged(lake, "session_owner"), staged(lake, "row_outcome")) == (0, 0, 0)
    assert staged(lake, "landing_file") == 1, "the file itself is kept"


def test_a_share_just_above_a_tenth_refuses_the_batch(lake: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="quarantined_share"):
        flow.ingest("session_csv", [sessions(tmp_path / "a.csv", ["7.5"] * 98 + ["-1"] * 11)], lake, AT)


@pytest.mark.parametrize(
    ("kwh", "passes"),
    [("0.1", True), ("0.099", False), ("200", True), ("200.001", False), ("0.0075", False)],
    ids=["at the lower bound", "below it", "at the upper bound", "above it", "MWh told as kWh"],
)
def test_the_mean_reading_tells_a_wrong_unit(lake: str, tmp_path: Path, kwh: str, passes: bool) -> None:
    path = sessions(tmp_path / "a.csv", [kwh, kwh])
    if passes:
        flow.ingest("session_csv", [path], lake, AT)
    else:
        with pytest.raises(Refused, match="mean_reading_plausible"):
            flow.ingest("session_csv", [path], lake, AT)
    (batch,) = batches(lake)
    assert found(batch) == HELD | {"mean_reading_plausible": passes}


def test_a_file_with_nothing_but_a_header_is_refused(lake: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="rows_present"):
        flow.ingest("session_csv", [sessions(tmp_path / "a.csv", [])], lake, AT)
    (batch,) = batches(lake)
    assert batch["state"] == "refused" and not found(batch)["rows_present"]


def test_a_batch_rule_may_look_at_a_small_relation_whole(lake: str, tmp_path: Path) -> None:
    # 20,000 MWh an hour is California's size; the same in GWh is 20, below 5,000 on average.
    flow.ingest("ciso_mix_csv", [california(tmp_path / "mwh.csv", "20000")], lake, AT)
    with pytest.raises(Refused, match="mean_generation_plausible") as refused:
        flow.ingest("ciso_mix_csv", [california(tmp_path / "gwh.csv", "20")], lake, AT)
    assert "20.0" in str(refused.value), "what was observed is told"
    right, wrong = batches(lake)
    grid = ("region_generates_as_before", "hour_generates_as_before", "taken_in_plausible")
    owed = dict.fromkeys(("rows_present", "quarantined_share", *grid), True)
    assert found(right) == {**owed, "mean_generation_plausible": True}
    assert found(wrong) == {**owed, "mean_generation_plausible": False}
    assert staged(lake, "grid_mix_hour") == 16, "two hours with eight sources, of the first file alone"


def test_great_expectations_reads_an_empty_and_a_null_figure_as_not_broken() -> None:
    """Why rows_present is a rule of its own: no figure breaks no bound."""
    rules = contract("charging_session").batch_rules
    profile = pa.table(
        {"rows_received": [0], "quarantined_per_mille": [0], "mean_amount_wh": pa.array([None], pa.int64())}
    )
    told = {finding.rule_id: finding.passed for finding in check_batch(rules, {"profile": profile})}
    assert told == {"rows_present": False, "quarantined_share": True, "mean_reading_plausible": True}


def test_a_rule_over_a_column_that_is_not_there_does_not_pass() -> None:
    rule = BatchRule("r", "expect_column_values_to_be_between", {"column": "rows_lost", "max_value": 0}, "profile", "d")
    (told,) = check_batch((rule,), {"profile": pa.table({"rows_received": [1]})})
    assert not told.passed and "rows_lost" in told.observed
