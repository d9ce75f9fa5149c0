"""What came: where and on which day a session counts, accepted or refused, once or again, in time or late."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from chargeledger import asking
from tests.completeness.deliveries import EAST, control, counts, deliver, judged, sessions, stage_rows
from tests.staging.command_line import assert_says, chargeledger_here
from tests.staging.conftest import fixed_key

DAY = "2026-03-10"
# The day of Shanghai ends at 16:00 UTC.
AT = "2026-03-10T16:00:00Z"
NONE: tuple[Any, ...] = ("none", None)


def received(accepted: int, quarantined: int = 0) -> tuple[Any, ...]:
    """The counts of a day without an expectation."""
    return (*NONE, accepted + quarantined, accepted, quarantined, None, None, False)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with what a file may hold: refused rows that tell operator and day, and some that do not."""
    folder = tmp_path_factory.mktemp("mixed")
    lake = str(folder / "lake")
    rows = sessions("MIXED", DAY, 100)
    rows += sessions("MIXED", DAY, 2, 201, energy_kwh="9999")  # refused, operator, region and day told
    rows += sessions("MIXED", DAY, 1, 201, energy_kwh="8888")  # the same order once more, refused too
    rows += sessions("MIXED", DAY, 1, 203, region="MOON")  # a region that nobody knows
    rows += sessions("MIXED", DAY, 1, 204, ended_at="yesterday")  # no day
    rows += sessions("", DAY, 1, 205)  # no operator
    rows += [row | {"order_number": ""} for row in sessions("MIXED", DAY, 1, 206)]  # no order
    rows += sessions("MIXED", DAY, 1, 1)  # told before, by the first row
    rows += sessions("MIXED", DAY, 1, 2, energy_kwh="-1")  # a revision that is refused, of an accepted lineage
    with fixed_key():
        deliver(lake, folder, rows, AT)
    return lake


def test_what_was_refused_has_come_on_its_day_and_in_its_region(mixed: str) -> None:
    row = judged(mixed, DAY, AT)["MIXED", EAST, DAY]
    assert counts(row) == received(accepted=100, quarantined=3)
    assert (row["duplicate_rows"], row["accepted_wh"]) == (1, 1_000_000)


def test_a_refused_region_is_unknown_and_a_row_without_operator_or_day_is_counted_apart(mixed: str) -> None:
    later = "2026-03-11T00:00:00Z"  # a region that nobody knows has days of UTC
    told = asking.completeness(mixed, DAY, None, later)
    assert counts(judged(mixed, DAY, later)["MIXED", "unknown", DAY]) == received(accepted=0, quarantined=1)
    assert told.unplaced_rows == 2
    shown = chargeledger_here("completeness", DAY, "--at", AT, "--lake", mixed)
    assert "100?q3" not in shown.stdout and "103?q3" in shown.stdout
    assert "2 rows in quarantine name no operator or no day: they count as not received." in shown.stdout
    assert shown.returncode == 0


def test_what_is_mended_is_no_longer_refused(lake: str, tmp_path: Path) -> None:
    bad = sessions("MENDED", DAY, 19) + sessions("MENDED", DAY, 1, 20, energy_kwh="9999")
    deliver(lake, tmp_path, bad, AT)
    assert counts(judged(lake, DAY, AT)["MENDED", EAST, DAY]) == received(19, 1)
    deliver(lake, tmp_path, sessions("MENDED", DAY, 1, 20), AT)
    assert counts(judged(lake, DAY, AT)["MENDED", EAST, DAY]) == received(20)


def test_a_file_refused_whole_has_not_come_and_is_named(lake: str, tmp_path: Path) -> None:
    deliver(lake, tmp_path, sessions("WHOLE", DAY, 1), AT)
    with pytest.raises(Exception, match="quarantined_share"):
        deliver(lake, tmp_path, sessions("WHOLE", DAY, 2, 2, energy_kwh="-1"), AT)
    assert counts(judged(lake, DAY, AT)["WHOLE", EAST, DAY]) == received(1)
    shown = chargeledger_here("completeness", DAY, "--at", AT, "--lake", lake)
    assert "1 files were refused whole: their rows count as not received." in shown.stdout


