"""JSON is read as it stands: every digit, every shape of a file, nested columns, and no identity beside its pseudonym."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chargeledger import rooms
from chargeledger.contract import Column, Contract
from chargeledger.engine import Engine
from chargeledger.errors import Refused
from chargeledger.pseudonym import pseudonym
from chargeledger.reading import read_rows
from chargeledger.source import Source, load_source

KEY = b"k" * 32
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(threads=2) as session:
        yield session


def source(columns: str, identity: str = "", **reader: Any) -> Source:
    """An invented source with these columns; the first is required."""
    told = tuple(
        Column(name, "text", place == 0, False, "invented", None) for place, name in enumerate(columns.split())
    )
    path = rooms.CONTRACTS / "sources" / "invented_json.yaml"
    definition = Contract("invented_json", path, "one row per object", told, (), (), (), {})
    identities = dict.fromkeys(identity.split(), "token")
    return Source(
        "invented_json", definition, {"format": "json", **reader}, ("charging_session",), {}, identities, "none"
    )


def read(engine: Engine, folder: Path, content: str | bytes, of: Source) -> Rows:
    path = folder / "file.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    read_rows(engine, of, path, "file.json", KEY)
    return engine.rows("SELECT * FROM landed_row ORDER BY row_number")


NUMBERS = [
    *(
        "0",
        "-0",
        "7",
        "-7.50",
        "15.342",
        "2.00",
        "0.1",
        "0.10000000000000000001",
        "123456789012345",
        "1234567890123456",
    ),
    *("123456789012345678901234567890", "0.3", "0.30000000000000004", "9007199254740993", "1E3", "1e-3", "-1.5e+300"),
    "1e400",
]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_keeps_its_digits(number: str, engine: Engine, tmp_path: Path) -> None:
    text = (
        f'{{"before-1": "-2 \\" 3", "n": {number}, "list": [{number}, {{"deep": {number}}}], "é5": 1, "s": "{number}"}}'
    )
    (row,) = read(engine, tmp_path, text, source("n s list"))
    assert (row["n"], row["s"]) == (number, number)
    assert json.loads(row["list"]) == [number, {"deep": number}]


def test_text_beside_numbers_is_untouched(engine: Engine, tmp_path: Path) -> None:
    told = {"a": 'say "7" \\ 8', "b": "-9.5e3", "c": "", "d": "-", "e": "{1}", "f": "充电 1\n2", "g": True, "h": None}
    for text in (json.dumps(told), json.dumps(told, ensure_ascii=False), json.dumps(told, indent=4)):
        (row,) = read(engine, tmp_path, text, source("a b c d e f g h"))
        assert row == {"row_number": 1} | told | {"g": "true"}


def test_of_a_key_told_twice_the_first_counts_and_both_stay_in_what_nests(engine: Engine, tmp_path: Path) -> None:
    (row,) = read(engine, tmp_path, '{"a": 1, "a": 2, "b": [{"k": 1, "k": 2}]}', source("a b"))
    assert row["a"] == "1"
    assert json.loads(row["b"][1:-1], object_pairs_hook=list) == [("k", "1"), ("k", "2")]


THREE = ['{"a": 1}', '{"a": {"b": 2}}', '{"b": 0, "a": "3"}']
SHAPES = {
    "array": f"[{','.join(THREE)}]",
    "array over lines": "[\n" + ",\n".join(THREE) + "\n]\n",
    "lines": "\n".join(THREE),
    "lines with blank ones": "\n\n".join(THREE) + "\n\n",
    "carriage returns": "\r\n".join(THREE) + "\r\n",
    "byte order mark": "\ufeff" + "\n".join(THREE),
    "array after a byte order mark": f"\ufeff [{','.join(THREE)}]",
    "wrapper": f'{{"status_code": 1000, "data": [{",".join(THREE)}], "timestamp": "2026-03-10T00:00:00Z"}}',
    "wrappers by line": "\n".join(f'{{"data": [{record}]}}' for record in THREE) + '\n{"data": []}',
    "list of wrappers": f'[{{"data": [{THREE[0]},{THREE[1]}]}}, {{"data": [{THREE[2]}]}}]',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_rows(shape: str, engine: Engine, tmp_path: Path) -> None:
    rows = read(engine, tmp_path, SHAPES[shape], source("a", records="data"))
    assert [(row["row_number"], row["a"]) for row in rows] == [(1, "1"), (2, '{"b":"2"}'), (3, "3")]


def test_a_file_wraps_all_or_nothing(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="rule json_shape: 1 of 2 objects wrap a list data; all of a file do, or none"):
        read(engine, tmp_path, '{"data": [{"a": 1}]}\n{"a": 2}', source("a", records="data"))


def test_a_list_that_no_definition_names_is_no_wrapper(engine: Engine, tmp_path: Path) -> None:
    (row,) = read(engine, tmp_path, '{"a": 1, "data": [{"a": 2}]}', source("a data"))
    assert (row["a"], row["data"]) == ("1", '[{"a":"2"}]')


def test_rows_keep_the_order_of_a_large_file(engine: Engine, tmp_path: Path) -> None:
    text = ",".join(f'{{"a": {n}, "pad": "{"x" * (n % 97)}"}}' for n in range(1, 400_001))
    read(engine, tmp_path, f"[{text}]", source("a"))
    assert engine.count("SELECT 1 FROM landed_row WHERE a = CAST(row_number AS VARCHAR)") == 400_000


def test_one_row_per_element_of_nested_lists(engine: Engine, tmp_path: Path) -> None:
    text = """[{"id": "L1", "evses": [{"uid": "E1", "plugs": [{"id": 1}, {"id": 2}]}, {"uid": "E2", "plugs": []}]},
               {"id": "L2"}, {"id": "L3", "evses": [{"uid": "E3", "plugs": [{"id": 1}]}]}]"""
    rows = read(engine, tmp_path, text, source("id evses.uid evses.plugs.id", rows="evses.plugs"))
    assert [tuple(row.values()) for row in rows] == [
        *((1, "L1", "E1", "1"), (2, "L1", "E1", "2"), (3, "L1", "E2", None)),
        *((4, "L2", None, None), (5, "L3", "E3", "1")),
    ]


def test_a_nested_identity_is_a_pseudonym_and_what_stands_beside_it_is_not_carried(
    engine: Engine, tmp_path: Path
) -> None:
    text = '[{"id": 1, "token": {"uid": " WHO ", "contract": "NAMED"}}, {"id": 2, "token": {}}, {"id": 3}]'
    rows = read(engine, tmp_path, text, source("id token.uid", "token.uid"))
    assert [row["token.uid"] for row in rows] == [pseudonym(KEY, "token", "WHO"), None, None]
    kept = str(rows) + str(engine.rows("SELECT to_json(r) AS j FROM landed_row AS r"))
    assert "WHO" not in kept and "NAMED" not in kept
    tables = {row["table_name"] for row in engine.rows("SELECT table_name FROM duckdb_tables()")}
    assert tables == {"landed_row", "source_constant"}


def test_a_definition_may_not_carry_an_identity_inside_another_column(monkeypatch: pytest.MonkeyPatch) -> None:
    definition = load_source("session_csv").definition
    columns = (Column("token", "text", False, False, "whole", None),)
    custom = definition.custom | {"identity": {"token.uid": "token"}}
    whole = Contract("x", definition.path, "", columns, (), (), (), custom)
    monkeypatch.setattr("chargeledger.source.read_contract", lambda path: whole)
    with pytest.raises(Refused, match=r"may not carry an identity as it was sent: token with token\.uid"):
        load_source.__wrapped__("session_csv")


def test_a_required_column_that_stands_in_no_object_refuses_the_file(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"rule columns_present: a of data_contracts/sources/invented_json\.yaml stands"):
        read(engine, tmp_path, '[{"b": 1}, {"b": 2}]', source("a b"))
    assert len(read(engine, tmp_path, '[{"b": 1}, {"a": 2}]', source("a b"))) == 2
    assert read(engine, tmp_path, "[]", source("a b")) == []


def test_members_are_rows_in_their_order_and_tell_their_name(engine: Engine, tmp_path: Path) -> None:
    """Of several objects too; what a member says of its own name does not count, and one that is no object says nothing else."""
    text = '{"z": {"n": 1.10}, "a.b": {"n": null, "key": "x"}, "q\\"": 7}\n\n{"m": {"n": {"deep": 0.1}}, "c": {}}'
    rows = read(engine, tmp_path, text, source("key n n.deep", members="key"))
    assert [(row["row_number"], row["key"], row["n"]) for row in rows] == [
        (1, "z", "1.10"), (2, "a.b", None), (3, 'q"', None), (4, "m", '{"deep":"0.1"}'), (5, "c", None),
    ]  # fmt: skip
    assert [row["n.deep"] for row in rows] == [None, None, None, "0.1", None]
    many = {f"k{n}": {"n": n} for n in random.Random(1).sample(range(5000), 5000)}
    again = read(engine, tmp_path, json.dumps(many), source("key n", members="key"))
    assert [row["key"] for row in again] == list(many)
