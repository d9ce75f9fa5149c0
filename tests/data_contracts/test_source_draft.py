"""A draft asks instead of guessing, repeats no value of the file, and overwrites nothing; a trial lands nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from chargeledger.contract import read_contract
from chargeledger.errors import Refused, UsageError
from chargeledger.source_draft import draft
from tests.staging.canonical_files import session_csv, session_row, session_rows
from tests.staging.command_line import assert_says, chargeledger_here

HEADER = "order,user_name,Driver,e-mail,RFID,start,end,kWh"
PEOPLE = ("Anna Li", "anna@example.org", "+49 170 1234567", "04A1B2C3", "D-4711")
ROW = "o-{n},Anna Li,D-4711,anna@example.org,04A1B2C3,{start},{end},{kwh}"


def _csv(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _rows(
    start: str = "2026-03-1{n} 09:00:00", end: str = "2026-03-1{n} 10:00:00", kwh: str = "1{n}.5", count: int = 3
) -> list[str]:
    return [ROW.format(n=n, start=start.format(n=n), end=end.format(n=n), kwh=kwh.format(n=n)) for n in range(count)]


def _drafted(path: Path, folder: Path) -> tuple[dict[str, object], str, str]:
    """The properties of a draft's definition, its main SQL, and everything that it says."""
    made = draft(path, "drafted", folder / "out")
    definition, sql, *_ = made.files.values()
    custom = {item["property"]: item["value"] for item in yaml.safe_load(definition)["customProperties"]}
    assert all(file.read_text(encoding="utf-8") == text for file, text in made.files.items())
    return custom, sql, "\n".join([*made.files.values(), *made.questions])


def test_columns_of_persons_are_proposed_as_identities_and_no_value_is_repeated(tmp_path: Path) -> None:
    custom, sql, said = _drafted(_csv(tmp_path / "f.csv", HEADER, *_rows()), tmp_path)
    assert custom["identity"] == {"user_name": "account", "Driver": "account", "e-mail": "person", "RFID": "token"}
    assert custom["relations"] == ["charging_session", "session_owner"]
    assert 'r."RFID" AS token_id' in sql and 'r."user_name" AS user_id' in said
    for value in (*PEOPLE, "o-1", "2026-03-11", "11.5"):
        assert value not in said
    assert "99A9A9A9" in said, "the shape is shown"


def test_a_person_is_known_by_the_values_too(tmp_path: Path) -> None:
    lines = [f"o-{n};anna{n}@example.org;2026-03-1{n} 09:00;2026-03-1{n} 10:00;1{n},5" for n in range(3)]
    custom, sql, said = _drafted(_csv(tmp_path / "f.csv", "order;remark;start;end;kWh", *lines), tmp_path)
    assert custom["identity"] == {"remark": "person"}
    assert custom["reader"] == {"format": "csv", "delimiter": ";", "quote": '"'}
    assert "replace(r.\"kWh\", ',', '.')" in sql and "@example" not in said


@pytest.mark.parametrize(
    ("start", "read", "asks"),
    [
        ("2026-03-1{n}T09:00:00+08:00", 'iso_text_to_instant(r."start")', "start of charging, not of parking?"),
        ("2026-03-1{n} 09:00:00", "'%Y-%m-%d %H:%M:%S', c.zone)", "Zone of the times: not in the file"),
        ("2{n}/03/2026 09:00", "'%d/%m/%Y %H:%M', c.zone)", "Zone of the times: not in the file; confirm\n"),
        ("03/2{n}/2026 9:00 AM", "'%m/%d/%Y %I:%M %p', c.zone)", "Zone of the times: not in the file; confirm\n"),
        (
            "12/12/202{n} 09:00",
            "'%d/%m/%Y %H:%M', c.zone)",
            "day and month cannot be told apart, it may be %m/%d/%Y %H:%M",
        ),
    ],
)
def test_times_are_read_in_the_one_format_that_fits_or_asked_for(
    start: str, read: str, asks: str, tmp_path: Path
) -> None:
    custom, sql, _ = _drafted(_csv(tmp_path / "f.csv", HEADER, *_rows(start=start, end=start)), tmp_path)
    assert read in sql and asks in sql
    assert custom["zone"] == ("every instant carries its offset" if "iso" in read else "?")