def test_a_session_is_late_more_than_a_day_after_its_day_has_ended(lake: str, tmp_path: Path) -> None:
    deliver(lake, tmp_path, sessions("LATE", DAY, 1, 1), "2026-03-11T16:00:00Z")
    deliver(lake, tmp_path, sessions("LATE", DAY, 2, 2), "2026-03-11T16:00:01Z")
    # What came in time and is corrected afterwards came in time.
    deliver(lake, tmp_path, sessions("LATE", DAY, 1, 1, energy_kwh="11"), "2026-03-12T16:00:00Z")
    assert judged(lake, DAY, "2026-03-13T00:00:00Z")["LATE", EAST, DAY]["late_sessions"] == 2


def test_a_day_is_judged_once_it_has_ended_where_it_is(lake: str, tmp_path: Path) -> None:
    """A total over all regions waits for the last of them: California's tenth ends at 07:00 UTC of the eleventh."""
    rows = sessions("TWO", DAY, 1) + sessions("TWO", DAY, 1, 2, region="US-CAL-CISO")
    digest = deliver(lake, tmp_path, rows, AT)
    stage_rows(lake, "delivery_control", digest, control("TWO", DAY, 2), control("TWO", "2026-03-09", 1))
    stage_rows(lake, "delivery_control", deliver(lake, tmp_path, sessions("ONE", DAY, 1), AT), control("ONE", DAY, 1))
    days = "2026-03-10..2026-03-12"
    seen = [
        sorted(f"{issuer} {region}" for issuer, region, _ in judged(lake, days, at))
        for at in ("2026-03-10T15:59:59Z", AT, "2026-03-11T06:59:59Z", "2026-03-11T07:00:00Z")
    ]
    china = [f"ONE {EAST}", "ONE None", f"TWO {EAST}"]
    assert seen == [[], china, china, [*china, "TWO None"]]
    # The session ended at 02:00 UTC of the tenth, in California on the ninth.
    assert counts(judged(lake, "2026-03-09", "2026-03-12T00:00:00Z")["TWO", None, "2026-03-09"])[1:3] == (1, 1)
    assert ("TWO", "US-CAL-CISO", "2026-03-09") in judged(lake, "2026-03-09", "2026-03-12T00:00:00Z")


def test_a_region_without_a_programme_has_days_of_utc(lake: str, tmp_path: Path) -> None:
    late = {"started_at": "2026-03-10T22:30:00Z", "ended_at": "2026-03-10T23:30:00Z"}
    rows = sessions("NORTH", DAY, 1, 1, region="NO", **late) + sessions("NORTH", DAY, 1, 2, **late)
    deliver(lake, tmp_path, rows, "2026-03-11T16:00:00Z")
    assert set(judged(lake, "2026-03-10..2026-03-11", "2026-03-11T16:00:00Z")) == {
        ("NORTH", "NO", "2026-03-10"), ("NORTH", EAST, "2026-03-11"),
    }  # fmt: skip


def test_a_programme_shows_its_regions_and_what_belongs_to_none(lake: str, tmp_path: Path) -> None:
    rows = (
        sessions("P", DAY, 1, 1)
        + sessions("P", DAY, 1, 2, region="US-CAL-CISO")
        + sessions("P", DAY, 1, 3, region="NO")
    )
    digest = deliver(lake, tmp_path, [*rows, *sessions("Q", DAY, 1)], AT)
    stage_rows(lake, "delivery_control", digest, control("P", DAY, 3), control("Q", DAY, 1), control("R", DAY, 1))
    shown = judged(lake, "2026-03-09..2026-03-10", "2026-03-12T00:00:00Z", "us_california")
    # P delivers in several programmes, R nowhere: they belong to every programme. Q is China's.
    assert set(shown) == {("P", "US-CAL-CISO", "2026-03-09"), ("P", "NO", DAY), ("P", None, DAY), ("R", None, DAY)}


