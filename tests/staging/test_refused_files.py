"""A file that is not what its source definition says is refused as a whole, with the place and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chargeledger import flow
from chargeledger.errors import Refused
from tests.staging.canonical_files import AT, SESSION_COLUMNS, csv_text, session_csv, session_row, session_rows
from tests.staging.command_line import assert_says, chargeledger, chargeledger_here
from tests.staging.lake_contents import batches, ledger_of, rows_of, staged_of

SOUND = session_rows(20, first=101)
TEXT = csv_text(SESSION_COLUMNS, SOUND)
CISO_COLUMNS = ("UTC time", "coal", "nat_gas", "nuclear", "oil", "hydro", "solar", "wind", "other")


def _parquet() -> bytes:
    out = pa.BufferOutputStream()
    pq.write_table(pa.table({name: [row[name] for row in SOUND] for name in SESSION_COLUMNS}), out)
    return out.getvalue().to_pybytes()


def _ciso(nat_gas: str) -> bytes:
    rows = [
        dict.fromkeys(CISO_COLUMNS, "0") | {"UTC time": f"2019-01-02T{hour:02d}:00:00Z", "nat_gas": nat_gas}
        for hour in range(12)
    ]
    return csv_text(CISO_COLUMNS, rows).encode()


def _with_energy(text: str) -> bytes:
    return csv_text(SESSION_COLUMNS, [row | {"energy_kwh": text} for row in SOUND]).encode()


def _line_6(change: str) -> bytes:
    lines = TEXT.splitlines()
    lines[5] = {"short": lines[5].rpartition(",")[0], "long": lines[5] + ",x", "quote": lines[5].replace("60", '"60')}[
        change
    ]
    return "\n".join(lines).encode()


class Bad(NamedTuple):
    source: str
    content: bytes
    phrases: tuple[str, ...]
    mended: bytes = TEXT.encode()
    rows: int = 20


BAD = {
    "missing column": Bad(
        "session_csv",
        TEXT.replace("energy_kwh", "energy").encode(),
        ("rule columns_present", "energy_kwh (is it 'energy' here?)", "data_contracts/sources/session_csv.yaml"),
    ),
    "column named twice": Bad(
        "session_csv", TEXT.replace("rated_kw", "station_id", 1).encode(), ("rule columns_once", "station_id")
    ),
    "another delimiter": Bad("session_csv", TEXT.replace(",", ";").encode(), ("rule columns_present",)),
    "Wh under a kWh header": Bad(
        "session_csv", _with_energy("10000"), ("rule quarantined_share", "energy_possible 20", "compare its units")
    ),
    "Wh under a kWh header, each of them possible": Bad(
        "session_csv", _with_energy("900"), ("rule mean_reading_plausible", "between 0.1 and 200 kWh", "900000")
    ),
    "MWh under a kWh header": Bad("session_csv", _with_energy("0.010"), ("rule mean_reading_plausible", "[10]")),
    "kWh under a MWh header": Bad(
        "ciso_mix_csv", _ciso("25000000"), ("rule mean_generation_plausible", "5 and 80 GWh"), _ciso("25000"), 12
    ),
    "signs turned": Bad("session_csv", _with_energy("-10.000"), ("rule quarantined_share", "energy_not_negative 20")),
    "not UTF-8": Bad(
        "session_csv",
        TEXT.replace("INVENTED-A-1", "Zürich", 3).encode("latin-1"),
        ("rule utf8", "line 2, byte 34", "Save the file as UTF-8"),
    ),
    "UTF-16": Bad("session_csv", TEXT.encode("utf-16"), ("rule utf8", "line 1, byte 1")),
    "no bytes": Bad("session_csv", b"", ("rule rows_present", "the file is empty")),
    "a header only": Bad("session_csv", TEXT.splitlines()[0].encode() + b"\n", ("rule rows_present",)),
    "a short row": Bad("session_csv", _line_6("short"), ("rule csv_shape", "line 6", "12 columns")),
    "a long row": Bad("session_csv", _line_6("long"), ("rule csv_shape", "line 6", "12 columns")),
    "an open quote": Bad("session_csv", _line_6("quote"), ("rule csv_shape", "line 6", "quotes do not close")),
    "Parquet cut in the middle": Bad(
        "session_parquet", _parquet()[: len(_parquet()) // 2], ("rule parquet_whole", "Send it again"), _parquet()
    ),
    "Parquet without its last byte": Bad("session_parquet", _parquet()[:-1], ("rule parquet_whole",), _parquet()),
    "Parquet broken inside": Bad(
        "session_parquet", _parquet()[:20] + b"\xff" * 40 + _parquet()[60:], ("rule parquet_whole",), _parquet()
    ),
    "CSV sent as Parquet": Bad("session_parquet", TEXT.encode(), ("rule parquet_whole",), _parquet()),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_and_its_mended_self_is_taken(name: str, good_lake: str, tmp_path: Path) -> None:
    bad, before, posted = BAD[name], staged_of(good_lake), ledger_of(good_lake)
    path = tmp_path / "file under test"
    path.write_bytes(bad.content)

    done = chargeledger_here("ingest", bad.source, str(path), "--lake", good_lake, "--at", AT)
    assert_says(done, 1, "file under test: ", *bad.phrases)
    after = staged_of(good_lake)
    landed = set(after.pop("landing_file")) - set(before.pop("landing_file"))
    assert len(landed) == 1, "the file is kept as received"
    assert after == before
    refused = batches(good_lake)[-1]
    assert refused["state"] == "refused"
    assert refused["refusal"] in done.stderr

    path.write_bytes(bad.mended)
    again = chargeledger_here("ingest", bad.source, str(path), "--lake", good_lake, "--at", AT)
    assert_says(again, 0, f"staged  file under test: {bad.rows} rows, {bad.rows} accepted")
    assert ledger_of(good_lake) == posted
    staged = {row["session_id"] for row in rows_of(good_lake, "charging_session")}
    assert len(staged) == (40 if bad.source.startswith("session") else 20)


def test_a_refused_file_does_not_hold_up_the_others(good_lake: str, tmp_path: Path) -> None:
    first = session_csv(tmp_path / "first.csv", *session_rows(3, first=201))
    bad = session_csv(tmp_path / "bad.csv", *session_rows(3, first=301, energy_kwh="nothing"))
    last = session_csv(tmp_path / "last.csv", *session_rows(3, first=401))
    done = chargeledger("ingest", "session_csv", first, bad, last, "--lake", good_lake, "--at", AT)
    assert_says(done, 1, "staged  first.csv: 3 rows, 3 accepted", "energy_readable 3", "staged  last.csv")
    orders = {row["session_id"] for row in rows_of(good_lake, "charging_session")}
    assert {"INVENTED-A:S0201", "INVENTED-A:S0403"} < orders
    assert "INVENTED-A:S0301" not in orders
    flow.account(good_lake, at=AT)
    assert len(ledger_of(good_lake)) == 20 + 6


def test_the_same_bytes_under_the_right_source_are_taken(lake: str, tmp_path: Path) -> None:
    path = session_csv(tmp_path / "sessions.csv", *SOUND)
    with pytest.raises(Refused, match="columns_present"):
        flow.ingest("acn_csv", [path], lake, AT)
    (batch,) = flow.ingest("session_csv", [path], lake, AT)
    assert (batch["source"], batch["rows_accepted"]) == ("session_csv", 20)


def test_a_refused_batch_says_which_rule_failed_and_which_held(lake: str, tmp_path: Path) -> None:
    path = session_csv(tmp_path / "sessions.csv", *(row | {"energy_kwh": "900"} for row in SOUND))
    with pytest.raises(Refused):
        flow.ingest("session_csv", [path], lake, AT)
    passed = {finding["rule_id"]: finding["passed"] for finding in json.loads(batches(lake)[0]["validation"])}
    held = ("rows_present", "quarantined_share", "day_month_order", "volume_as_before", "fresh")
    assert passed == dict.fromkeys(held, True) | {"mean_reading_plausible": False}


SPREADSHEETS: dict[str, Callable[[str], bytes]] = {
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "carriage returns": lambda text: text.replace("\n", "\r\n").encode(),
    "no last line feed": lambda text: text.rstrip("\n").encode(),
}


@pytest.mark.parametrize("change", SPREADSHEETS)
def test_what_spreadsheets_do_to_a_file_is_harmless(change: str, lake: str, tmp_path: Path) -> None:
    path = tmp_path / "sessions.csv"
    path.write_bytes(SPREADSHEETS[change](TEXT))
    (batch,) = flow.ingest("session_csv", [str(path)], lake, AT)
    assert batch["rows_accepted"] == 20
    assert {row["reading_wh"] for row in rows_of(lake, "charging_session")} == {10_000}


def test_columns_may_stand_in_another_order_and_among_others(lake: str, tmp_path: Path) -> None:
    columns = ("remark", *reversed(SESSION_COLUMNS))
    path = tmp_path / "sessions.csv"
    path.write_text(csv_text(columns, [row | {"remark": "none"} for row in [session_row("S1", energy_kwh="7.5")]]))
    flow.ingest("session_csv", [str(path)], lake, AT)
    (row,) = rows_of(lake, "charging_session")
    assert (row["session_id"], row["reading_wh"], row["rated_w"]) == ("INVENTED-A:S1", 7500, 60000)
