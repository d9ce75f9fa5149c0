"""What a release may not do: contradict its file, undo what came later, move a session, misread a file; and what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from chargeledger import cli_quarantine, flow
from chargeledger.errors import Refused
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.staging.canonical_files import AT, Row, grid_csv, grid_row, grid_rows, session_csv, session_row, session_rows
from tests.staging.command_line import assert_says, chargeledger_here
from tests.staging.lake_contents import batches, published, rows_of
from tests.staging.other_definition import NORTH_UNKNOWN, Change, other_definition

NORTH = {"region": "CN-GRID-NORTH"}
SQL = "transforms/sources/session_csv/charging_session.sql"
NO_DECIMALS = (
    SQL,
    "kwh_text_to_wh(r.energy_kwh)",
    "CASE WHEN instr(r.energy_kwh, '.') = 0 THEN kwh_text_to_wh(r.energy_kwh) END",
)


def _received(lake: str, folder: Path, rows: list[Row], *changes: Change, source: str = "session_csv") -> str:
    """Ingest one file under a definition that was otherwise; returns the lake."""
    write = session_csv if source == "session_csv" else grid_csv
    path = write(folder / f"{len(list(folder.glob('*.csv')))}.csv", *rows)
    if not changes:
        flow.ingest(source, [path], lake, AT)
    else:
        with other_definition(folder, *changes):
            flow.ingest(source, [path], lake, AT)
    return lake


def _fate(lake: str, key: str) -> list[tuple[str, str | None]]:
    """Every fate that rows of a key were given, in the order of the batches that gave them."""
    order = {batch["landing_digest"]: batch["batch_seq"] for batch in batches(lake)}
    told = sorted(
        (order[row["landing_digest"]], row["row_number"], row["outcome"], row["rule"])
        for row in rows_of(lake, "row_outcome")
        if row["row_key"] == key
    )
    return [(outcome, rule) for _, _, outcome, rule in told]


def test_a_row_that_contradicts_an_accepted_row_of_its_file_stays(lake: str, tmp_path: Path) -> None:
    _received(
        lake, tmp_path, [*session_rows(20), session_row("A", **NORTH), session_row("A", energy_kwh="11")], NORTH_UNKNOWN
    )
    flow.release(lake, "region_known")
    assert _fate(lake, "INVENTED-A:A") == [
        ("quarantined", "region_known"),
        ("accepted", None),
        ("quarantined", "same_key_other_content"),
    ]
    versions = Lake(lake).versions()
    flow.release(lake, "same_key_other_content")
    assert Lake(lake).versions() == versions, "released again it breaks the same rule: nothing is written"
    assert len(list(verify(Lake(lake)))) == 5


def test_a_row_that_contradicts_a_row_not_asked_for_stays_with_it(lake: str, tmp_path: Path) -> None:
    """One row has two other rules to blame: asked for by the first rule alone, it still meets the row beside it."""
    rows = [session_row("A", **NORTH, energy_kwh="10"), session_row("A", energy_kwh="11.5")]
    _received(lake, tmp_path, [*session_rows(20, energy_kwh="7"), *rows], NORTH_UNKNOWN, NO_DECIMALS)
    (file,) = flow.release(lake, "region_known")
    assert file["staying"] == {"same_key_other_content": 1}
    (file,) = flow.release(lake, "energy_readable")
    assert file["staying"] == {"same_key_other_content": 1}, "in clean data both would be refused"


def test_a_row_does_not_repeat_a_row_that_is_still_in_quarantine(lake: str, tmp_path: Path) -> None:
    rows = [
        session_row("A", energy_kwh="11.5", **NORTH),
        session_row("A", energy_kwh="11.5", **NORTH),
    ]
    only_first = (
        SQL,
        "upper(told(r.order_number)) AS",
        "CASE WHEN r.row_number <> 1 THEN upper(told(r.order_number)) END AS",
    )
    _received(lake, tmp_path, [*rows, *session_rows(20, energy_kwh="7")], NORTH_UNKNOWN, only_first)
    (file,) = flow.release(lake, "region_known")
    assert (file["batch"]["rows_accepted"], file["batch"]["rows_duplicate"]) == (1, 0)
    (file,) = flow.release(lake, "order_told")
    assert (file["batch"]["rows_accepted"], file["batch"]["rows_duplicate"]) == (0, 1)
    assert len(list(verify(Lake(lake)))) == 5


def test_a_released_duplicate_clears_the_flag_of_its_session(lake: str, tmp_path: Path) -> None:
    _received(lake, tmp_path, [*session_rows(20), session_row("A", **NORTH)])
    _received(lake, tmp_path, [*session_rows(20, first=50), session_row("A", **NORTH)], NORTH_UNKNOWN)
    flag = "SELECT state, has_quarantined_revision FROM session_status WHERE session_id = 'INVENTED-A:A'"
    flow.account(lake, at=AT)
    flow.publish(lake, AT)
    assert published(lake, flag) == [("provisional", True)]
    flow.release(lake, batch=2)
    assert flow.account(lake, at=AT)["posted_entries"] == 0
    flow.publish(lake, AT)
    assert published(lake, flag) == [("provisional", False)]
    assert _fate(lake, "INVENTED-A:A")[-1] == ("duplicate", None)


@pytest.mark.parametrize(("last", "stays"), [("5", True), ("6", False)])
def test_an_hour_that_was_restated_back_since_is_not_restated_by_a_release(
    last: str, stays: bool, lake: str, tmp_path: Path
) -> None:
    """5 MWh of coal; gas, refused; then coal again or otherwise: what landed last holds, with or without the gas."""
    hour = {"region": "NO", "gas_mwh": "", "hydro_mwh": ""}
    mixes = [
        grid_row(**hour, coal_mwh="5"),
        grid_row(**hour | {"gas_mwh": "5"}, coal_mwh=""),
        grid_row(**hour, coal_mwh=last),
    ]
    for number, row in enumerate(mixes):
        changes = [("data_contracts/reference/region.csv", "\nNO,", "\nN0,")] if number == 1 else []
        _received(lake, tmp_path, [*grid_rows(20, f"2026-03-{11 + number}"), row], *changes, source="grid_mix_csv")
    flow.release(lake, "region_known")
    key = "NO|2026-03-10T01:00:00Z"
    assert _fate(lake, key)[-1] == (("quarantined", "told_since") if stays else ("accepted", None))


def test_a_session_keeps_the_key_that_it_was_received_under(lake: str, tmp_path: Path) -> None:
    _received(lake, tmp_path, [*session_rows(20), session_row("A", **NORTH), session_row("", **NORTH)], NORTH_UNKNOWN)
    mended = (
        SQL,
        "upper(told(r.order_number)) AS session_id",
        "coalesce(upper(told(r.order_number)), '0') || '-X' AS session_id",
    )
    with other_definition(tmp_path, mended):
        flow.release(lake, "region_known")
        flow.release(lake, "order_told")
    assert _fate(lake, "INVENTED-A:A")[-1] == ("quarantined", "key_as_received")
    assert _fate(lake, "INVENTED-A:0-X") == [("accepted", None)], "a key that could not be read is read now"


def test_a_definition_that_counts_the_rows_otherwise_releases_none(lake: str, tmp_path: Path) -> None:
    """Under another quote two rows are one, and the row of that number is another row."""
    rows = [session_row("A", station_id="'one"), session_row("B", station_id="two'"), session_row("C", **NORTH)]
    _received(lake, tmp_path, [*rows, *session_rows(20)], NORTH_UNKNOWN)
    versions = Lake(lake).versions()
    other_quote = ("data_contracts/sources/session_csv.yaml", "quote: '\"'", 'quote: "\'"')
    with (
        other_definition(tmp_path, other_quote),
        pytest.raises(Refused, match="reads 22 rows today and read 23 when it was staged"),
    ):
        flow.release(lake, "region_known")
    assert Lake(lake).versions() == versions


def test_a_release_that_breaks_a_batch_rule_of_its_file_is_refused_whole(lake: str, tmp_path: Path) -> None:
    rows = [*session_rows(30, energy_kwh="100"), *[session_row(f"N{n}", **NORTH, energy_kwh="1000") for n in range(3)]]
    _received(lake, tmp_path, rows, NORTH_UNKNOWN)
    versions = Lake(lake).versions()
    # 30 x 100 and 3 x 1,000 kWh are 6,000 kWh in 33 rows: 181,818 Wh a session
    tight = ("data_contracts/charging_session.yaml", "max_value: 200000", "max_value: 181817")
    just = ("data_contracts/charging_session.yaml", "max_value: 200000", "max_value: 181818")
    with (
        other_definition(tmp_path, tight),
        pytest.raises(Refused, match="mean_reading_plausible"),
    ):
        flow.release(lake, "region_known")
    assert Lake(lake).versions() == versions
    with other_definition(tmp_path, just):
        (file,) = flow.release(lake, "region_known")
    assert file["batch"]["rows_accepted"] == 3


def test_release_asks_which_rows(lake: str, tmp_path: Path) -> None:
    _received(lake, tmp_path, session_rows(1))
    assert_says(chargeledger_here("quarantine", "release", "--lake", lake), 2, "--rule RULE or --batch N")
    done = chargeledger_here("quarantine", "list", "--lake", lake)
    assert (done.returncode, done.stdout) == (0, "Nothing waits in quarantine.\n")


def test_list_and_show_tell_what_waits_and_name_nobody(
    lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_quarantine.out, "width", 160)
    rows = [*session_rows(30), *[session_row(f"N{n}", **NORTH, account="anna@example.org") for n in range(3)]]
    _received(lake, tmp_path, rows, NORTH_UNKNOWN)

    def said(*command: str) -> str:
        done = chargeledger_here("quarantine", *command, "--lake", lake)
        assert_says(done, 0)
        assert "anna" not in done.stdout + done.stderr
        return done.stdout

    cells = [line.split() for line in said("list").splitlines() if "region_known" in line]
    assert [[cell for cell in line if cell != "│"] for line in cells] == [
        ["charging_session", "region_known", "3", "1", AT.replace("+00:00", "Z"), "INVENTED-A:N0"]
    ]
    shown = said("show", "--rule", "region_known", "--most", "2")
    digest = batches(lake)[0]["landing_digest"]
    assert f"{digest[:12]}  0.csv row 31  batch 1  region_known" in shown and "and 1 more" in shown
    assert '"region":"CN-GRID-NORTH"' in shown and "row 33" not in shown
    assert "Nothing waits there" in said("list", "--batch", "2")

    flow.release(lake, "region_known")
    assert "Nothing waits in quarantine" in said("list")
    (line,) = [line.split() for line in said("list", "--all").splitlines() if "region_known" in line]
    assert [cell for cell in line if cell != "│"][2:4] == ["3", "0"]


def test_summary_report_and_explain_tell_the_last_fate(lake: str, tmp_path: Path) -> None:
    _received(lake, tmp_path, [*session_rows(30), session_row("A", **NORTH)], NORTH_UNKNOWN)
    flow.release(lake, "region_known")
    flow.account(lake, at=AT)
    flow.publish(lake, AT)
    page = tmp_path / "page.html"
    told = {
        name: chargeledger_here(*command, "--lake", lake).stdout
        for name, command in {
            "summary": ("summary",),
            "report": ("report", "--out", str(page)),
            "explain": ("explain", "INVENTED-A:A"),
        }.items()
    }
    assert "region_known" not in told["summary"]
    assert "No row is in quarantine." in page.read_text() and "✓ rows, Wh, from quarantine" in page.read_text()
    first, again = (line for line in told["explain"].splitlines() if "0.csv row 31" in line)
    assert first.endswith("quarantined, rule region_known") and again.endswith(
        "released from quarantine by batch 2: accepted"
    )
