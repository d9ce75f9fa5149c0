"""What a party announced is a control total of the delivery: a page that goes missing is missed until a later pull covers it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chargeledger import asking, flow
from chargeledger.errors import ChargeledgerError, NotServed, Refused
from tests.completeness.deliveries import deliver, delivered, judged, sessions, stage_rows
from tests.completeness.ocpi_server import TOKEN, Party, after, reset, serving, status
from tests.staging.command_line import chargeledger_here
from tests.staging.conftest import fixed_key
from tests.staging.json_files import cdr
from tests.staging.lake_contents import fates, rows_of

AT = "2026-03-11T00:00:00Z"
LATER = "2026-03-12T00:00:00Z"
SINCE = "2026-03-10T00:00:00Z"
EPOCH = "1970-01-01T00:00:00Z"
DAYS = "2026-03-10..2026-03-10"
Short = dict[str, tuple[int, int, int]]


@pytest.fixture
def party(monkeypatch: pytest.MonkeyPatch) -> Iterator[Party]:
    """A party with five records, at most two on a page, one updated every minute from noon of the tenth on."""
    monkeypatch.setenv("NO_PROXY", "*")
    with serving([cdr(n, last_updated=f"2026-03-10T12:{n:02d}:00Z") for n in range(5)], limit=2) as made:
        yield made


def pull(party: Party, lake: str, **told: Any) -> dict[str, Any]:
    return flow.pull_ocpi(party.address, TOKEN, lake, **{"since": SINCE, "at": AT, "sleep": lambda _: None, **told})


def short(lake: str, days: str = DAYS) -> Short:
    """Announced, received and missing of deliveries that came short, by their address."""
    rows = asking.completeness(lake, days, None, "2026-04-01T00:00:00Z").short_deliveries
    return {
        row["delivery"]: (row["announced_records"], row["received_records"], row["missing_records"]) for row in rows
    }


def test_a_whole_pull_leaves_a_total_of_the_delivery_and_of_no_day(party: Party, lake: str) -> None:
    pull(party, lake)
    (row,) = rows_of(lake, "delivery_control")
    pages = [file["landing_digest"] for file in rows_of(lake, "landing_file") if file["source"] == "ocpi_cdr"]
    told = {name: row[name] for name in ("delivery", "sessions", "issuer", "day", "region", "energy_wh")}
    assert told == {
        "delivery": party.address, "sessions": 5, "issuer": None, "day": None, "region": None, "energy_wh": None,
    }  # fmt: skip
    asked = (row["updated_from"], row["updated_until"])
    assert asked == (datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC))
    assert len(pages) == 3 and sorted(row["delivered_files"].split()) == sorted(pages)
    assert short(lake) == {}
    # The day has no expectation by it: five records were updated on it, charged on whatever day.
    assert {row["basis"] for row in judged(lake, DAYS, LATER).values()} == {"none"}


# What the server answers, how far the first link leads too far, how the pull ends, and what came of five.
MISSING: dict[str, tuple[list[Any], int, type[ChargeledgerError], int]] = {
    "the connection breaks for good": ([None, *[reset] * 8], 0, NotServed, 2),
    "the server refuses the second page": ([None, status(404)], 0, Refused, 2),
    "the links lead past a page": ([], 2, Refused, 3),
}


@pytest.mark.parametrize("way", MISSING)
def test_a_page_that_goes_missing_is_missed(way: str, party: Party, lake: str) -> None:
    answers, skipped, error, came = MISSING[way]
    whole = party.link
    party.next_answers = answers
    party.link = lambda address, offset, count: whole(address, offset + (skipped if offset == 2 else 0), count)
    with pytest.raises(error):
        pull(party, lake)
    assert short(lake) == {party.address: (5, came, 5 - came)}


def test_what_is_missing_is_said_with_what_to_pull_until_it_has_come(party: Party, lake: str) -> None:
    party.next_answers = [None, status(404)]
    with pytest.raises(Refused):
        pull(party, lake)
    call = ("completeness", DAYS, "--lake", lake, "--at", LATER)
    done = chargeledger_here(*call)
    assert done.returncode == 1 and "Nothing is missing" not in done.stdout
    _, _, told = done.stdout.partition("Deliveries that came short")
    assert f"3 of 5 records missing  {party.address}  --from {SINCE} --to {AT}" in told
    pull(party, lake, until=AT, at=LATER)
    assert len(rows_of(lake, "delivery_control")) == 2
    whole = chargeledger_here(*call)
    assert whole.returncode == 0 and "Deliveries" not in whole.stdout


def test_the_largest_total_counts_where_it_falls(party: Party, lake: str) -> None:
    """After the first page a record leaves the list, the others move up, and the third is on no page that is read."""
    party.next_answers = [None, after(lambda party: party.held.pop(0))]
    with pytest.raises(Refused, match="fell meanwhile"):
        pull(party, lake)
    assert short(lake) == {party.address: (5, 4, 1)}


def test_a_record_on_two_pages_has_come_once(party: Party, lake: str) -> None:
    """After the first page a record comes before the others: the second is on two pages, the new one on none; six came of six."""
    first = cdr("new", last_updated="2026-03-10T11:00:00Z")
    party.next_answers = [None, after(lambda party: party.held.insert(0, first))]
    assert pull(party, lake)["records"] == 6
    assert short(lake) == {party.address: (6, 5, 1)}


def test_refused_rows_have_come_and_refused_pages_have_not(party: Party, lake: str) -> None:
    """Twenty on the first page, one of them a reservation; one of something else on the second."""
    party.limit = 20
    party.held = [cdr(n, last_updated=f"2026-03-10T12:{n:02d}:00Z") for n in range(20)]
    party.held[3]["cdr_location"]["evse_uid"] = "#NA"
    party.held.append({"id": "other", "last_updated": "2026-03-10T12:20:00Z"})
    with pytest.raises(Refused, match="rule columns_present"):
        pull(party, lake)
    assert ("quarantined", "charge_happened") in fates(lake)
    assert short(lake) == {party.address: (21, 20, 1)}


def test_nothing_announced_and_nothing_told_leave_no_total(party: Party, lake: str) -> None:
    pull(party, lake, until="2026-03-10T12:00:00Z")
    party.total = lambda *_: None
    pull(party, lake)
    assert rows_of(lake, "delivery_control") == []


# A short delivery, a later one from the same address, and whether it covers the first.
FIRST = (SINCE, AT)
LATER_ONES: dict[str, tuple[tuple[str | None, str], tuple[str | None, str], bool]] = {
    "the same": (FIRST, FIRST, True),
    "more": (FIRST, ("2026-03-09T23:59:59Z", "2026-03-11T00:00:01Z"), True),
    "begins later": (FIRST, ("2026-03-10T00:00:01Z", AT), False),
    "ends earlier": (FIRST, (SINCE, "2026-03-10T23:59:59Z"), False),
    "from the first": (FIRST, (None, AT), True),
    "both from the first": ((None, AT), (None, AT), True),
    "from 1970, where the first was from the first": ((None, AT), (EPOCH, AT), True),
    "after 1970, where the first was from the first": ((None, AT), ("1970-01-01T00:00:01Z", AT), False),
}
# Until when a delivery was asked for, and whether it may speak of the eleventh, which begins at UTC+14 on the tenth at 10:00.
UNTIL = {"2026-03-10T10:00:01Z": True, "2026-03-10T10:00:00Z": False}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two files of three and four sessions, and totals beside them: of the cases above, each from an address of its own."""
    folder = tmp_path_factory.mktemp("told")
    lake = str(folder / "lake")
    with fixed_key():
        first = deliver(lake, folder, sessions("A", "2026-03-10", 3), AT)
        second = deliver(lake, folder, sessions("A", "2026-03-10", 4, 10), AT)
        for name, (earlier, later, _) in LATER_ONES.items():
            stage_rows(lake, "delivery_control", first, delivered(name, *earlier, 4, first))
            stage_rows(lake, "delivery_control", second, delivered(name, *later, 4, second))
        stage_rows(lake, "delivery_control", second, delivered("backwards", *FIRST, 5, second))
        stage_rows(lake, "delivery_control", first, delivered("backwards", *FIRST, 3, first))
        stage_rows(lake, "delivery_control", first, *(delivered(until, None, until, 1) for until in UNTIL))
        stage_rows(lake, "delivery_control", first, delivered("both files", *FIRST, 7, first, second))
        stage_rows(lake, "delivery_control", first, delivered("both and more", *FIRST, 8, second, first))
    return lake


