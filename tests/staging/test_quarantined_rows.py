"""A row that breaks a rule stands in quarantine and the rest of its file goes on; the mended row is taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chargeledger import flow
from tests.staging.canonical_files import AT, Row, session_csv, session_row, session_rows
from tests.staging.command_line import assert_says, chargeledger_here
from tests.staging.lake_contents import batches, fates, ledger_of, points_of, published, rows_of

SOUND = session_rows(60)
BAD: dict[str, tuple[list[Row], str]] = {
    "negative energy": ([session_row("B1", energy_kwh="-10.000")], "energy_not_negative"),
    "end before start": ([session_row("B1", started_at="2026-03-10T11:00:00+08:00")], "end_after_start"),
    "unknown region": ([session_row("B1", region="CN-GRID-MOON")], "region_known"),
    "same id with other content": (
        [session_row("B1", energy_kwh="10.000"), session_row("b1", energy_kwh="11.000")],
        "same_key_other_content",
    ),
}
MENDED = session_row("B1", energy_kwh="12.000")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_waits_in_quarantine_until_it_is_mended(name: str, lake: str, tmp_path: Path) -> None:
    bad, rule = BAD[name]
    sessions = session_csv(tmp_path / "sessions.csv", *SOUND[:30], *bad, *SOUND[30:])
    done = chargeledger_here("run", "--sessions", f"session_csv={sessions}", "--lake", lake, "--at", AT)
    assert_says(done, 0, f"staged  sessions.csv: {60 + len(bad)} rows, 60 accepted, {len(bad)} quarantined")
    assert f"charging_session: {rule}" in done.stdout
    before = ledger_of(lake)
    assert len(before) == 60
    assert published(lake, "SELECT state FROM session_status WHERE session_id = 'INVENTED-A:B1'") == [("quarantined",)]

    mended = session_csv(tmp_path / "mended.csv", MENDED)
    assert_says(chargeledger_here("run", "--sessions", f"session_csv={mended}", "--lake", lake, "--at", AT), 0)
    assert ledger_of(lake)[:60] == before
    told = published(lake, "SELECT energy_wh, points FROM session_assessment WHERE session_id = 'INVENTED-A:B1'")
    assert told == [(12_000, points_of(lake)["INVENTED-A:B1"])] and told[0][1] > 0
    assert [fate for fate, _ in fates(lake, "INVENTED-A:B1")] == ["quarantined"] * len(bad) + ["accepted"]
    assert published(lake, "SELECT state FROM session_status WHERE session_id = 'INVENTED-A:B1'") == [("provisional",)]


def test_quarantine_keeps_the_row_as_it_came_with_its_place_and_every_rule(lake: str, tmp_path: Path) -> None:
    worst = session_row("B1", energy_kwh="-1,5", region="CN-GRID-MOON", power_type="ac", station_id='a "b"\nc')
    path = session_csv(tmp_path / "sessions.csv", *SOUND[:7], worst, *SOUND[7:])
    (batch,) = flow.ingest("session_csv", [path], lake, AT)
    (kept,) = rows_of(lake, "quarantine")
    (landed,) = rows_of(lake, "landing_file")
    assert (kept["landing_digest"], kept["row_number"]) == (batch["landing_digest"], 8)
    assert kept["row_key"] == "INVENTED-A:B1"
    assert kept["rule"] == "energy_readable"
    assert kept["rules"].split() == [
        *("energy_readable", "energy_not_negative", "energy_possible", "region_known"),
        *("power_type_known", "metering_point_fits"),
    ]
    assert kept["first_seen_at"] == landed["landed_at"]
    told = json.loads(kept["row_json"])
    pseudonym = told.pop("account")
    assert told.pop("row_number") == 8
    absent = dict.fromkeys(
        ("connector_id", "is_credit", "token", "vehicle_class")
    )  # columns that the file does not have
    assert told == {name: value or None for name, value in worst.items() if name != "account"} | absent
    assert len(pseudonym) == 64 and "account-B1" not in kept["row_json"]


def _share(lake: str, folder: Path, sound: int, bad: int) -> str:
    """How a file with so many sound and so many bad rows ends, and the state of its batch."""
    rows = session_rows(sound) + [session_row(f"B{n}", energy_kwh="-1") for n in range(bad)]
    done = chargeledger_here("ingest", "session_csv", session_csv(folder / "f.csv", *rows), "--lake", lake)
    assert_says(done, 0 if "staged" in done.stderr else 1)
    assert ("rule quarantined_share" in done.stderr) == (done.returncode == 1)
    return str(batches(lake)[-1]["state"])


def test_a_tenth_in_quarantine_is_a_bad_day_and_more_is_a_bad_file(lake: str, tmp_path: Path) -> None:
    assert _share(lake, tmp_path, sound=99, bad=11) == "staged"
    assert _share(lake, tmp_path, sound=98, bad=12) == "refused"


def test_one_row_more_than_a_tenth_is_a_bad_file(lake: str, tmp_path: Path) -> None:
    assert _share(lake, tmp_path, sound=98, bad=11) == "refused"
