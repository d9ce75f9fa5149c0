"""A mix that is there and is not whole: an hour against the same hour of the weeks before. A warning refuses nothing."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chargeledger import flow
from chargeledger.errors import Refused
from chargeledger.lake import Lake
from chargeledger.report import write_report
from tests.staging.canonical_files import AT, Row, grid_csv, grid_row
from tests.staging.grid_files import row, write
from tests.staging.lake_contents import batches, rows_of

HOUR = datetime(2026, 3, 10, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
REGION, WARN, TAKEN_IN = "region_generates_as_before", "hour_generates_as_before", "taken_in_plausible"
Ingest = Callable[..., dict[str, Any]]


def _hour(mwh: str, weeks_before: int = 0, later: int = 0, **told: str) -> Row:
    start = (HOUR - weeks_before * WEEK + timedelta(hours=later)).isoformat()
    return grid_row(start, **{"coal_mwh": mwh, "gas_mwh": "", "hydro_mwh": ""} | told)


@pytest.fixture
def receive(lake: str, tmp_path: Path) -> Ingest:
    """Ingests rows as a file of its own and returns what was told of it, with `broken`: the observed of each broken rule."""

    def ingest(*rows: Row) -> dict[str, Any]:
        path = grid_csv(tmp_path / f"{len(rows_of(lake, 'landing_file'))}.csv", *rows)
        (told,) = flow.ingest("grid_mix_csv", [path], lake, AT)
        found = json.loads(batches(lake)[-1]["validation"])
        return told | {
            "broken": {finding["rule_id"]: finding["observed"] for finding in found if not finding["passed"]}
        }

    return ingest


def _known(receive: Ingest, *weeks_before: int, mwh: str = "100") -> None:
    """The hour of each of these weeks, and the one after it."""
    receive(*(_hour(mwh, week, later) for week in weeks_before for later in (0, 1)))


def test_half_of_the_weeks_before_is_no_warning_and_less_is_one(receive: Ingest) -> None:
    """The mean of 90, 110, 100 and 100 is 100; 50 is half of it."""
    _known(receive, 1, mwh="90")
    _known(receive, 2, mwh="110")
    _known(receive, 3, 4)
    assert receive(_hour("50"), _hour("100", later=1))["broken"] == {}
    told = receive(_hour("49.999"), _hour("100", later=1))
    assert told["broken"] == {WARN: "1 rows, such as CN-GRID-EAST 2026-03-10T01:00:00Z: 499"}
    assert told["state"] == "staged" and told["rows_accepted"] == 1


def test_a_warning_names_five_hours_and_counts_all(receive: Ingest) -> None:
    receive(*(_hour("100", week, later) for week in (1, 2) for later in range(30)))
    said = receive(*(_hour("40", later=later) for later in range(30)))["broken"][WARN]
    assert said.startswith("30 rows, such as CN-GRID-EAST 2026-03-10T01:00:00Z: 400, ") and said.count(": 400") == 5


@pytest.mark.parametrize(
    ("mwh", "passes"), [("30", True), ("29.9", False), ("25", False), ("300", True), ("300.1", False)]
)
def test_a_region_that_generates_a_part_or_a_multiple(mwh: str, passes: bool, receive: Ingest, lake: str) -> None:
    _known(receive, 1, 2)
    if passes:
        assert receive(_hour(mwh), _hour(mwh, later=1))["state"] == "staged"
        return
    with pytest.raises(Refused, match=f"{REGION}.*2 rows, such as CN-GRID-EAST: "):
        receive(_hour(mwh), _hour(mwh, later=1))
    assert batches(lake)[-1]["state"] == "refused"
    assert len(rows_of(lake, "grid_mix_hour")) == 4


def test_one_region_does_not_hide_another(receive: Ingest) -> None:
    receive(*(_hour("1000", week, region="NO") for week in (1, 2)), *(_hour("10", week) for week in (1, 2)))
    with pytest.raises(Refused, match="1 rows, such as CN-GRID-EAST: 100"):
        receive(_hour("1000", region="NO"), _hour("1"))


# what: (rows of an earlier file, rows of the arriving file beside the hour of 1 MWh)
NOT_COMPARED: dict[str, tuple[list[Row], list[Row]]] = {
    "one week": ([_hour("100", 1)], []),
    "weeks of the same file": ([_hour("100", 9)], [_hour("100", week) for week in (1, 2, 3)]),
    "the fifth week": ([_hour("100", week) for week in (4, 5, 6)], []),
    "another hour": ([_hour("100", week, later=1) for week in (1, 2, 3)], []),
    "another region": ([_hour("100", week, region="NO") for week in (1, 2, 3)], []),
}


@pytest.mark.parametrize("what", NOT_COMPARED)
def test_what_an_hour_is_not_compared_with(what: str, receive: Ingest) -> None:
    earlier, beside = NOT_COMPARED[what]
    receive(*earlier)
    assert receive(*beside, _hour("1"))["broken"] == {}


def test_what_storages_took_in_is_no_generation_of_a_week(receive: Ingest) -> None:
    receive(*(_hour("100", week, hydro_mwh="-15") for week in (1, 2)))
    assert receive(_hour("49.9"))["broken"] == {WARN: "1 rows, such as CN-GRID-EAST 2026-03-10T01:00:00Z: 499"}


def test_a_week_is_what_was_told_of_it_last(receive: Ingest) -> None:
    _known(receive, 1, 2)
    _known(receive, 1, 2, mwh="60")
    assert receive(_hour("30"))["broken"] == {}
    assert WARN in receive(_hour("29"))["broken"]


@pytest.mark.parametrize("sources", [("grid_mix_share_csv", "grid_mix_csv"), ("grid_mix_csv", "grid_mix_share_csv")])
def test_shares_are_compared_with_nothing(sources: tuple[str, str], lake: str, tmp_path: Path) -> None:
    """Two weeks in the one, then the hour in the other."""
    for number, (source, weeks) in enumerate(zip(sources, ((1, 2), (0,)), strict=True)):
        mwh = {} if source == "grid_mix_share_csv" else {"coal_mwh": "5000"}
        rows = [row(source, {"hour_start": (HOUR - week * WEEK).isoformat()} | mwh) for week in weeks]
        flow.ingest(source, [write(tmp_path / f"{number}.csv", source, *rows)], lake, AT)
    assert [batch["state"] for batch in batches(lake)] == ["staged"] * 2


@pytest.mark.parametrize(("taken_in", "broken"), [("-20", {}), ("-20.1", {TAKEN_IN: 201}), ("-100", {TAKEN_IN: 1000})])
def test_what_storages_take_in(taken_in: str, broken: dict[str, int], receive: Ingest) -> None:
    owed = {rule: f"1 rows, such as CN-GRID-EAST 2026-03-10T01:00:00Z: {value}" for rule, value in broken.items()}
    assert receive(_hour("100", hydro_mwh=taken_in))["broken"] == owed


def test_a_warning_is_told_in_progress_and_report(receive: Ingest, lake: str, tmp_path: Path) -> None:
    lines: list[str] = []
    path = grid_csv(tmp_path / "hours.csv", _hour("100", hydro_mwh="-90"))
    (told,) = flow.ingest("grid_mix_csv", [path], lake, AT, lines.append)
    assert lines[0] == "staged  hours.csv: 1 rows, 1 accepted"
    assert lines[1:] == [f"warning  hours.csv: {told['warnings'][0]}"]
    assert told["warnings"][0].startswith(f"rule {TAKEN_IN}: what storages take in")
    flow.ingest("grid_mix_csv", [path], lake, AT, lines.append)
    assert lines[2:] == ["landed before  hours.csv"], "said once"
    flow.account(lake, at=AT)
    flow.publish(lake, AT)
    page = write_report(Lake(lake), None, tmp_path / "report.html").read_text(encoding="utf-8")
    assert f"{TAKEN_IN}: what storages take in" in page and "2026-03-10T01:00:00Z: 900" in page


def test_california_of_october_2019_is_warned_of_and_a_quarter_of_it_refused(
    shared: Path, lake: str, tmp_path: Path
) -> None:
    """The real file: in the first days of that month it tells half of what it tells in other weeks."""
    with open(shared / "data/grid/ciso_hourly_mix/CISO_direct_emissions.csv", encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    before = [hour for hour in rows if hour["UTC time"] < "2019-10-01"]
    october = [hour for hour in rows if "2019-10-01" <= hour["UTC time"] < "2019-10-08"]
    sources = [name for name in rows[0] if name not in ("", "UTC time", "carbon_intensity")]
    quarter = [hour | {name: str(Decimal(hour[name]) / 4) for name in sources} for hour in october]
    paths = {}
    for name, hours in (("before", before), ("quarter", quarter), ("october", october)):
        paths[name] = str(tmp_path / f"{name}.csv")
        with open(paths[name], "w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(hours)
    flow.ingest("ciso_mix_csv", [paths["before"]], lake, AT)
    with pytest.raises(Refused, match=f"rule {REGION}"):
        flow.ingest("ciso_mix_csv", [paths["quarter"]], lake, AT)
    (told,) = flow.ingest("ciso_mix_csv", [paths["october"]], lake, AT)

    total = {
        datetime.fromisoformat(h["UTC time"]): sum(max(Decimal(h[s]), Decimal(0)) for s in sources) for h in before
    }
    short: dict[str, Decimal] = defaultdict(Decimal)
    for hour in october:
        start = datetime.fromisoformat(hour["UTC time"])
        weeks = [total[start - n * WEEK] for n in (1, 2, 3, 4) if start - n * WEEK in total]
        generated = sum(Decimal(hour[name]) for name in sources)
        if generated * len(weeks) < sum(weeks) / 2:
            short[hour["UTC time"]] = generated
    assert len(short) > 5
    assert [w for w in told["warnings"] if f": {len(short)} rows, such as US-CAL-CISO 2019-10-0" in w] == told[
        "warnings"
    ]
    assert len(told["warnings"]) == 1