def test_what_no_column_tells_is_asked_for(tmp_path: Path) -> None:
    custom, sql, _ = _drafted(_csv(tmp_path / "f.csv", "a,b", "x,y", "x,z"), tmp_path)
    assert "CAST(NULL AS VARCHAR) AS session_id,  -- ? no column seems to be the order number" in sql
    assert "CAST(NULL AS BIGINT) AS reading_wh  -- ? no column seems to be the energy" in sql
    assert sql.count("CAST(NULL AS TIMESTAMPTZ)") == 2
    assert set(custom["constants"].values()) == {"?"}


@pytest.mark.parametrize(
    ("kwh", "asks"), [("999", "kWh?\n"), ("1000", "The largest figure has 4 digits before the point")]
)
def test_large_figures_raise_the_question_of_the_unit(kwh: str, asks: str, tmp_path: Path) -> None:
    _, _, said = _drafted(_csv(tmp_path / "f.csv", HEADER, *_rows(kwh=kwh)), tmp_path)
    assert asks in said


def test_a_column_told_twice_is_no_order_number(tmp_path: Path) -> None:
    _, sql, _ = _drafted(_csv(tmp_path / "f.csv", HEADER, *_rows(), _rows()[0]), tmp_path)
    assert "no column seems to be the order number" in sql


WEIRD = {
    "empty": (b"", "the file is empty"),
    "header alone": (b"order,start,end,kWh\n", "there is no row below the header"),
    "no header": (b"S1,2026-03-10T09:00:00+08:00,1.0\nS2,2026-03-10T10:00:00+08:00,2.0\n", "not a header"),
    "no header, all text": (b"S1,anna@example.org\nS2,ben@example.org\n", "not a header"),
    "one column": (b"order\nS1\nS2\n", "one column only"),
    "a name twice": (b"order,kWh,kWh\nS1,1.0,2.0\nS2,1.0,3.0\n", "names a column more than once"),
    "not UTF-8": (b"order,kWh\nS\xe9,1.0\nS\xe8,2.0\n", "neither Parquet nor JSON nor CSV in UTF-8"),
    "half a Parquet file": (b"PAR1 and then nothing", "not a whole Parquet file"),
}


@pytest.mark.parametrize("name", WEIRD)
def test_a_file_that_is_no_table_is_refused_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    content, said = WEIRD[name]
    (tmp_path / "f.csv").write_bytes(content)
    with pytest.raises(Refused, match=said) as refusal:
        draft(tmp_path / "f.csv", None, tmp_path / "out")
    assert "S1" not in str(refusal.value) and "anna" not in str(refusal.value)
    assert not (tmp_path / "out").exists()


def test_parquet_with_decimals_and_with_binary_fractions(tmp_path: Path) -> None:
    table = pa.table({"order": ["a", "b"], "kWh": [Decimal("1.5"), Decimal("2.5")], "power": [1.5, 2.5]})
    pq.write_table(table, tmp_path / "f.parquet")
    custom, sql, said = _drafted(tmp_path / "f.parquet", tmp_path)
    assert custom["reader"] == {"format": "parquet"}
    assert 'kwh_text_to_wh(r."kWh")' in sql
    (line,) = [line for line in said.splitlines() if "binary fractions" in line]
    assert '"power"' in line


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = _csv(tmp_path / "my file 7.csv", HEADER, *_rows())
    made = draft(path, None, tmp_path / "out")
    assert made.name == "my_file_7_csv"
    definition, sql, owner = made.files
    for kept in (sql, owner):
        (tmp_path / "out" / "data_contracts" / "sources" / "my_file_7_csv.yaml").unlink(missing_ok=True)
        kept.write_text("mine")
        with pytest.raises(UsageError, match="already there"):
            draft(path, None, tmp_path / "out")
        assert kept.read_text() == "mine" and not definition.exists()
        kept.unlink()
    for name in ("Car Park", "../x", "7up"):
        with pytest.raises(UsageError, match="cannot name a source"):
            draft(path, name, tmp_path / "other")


