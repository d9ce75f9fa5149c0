"""A draft from JSON asks the same questions as one from a table, and what it drafts reads the file to the last digit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from chargeledger.contract import read_contract
from chargeledger.errors import Refused
from chargeledger.source_draft import Draft, draft
from tests.staging.command_line import assert_says, chargeledger_here
from tests.staging.json_files import json_lines

PEOPLE = ("Anna Li", "anna@example.org", "04A1B2C")
SHARED = {"order", "user.name", "user.e-mail", "rfid", "begin", "end", "energy.kWh", "details"}
ANSWERS = {
    'issuer, value: "?"': "issuer, value: ELSE",
    'zone, value: "?"': "zone, value: UTC",
    'region: "?", power_type: "?", metering_point: "?"': "region: CN-GRID-EAST, power_type: AC, metering_point: ac_input",
}


def _charge(number: int, **more: Any) -> dict[str, Any]:
    """A charge with a person in it; names and card are theirs."""
    return {
        "order": f"o-{number}",
        "user": {"name": "Anna Li", "e-mail": "anna@example.org"},
        "rfid": f"04A1B2C{number}",
        "begin": f"2026-03-{number + 10} 09:00:00",
        "end": f"2026-03-{number + 10} 10:00:00",
        "energy": {"kWh": 1.5},
        "details": [{"kWh": 1.5}],
        **more,
    }


CHARGES = [_charge(0), _charge(1, note="late"), _charge(2, energy={"kWh": 3})]
SHAPES = {
    "lines": "\n".join(map(json.dumps, CHARGES)) + "\n",
    "lines with blanks between": "\n\n \n".join(map(json.dumps, CHARGES)),
    "objects on many lines": "\n".join(json.dumps(charge, indent=2) for charge in CHARGES),
    "array": json.dumps(CHARGES),
    "array with a mark": "\ufeff" + json.dumps(CHARGES),
    "wrapped": json.dumps({"status_code": 1000, "data": CHARGES}),
    "wrapped by page": json.dumps({"data": CHARGES[:1]}) + "\n" + json.dumps({"data": CHARGES[1:]}),
}


def _drafted(path: Path, out: Path) -> tuple[Draft, dict[str, Any]]:
    made = draft(path, None, out)
    definition = yaml.safe_load(next(iter(made.files.values())))
    told = {item["property"]: item["value"] for item in definition["customProperties"]}
    return made, told | {"columns": [item["name"] for item in definition["schema"][0]["properties"]]}


def _answered(made: Draft) -> Path:
    """The definition with its questions answered."""
    definition = next(iter(made.files))
    told = definition.read_text(encoding="utf-8")
    for question, answer in ANSWERS.items():
        assert question in told
        told = told.replace(question, answer)
    definition.write_text(told, encoding="utf-8")
    read_contract.cache_clear()
    return definition


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_json_is_drafted_alike(shape: str, tmp_path: Path) -> None:
    path = tmp_path / "my charges.jsonl"
    path.write_text(SHAPES[shape], encoding="utf-8")
    made, told = _drafted(path, tmp_path / "out")
    assert made.name == "my_charges_json"
    assert set(told["columns"]) == SHARED | {"note"}
    assert told["reader"] == {"format": "json"} | ({"records": "data"} if "wrapped" in shape else {})
    assert told["identity"] == {"user.name": "account", "user.e-mail": "person", "rfid": "token"}
    assert told["relations"] == ["charging_session", "session_owner"]
    sql = list(made.files.values())[1]
    for said in (
        'r."order"',
        'r."rfid" AS token_id',
        "r.\"begin\", '%Y-%m-%d %H:%M:%S'",
        'kwh_text_to_wh(r."energy.kWh")',
    ):
        assert said in sql
    said = "\n".join([*made.files.values(), *made.questions])
    assert not any(value in said for value in (*PEOPLE, "o-1", "2026-03-1", "late"))
    assert ("is each element of data one charge?" in made.questions) == ("wrapped" in shape)


def test_the_questions_are_those_of_a_table(tmp_path: Path) -> None:
    flat = [{name: value for name, value in _charge(n).items() if isinstance(value, str)} for n in range(3)]
    lines = draft(Path(json_lines(tmp_path / "f.jsonl", *flat)), "one", tmp_path / "lines")
    table = tmp_path / "f.csv"
    table.write_text("\n".join([",".join(flat[0]), *(",".join(row.values()) for row in flat)]) + "\n", encoding="utf-8")
    assert draft(table, "one", tmp_path / "table").questions == lines.questions


def test_from_draft_to_try(tmp_path: Path) -> None:
    """Ten charges are sound; the eleventh has a figure that no binary fraction holds, and is shown as it stands."""
    lines = [json.dumps(charge) for charge in [*CHARGES, *(_charge(n) for n in range(3, 11))]]
    lines[-1] = lines[-1].replace('"energy": {"kWh": 1.5}', '"energy": {"kWh": 12345678.901000000000000001}')
    path = tmp_path / "f.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    made, _ = _drafted(path, tmp_path / "out")
    definition = next(iter(made.files))
    asked = chargeledger_here("source", "try", str(path), "--definition", str(definition))
    assert_says(asked, 1, "still asks for region, power_type, metering_point, zone, issuer")
    done = chargeledger_here("source", "try", str(path), "--definition", str(_answered(made)))
    assert_says(done, 0)
    for phrase in ("session_id ELSE:O-0", "reading_wh 1500", "reading_wh 3000", "10 rows of session_owner"):
        assert phrase in done.stdout
    assert "energy_possible: 1 rows" in done.stdout
    assert '"energy.kWh": "12345678.901000000000000001"' in done.stdout
    assert not any(value in done.stdout + done.stderr for value in PEOPLE)


def test_a_key_that_not_every_object_has_need_not_be_there(tmp_path: Path) -> None:
    made, _ = _drafted(Path(json_lines(tmp_path / "f.jsonl", *CHARGES)), tmp_path / "out")
    (definition, *_) = made.files.values()
    columns = yaml.safe_load(definition)["schema"][0]["properties"]
    assert {column["name"] for column in columns if not column["required"]} == {"note"}


REFUSED = {
    "one object of nothing": ("{}", "fewer than two keys"),
    "an empty array": ("[]", "fewer than two keys"),
    "one key": ('{"order": "S1"}\n{"order": "S2"}', "fewer than two keys"),
    "not closed": ('{"order": "S1", "kWh": 1}\n{"order": "S2"', "rule json_whole"),
    "a number that is none": ('{"order": "S1", "kWh": NaN}', "rule json_numbers"),
    "objects and others": ('[{"order": "S1", "kWh": 1}, 7]', "rule json_objects"),
    "a key with a dot": ('{"order.id": "S1", "kWh": 1}', "a column cannot be named by it"),
    "a key with a quotation mark": ('{"order\\"id": "S1", "kWh": 1}', "a column cannot be named by it"),
    "a blank key": ('{"": "S1", "kWh": 1}', "a column cannot be named by it"),
    "keys that differ by capitals": ('{"order": "S1", "Order": "S2"}', "differ in nothing but capitals"),
    "persons as keys": ('{"anna@example": {"order": "S1", "kWh": 1}}', "look like data"),
    "days as keys": ('{"2026-03-10": {"order": "S1", "kWh": 1}}', "look like data"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_drafted_is_refused_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    text, said = REFUSED[name]
    (tmp_path / "f.json").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=said) as refusal:
        draft(tmp_path / "f.json", None, tmp_path / "out")
    assert "S1" not in str(refusal.value) and "anna" not in str(refusal.value)
    assert not (tmp_path / "out").exists()


def test_a_table_whose_header_begins_with_a_bracket_is_no_json(tmp_path: Path) -> None:
    for header in ("[order],[start],[kWh]", "{order},{start},{kWh}"):
        (tmp_path / "f.csv").write_text(f"{header}\no-1,2026-03-10 09:00,1.5\no-2,2026-03-11 09:00,2.5\n")
        made, told = _drafted(tmp_path / "f.csv", tmp_path / header[0])
        assert told["reader"]["format"] == "csv" and made.name == "f_csv"