def test_a_session_without_a_region_takes_its_stations(lake: str, tmp_path: Path) -> None:
    """Refused or not; what no station tells is unknown."""
    bare = {"region": "", "power_type": "", "metering_point": "", "station_id": "S-1"}
    rows = sessions("BARE", DAY, 20, 1, **bare) + sessions("BARE", DAY, 1, 21, **(bare | {"energy_kwh": "-1"}))
    digest = deliver(lake, tmp_path, [*rows, *sessions("BARE", DAY, 1, 22, **(bare | {"station_id": "S-2"}))], AT)
    day_of_utc = judged(lake, DAY, "2026-03-11T00:00:00Z")
    assert counts(day_of_utc["BARE", "unknown", DAY]) == received(21, 1)
    known = {"issuer": "BARE", "station_id": "S-1", "connector_id": "*", "region": "CN-GRID-SW", "power_type": "DC"}
    known |= {"metering_point": "unknown", "valid_from": datetime(2026, 1, 1, tzinfo=UTC)}
    stage_rows(lake, "charging_station", digest, known)
    placed = judged(lake, DAY, "2026-03-11T00:00:00Z")
    assert counts(placed["BARE", "CN-GRID-SW", DAY]) == received(20, 1)
    assert counts(placed["BARE", "unknown", DAY]) == received(1)


def test_a_credit_is_no_session_received_until_its_original_comes(lake: str, tmp_path: Path) -> None:
    digest = deliver(lake, tmp_path, sessions("CREDIT", DAY, 1, 1), AT)
    told = {"is_credit": True, "issuer": "CREDIT", "region": EAST, "power_type": "DC", "metering_point": "unknown"}
    told |= {"started_at": datetime(2026, 3, 10, 1, tzinfo=UTC), "ended_at": datetime(2026, 3, 10, 2, tzinfo=UTC)}
    credits = [told | {"session_id": f"CREDIT:{DAY}-{n}", "reading_wh": 10_000} for n in (1, 2)]
    stage_rows(lake, "charging_session", digest, *credits)
    # Order 1 is withdrawn and was delivered; of order 2 only the credit is there.
    assert counts(judged(lake, DAY, AT)["CREDIT", EAST, DAY]) == received(1)


def test_without_days_it_is_the_seven_that_have_ended(lake: str, tmp_path: Path) -> None:
    rows = [row for day in range(1, 11) for row in sessions("WEEK", f"2026-03-{day:02d}", 1)]
    deliver(lake, tmp_path, rows, AT)
    for programme in ("cn_green_energy", None):
        told = asking.completeness(lake, None, programme, "2026-03-10T15:59:59Z").rows
        assert [row["vintage"] for row in told] == [date(2026, 3, day) for day in range(3, 10)], programme


def test_a_lake_with_nothing_to_show_names_the_days_that_it_has(lake: str, tmp_path: Path) -> None:
    deliver(lake, tmp_path, sessions("OLD", DAY, 1), AT)
    shown = chargeledger_here("completeness", "--lake", lake, "--at", "2027-01-01T00:00:00Z")
    assert shown.returncode == 0
    assert "is of 2026-03-10: name days, such as 2026-03-04..2026-03-10." in " ".join(shown.stdout.split())


def test_many_days_are_told_in_blocks_that_fit_and_a_name_is_no_markup(lake: str, tmp_path: Path) -> None:
    days = [f"2026-03-{day:02d}" for day in range(1, 32)]
    deliver(lake, tmp_path, [row for day in days for row in sessions("[red]Ö[/x]", day, 1)], "2026-04-01T16:00:00Z")
    shown = chargeledger_here("completeness", "2026-03-01..2026-03-31", "--lake", lake, "--at", "2026-04-01T16:00:00Z")
    assert shown.returncode == 0 and all(len(line) <= 80 for line in shown.stdout.splitlines())
    rows = [line.split()[2:] for line in shown.stdout.splitlines() if line.startswith("[RED]Ö[/X]")]
    assert "".join("".join(row) for row in rows) == "1?" * 7 + "~1/1" * 24 and len(rows) > 2


def test_a_wrong_call_is_named(lake: str, tmp_path: Path) -> None:
    assert_says(chargeledger_here("completeness", "--lake", lake), 2, "there is no lake at")
    deliver(lake, tmp_path, sessions("X", DAY, 1), AT)
    assert_says(chargeledger_here("completeness", "--programme", "moon", "--lake", lake), 2, "unknown programme 'moon'")
    assert_says(chargeledger_here("completeness", "March", "--lake", lake), 2, "'March' is not a vintage")