def _try(*words: str) -> tuple[int, str]:
    done = chargeledger_here("source", "try", *words)
    return done.returncode, done.stdout + done.stderr


def test_a_trial_says_what_would_happen_and_lands_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CHARGELEDGER_PSEUDONYM_KEY")
    bad = [session_row("B1", energy_kwh="-1.5"), session_row("S0001")]
    path = session_csv(tmp_path / "f.csv", *session_rows(20), *bad)
    code, said = _try(path, "--source", "session_csv")
    assert code == 0
    counts = [[cell for cell in line.split() if cell != "│"] for line in said.splitlines() if line.startswith("│")]
    assert counts == [
        ["accepted", "20", "200.000"],
        ["quarantined", "1", "-1.500"],
        ["duplicate", "1", "10.000"],
        ["superseded", "0", "0.000"],
    ]
    assert "energy_not_negative: 1 rows. a completed session delivers no negative energy" in said
    assert "row 21" in said and '"energy_kwh": "-1.5"' in said and "20 rows of session_owner" in said
    assert "session_id INVENTED-A:S0001" in said and "reading_wh 10000" in said
    assert "account-" not in said
    assert [file.name for file in tmp_path.rglob("*")] == ["f.csv"], "no lake, no key"


def test_a_trial_of_a_file_that_would_be_refused_ends_with_1(tmp_path: Path) -> None:
    bad = [session_row(f"B{n}", energy_kwh="-1.5") for n in range(3)]
    for count, expected in ((27, 0), (26, 1)):  # 3 of 30 are a tenth, 3 of 29 are more
        path = session_csv(tmp_path / f"{count}.csv", *session_rows(count), *bad)
        code, said = _try(path, "--source", "session_csv")
        assert (code, "BROKEN  quarantined_share" in said) == (expected, expected == 1)
    done = chargeledger_here("source", "try", str(_csv(tmp_path / "f.csv", "a,b", "1,2")), "--source", "session_csv")
    assert_says(done, 1, "rule columns_present")


def test_a_trial_by_a_definition_elsewhere(tmp_path: Path) -> None:
    path = _csv(tmp_path / "f.csv", HEADER, *_rows())
    made = draft(path, "elsewhere", tmp_path / "out")
    definition = next(iter(made.files))
    assert_says(chargeledger_here("source", "try", str(path), "--definition", str(definition)), 1, "still asks for")
    told = definition.read_text(encoding="utf-8").replace('issuer, value: "?"', "issuer, value: ELSE")
    told = told.replace('zone, value: "?"', "zone, value: UTC")
    told = told.replace(
        'region: "?", power_type: "?", metering_point: "?"',
        "region: CN-GRID-EAST, power_type: AC, metering_point: ac_input",
    )
    definition.write_text(told, encoding="utf-8")
    read_contract.cache_clear()
    code, said = _try(str(path), "--definition", str(definition))
    assert code == 0, said
    assert "session_id ELSE:O-0" in said and "3 rows of session_owner" in said
    assert not any(value in said for value in PEOPLE)


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        (("--source", "session_cvs"), "Did you mean session_csv?"),
        ((), "say which source"),
        (("--source", "session_csv", "--definition", "x.yaml"), "say which source"),
        (("--definition", "x.yaml"), "there is no such file"),
    ],
)
def test_a_trial_of_nothing_is_a_wrong_call(words: tuple[str, ...], phrase: str, tmp_path: Path) -> None:
    path = _csv(tmp_path / "f.csv", HEADER, *_rows())
    assert_says(chargeledger_here("source", "try", str(path), *words), 2, phrase)
    assert_says(chargeledger_here("source", "draft", str(tmp_path / "none.csv")), 2, "there is no such file")
