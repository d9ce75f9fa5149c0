"""A file made to harm is refused by a rule with a name, and the process lives on: the next file is read as ever."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chargeledger import flow
from chargeledger.errors import Refused, UsageError
from chargeledger.limits import DEFAULTS, clean_name
from tests.staging.canonical_files import AT, SESSION_COLUMNS, csv_text, session_row, session_rows
from tests.staging.command_line import chargeledger
from tests.staging.json_files import cdr
from tests.staging.lake_contents import batches, rows_of

RECORD = json.dumps(cdr(1))
DEEP = "[" * 100_000 + "]" * 100_000


def _with(field: str, text: str) -> bytes:
    return RECORD.replace('"total_time": 1.0', f'"{field}": {text}').encode()


JSON: dict[str, tuple[str, bytes]] = {
    "a hundred thousand levels": ("nesting_depth", f"[{DEEP}]".encode()),
    "a hundred thousand levels in a record": ("nesting_depth", _with("x", DEEP)),
    "a hundred thousand levels that never close": ("json_whole", b"[" * 100_000),
    "a hundred thousand objects that never close": ("json_whole", b'{"a":' * 100_000),
    "levels hidden behind quotes": ("nesting_depth", _with("x", '["\\"[",' * 40 + "1" + "]" * 40)),
    "one object of 17 MB": ("object_size", _with("x", f'"{"x" * (17 << 20)}"')),
    "one object of 50 MB that never closes": ("json_whole", b'{"x": "' + b"x" * (50 << 20)),
    "cut in a record": ("json_whole", f"[{RECORD}, {RECORD[:200]}".encode()),
    "cut after a comma": ("json_whole", f"[{RECORD},".encode()),
    "cut behind a brace": ("json_whole", f"[{RECORD}".encode()),
    "cut line": ("json_whole", f"{RECORD}\n{RECORD[:-1]}".encode()),
    "cut so that it ends in a brace": ("json_whole", f'{RECORD}\n{{"a": {{}}'.encode()),
    "a comma too many": ("json_whole", f"{RECORD},\n{RECORD}".encode()),
    "bytes that are no UTF-8": ("utf8", RECORD.replace("r1", "rÿ").encode("latin-1")),
    "half a surrogate": ("json_whole", _with("x", '"\\ud800"')),
    "a control character": ("json_whole", _with("x", '"a\x00b"')),
    "UTF-16": ("json_shape", RECORD.encode("utf-16")),
    "nothing but blanks": ("json_shape", b" \n\t\n"),
    "a byte order mark alone": ("json_shape", b"\xef\xbb\xbf"),
    "no bytes": ("rows_present", b""),
    "text": ("json_shape", b'"record"'),
    "a number": ("json_shape", b"5"),
    "CSV": ("json_shape", csv_text(SESSION_COLUMNS, session_rows(2)).encode()),
    "a number for an object": ("json_objects", f"[{RECORD}, 5]".encode()),
    "null for an object": ("json_objects", f"[null, {RECORD}]".encode()),
    "a list for an object": ("json_objects", f"{RECORD}\n[{RECORD}]\n{RECORD}".encode()),
    "an empty array": ("rows_present", b"[]"),
    "an empty page": ("rows_present", b'{"data": [], "status_code": 1000}'),
    "an error for a page": ("columns_present", b'{"status_code": 2001, "status_message": "unknown"}'),
    "a page and a record": ("json_shape", f'{{"data": [{RECORD}]}}\n{RECORD}'.encode()),
    "NaN": ("json_numbers", _with("x", "NaN")),
    "Infinity": ("json_numbers", _with("x", "-Infinity")),
    "inf in small letters": ("json_numbers", _with("x", "[inf]")),
}


def _parquet(*columns: str, rows: int = 20, value: str = "1") -> bytes:
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([value]))
    out = io.BytesIO()
    pq.write_table(pa.table(dict.fromkeys(columns or SESSION_COLUMNS, repeated)), out)
    return out.getvalue()


def _claiming(rows: int) -> bytes:
    """A Parquet file of a thousand rows whose footer says that it has so many."""

    def varint(number: int) -> bytes:
        return bytes([number & 127 | 128]) + varint(number >> 7) if number > 127 else bytes([number])

    whole = _parquet(rows=1000)
    start = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    footer = whole[start:-8].replace(varint(2000), varint(rows * 2), 1)  # zigzag
    return whole[:start] + footer + len(footer).to_bytes(4, "little") + b"PAR1"


CSV: dict[str, tuple[str, bytes]] = {
    "a hundred thousand columns": ("column_count", ",".join(f"c{n}" for n in range(100_000)).encode() + b"\n1"),
    "a header of 3 MB without an end": ("csv_shape", b"x" * (3 << 20)),
    "a header that is one open quote": ("csv_shape", b'"' + b"x,\n" * (1 << 20)),
    "a quote that closes after 2 MB": (
        "line_size",
        csv_text(SESSION_COLUMNS, [session_row("S1", station_id="x\n" * (1 << 20)), *session_rows(5)]).encode(),
    ),
    "zeros": ("columns_present", b"\0" * 100_000),
    "a Parquet file": ("utf8", _parquet()),
}
PARQUET: dict[str, tuple[str, bytes]] = {
    "twenty thousand columns": ("column_count", _parquet(*(f"c{n}" for n in range(20_000)), rows=1)),
    "a hundred kB in each of a million rows": ("file_size", _parquet(rows=1_000_000, value="x" * 100_000)),
    "a claim of 10^15 rows": ("row_count", _claiming(10**15)),
    "a claim of fewer columns than it has bytes for": ("parquet_whole", _parquet()[:-8] + b"\xff\xff\xff\x7fPAR1"),
    "a footer of noise": (
        "parquet_whole",
        _parquet()[:-200] + bytes(range(192)) + (192).to_bytes(4, "little") + b"PAR1",
    ),
    "JSON": ("parquet_whole", RECORD.encode()),
}
KINDS = {
    "ocpi_cdr": (JSON, RECORD.encode()),
    "session_csv": (CSV, csv_text(SESSION_COLUMNS, session_rows(1)).encode()),
    "session_parquet": (PARQUET, None),
}


@pytest.mark.parametrize("source", KINDS)
def test_every_hostile_file_is_refused_by_its_rule_and_a_sound_one_read_after_them(
    source: str, lake: str, tmp_path: Path
) -> None:
    """All in one process of its own, which ends as it should: by its own exit code and no signal."""
    hostile, sound = KINDS[source]
    for name, (_, content) in hostile.items():
        (tmp_path / name).write_bytes(content)
    paths = [str(tmp_path / name) for name in hostile]
    if sound is None:
        out = io.BytesIO()
        pq.write_table(pa.table({name: [session_row("S1")[name]] for name in SESSION_COLUMNS}), out)
        sound = out.getvalue()
    (tmp_path / "sound").write_bytes(sound)

    done = chargeledger("ingest", source, *paths, str(tmp_path / "sound"), "--lake", lake, "--at", AT)
    assert done.returncode == 1, done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    told = dict(re.findall(r"^refused  (.+?): rule (\w+): ", done.stderr, re.MULTILINE))
    assert told == {name: rule for name, (rule, _) in hostile.items()}
    assert "staged  sound: 1 rows, 1 accepted" in done.stderr
    assert len(done.stderr) < 30_000, "no message repeats what a file holds"
    assert [row["state"] for row in batches(lake)] == ["refused"] * len(hostile) + ["staged"]


def _sized(length: int) -> bytes:
    return RECORD.encode().ljust(length)


def _deep(levels: int) -> bytes:
    """The record itself is the first level."""
    return _with("x", "[" * (levels - 1) + "]" * (levels - 1))


BOUNDARIES: list[tuple[str, int, str, Callable[[int], bytes]]] = [
    ("file_size", 2000, "ocpi_cdr", _sized),
    ("object_size", 2000, "ocpi_cdr", lambda n: _with("x", f'"{"x" * (n - len(_with("x", chr(34) * 2)))}"')),
    ("nesting_depth", 12, "ocpi_cdr", _deep),
    ("row_count", 4, "ocpi_cdr", lambda n: "\n".join(json.dumps(cdr(i)) for i in range(n)).encode()),
    ("column_count", 12, "session_csv", lambda n: csv_text(_columns(n), session_rows(3)).encode()),
    ("line_size", 200, "session_csv", lambda n: csv_text(SESSION_COLUMNS, [_long(n), *session_rows(5)]).encode()),
    ("row_count", 4, "session_parquet", lambda n: _sessions(n)),
    ("column_count", 12, "session_parquet", lambda n: _sessions(3, *_columns(n)[12:])),
]  # fmt: skip


def _columns(count: int) -> list[str]:
    return [*SESSION_COLUMNS, "more", "most"][:count]


def _long(length: int) -> dict[str, str]:
    """A row whose line has so many bytes before it ends."""
    line = csv_text(SESSION_COLUMNS, [session_row("L", station_id="")]).splitlines()[1]
    return session_row("L", station_id="x" * (length - len(line)))


def _sessions(count: int, *more: str) -> bytes:
    out, rows = io.BytesIO(), session_rows(count)
    pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in (*SESSION_COLUMNS, *more)}), out)
    return out.getvalue()


@pytest.mark.parametrize(("rule", "most", "source", "make"), BOUNDARIES, ids=[f"{b[2]} {b[0]}" for b in BOUNDARIES])
def test_a_limit_is_reached_and_not_passed(
    rule: str,
    most: int,
    source: str,
    make: Callable[[int], bytes],
    lake: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"CHARGELEDGER_LIMIT_{rule.upper()}", str(most))
    (tmp_path / "at").write_bytes(make(most))
    (tmp_path / "beyond").write_bytes(make(most + 1))
    flow.ingest(source, [str(tmp_path / "at")], lake, AT)
    with pytest.raises(
        Refused, match=f"beyond: rule {rule}: .*at most {most:,} is read.*CHARGELEDGER_LIMIT_{rule.upper()}"
    ):
        flow.ingest(source, [str(tmp_path / "beyond")], lake, AT)


@pytest.mark.parametrize("text", ["0", "-1", "1e9", "many", "4GB"])
def test_a_limit_that_is_no_number_is_a_mistake_in_the_call(
    text: str, lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARGELEDGER_LIMIT_ROW_COUNT", text)
    (tmp_path / "sound").write_text(RECORD)
    with pytest.raises(UsageError, match=f"CHARGELEDGER_LIMIT_ROW_COUNT is '{text}'"):
        flow.ingest("ocpi_cdr", [str(tmp_path / "sound")], lake, AT)
    assert DEFAULTS["row_count"] == 100_000_000


def test_quotes_and_line_breaks_inside_a_field_of_csv_are_read_right(lake: str, tmp_path: Path) -> None:
    odd = ['a "quoted" name', "over\ntwo lines", "with, a comma", '"', 'ends in "', "\r\n both", "充电站"]
    path = tmp_path / "sessions.csv"
    rows = [session_row(f"S{n}", station_id=f"x{text}x") for n, text in enumerate(odd)]
    path.write_text(csv_text(SESSION_COLUMNS, rows), encoding="utf-8", newline="")
    flow.ingest("session_csv", [str(path)], lake, AT)
    told = sorted(rows_of(lake, "charging_session"), key=lambda row: row["row_number"])
    assert [row["station_id"] for row in told] == [f"x{text}x".upper() for text in odd]


NAMES = {
    "a line\nbreak.json": "a line?break.json",
    "\x1b[31mred\x07.json": "?[31mred?.json",
    "turned \u202enosj.json": "turned ?nosj.json",
    "..\\..\\etc\\passwd": "passwd",
    "国网 3月.json": "国网 3月.json",
    "x" * 250 + ".json": "x" * 199 + "…",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_known_by_a_clean_base_name(name: str, lake: str, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    path = tmp_path / "below" / ".." / name
    if len(name) < 200:
        path.write_text(RECORD)
        (told,) = flow.ingest("ocpi_cdr", [str(path)], lake, AT)
        assert told["file"] == rows_of(lake, "landing_file")[0]["file_name"] == NAMES[name]
    assert clean_name(f"../../{name}") == NAMES[name]
    assert clean_name("/etc/") == "" and clean_name("\udcff.csv") == "?.csv"


def test_no_path_of_the_lake_comes_from_a_file_or_its_name(lake: str, tmp_path: Path) -> None:
    told = cdr(1, id="../../up", cdr_location__id="..", country_code="NL", last_updated="2026-03-10T00:00:00Z")
    (tmp_path / "..up.json").write_text(json.dumps(told))
    flow.ingest("ocpi_cdr", [str(tmp_path / "..up.json")], lake, AT)
    assert rows_of(lake, "charging_session")[0]["session_id"] == "NL*INV:../../UP"
    assert not [path for path in Path(lake).rglob("*") if "up" in path.name.lower().split(".")]