def test_only_a_delivery_over_the_whole_span_makes_a_short_one_good(told: str) -> None:
    found = short(told)
    assert {name for name in LATER_ONES if name in found} == {name for name, case in LATER_ONES.items() if not case[2]}
    assert {found[name] for name in LATER_ONES if name in found} == {(4, 3, 1)}
    assert found["backwards"] == (5, 4, 1), "the one that landed last counts, which is short"
    assert "both files" not in found and found["both and more"] == (8, 7, 1)


def test_a_short_delivery_is_told_of_days_that_it_may_speak_of(told: str) -> None:
    """What it lacks may be of any day before its end, and of none that began after it."""
    assert {until: until in short(told, "2026-03-11..2026-03-11") for until in UNTIL} == UNTIL
    assert set(UNTIL) <= short(told, "2026-01-01..2026-01-01").keys()
    assert short(told, "2026-03-13..2026-03-13") == {}


NOTE = {"address": "https://x/cdrs", "date_from": SINCE, "date_to": AT, "total": 3, "files": ["0a" * 32, "1b" * 32]}
BOUNDARIES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("delivery_told", {"address": " x "}, {"address": " "}),
    ("from_readable", {"date_from": None}, {"date_from": "yesterday"}),
    ("until_readable", {"date_to": "2026-03-11T00:00:00+08:00"}, {"date_to": "2026-03-11"}),
    ("until_after_from", {"date_to": "2026-03-10T00:00:01Z"}, {"date_to": SINCE}),
    ("files_form", {"files": []}, {"files": ["0A" * 32]}),
    ("files_form", {"files": ["0a" * 32]}, {"files": ["0a" * 31]}),
    ("files_form", {"files": ["1b" * 32]}, {"files": ["0a" * 32, None]}),
    ("sessions_readable", {"total": 0}, {"total": "3.5"}),
]


def test_a_note_at_each_boundary(lake: str, tmp_path: Path) -> None:
    pairs = [NOTE | {"address": f"y{n}"} | case for n, rule in enumerate(BOUNDARIES) for case in rule[1:]]
    notes = [*pairs, *(NOTE | {"address": f"https://x/{n}"} for n in range(80))]
    path = tmp_path / "totals.json"
    path.write_text("\n".join(map(json.dumps, notes)), encoding="utf-8")
    flow.ingest("ocpi_total", [str(path)], lake, AT)
    owed = [fate for rule, *_ in BOUNDARIES for fate in (("accepted", None), ("quarantined", rule))]
    assert fates(lake)[: len(owed)] == owed
