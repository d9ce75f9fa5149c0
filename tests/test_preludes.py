"""The words in which engines differ: each engine defines the same, and each gives what plain Python gives."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from chargeledger import rooms
from chargeledger.engines import open_engine
from chargeledger.methodology import PRELUDES, prelude_functions

# What Spark has itself under that name, with that meaning.
BUILT_IN = {"sequence", "explode"}


def seconds(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0, zone: str = "UTC") -> int:
    return int(datetime(year, month, day, hour, minute, second, tzinfo=ZoneInfo(zone)).timestamp())


def sha(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


LAST, FIRST = seconds(2026, 3, 10, 15, 59, 59), seconds(2026, 3, 10, 16)
TOLD = f"'CN-GRID-EAST', 'AC', 'ac_input', {{}}, instant_of({LAST}), instant_of({FIRST}), 10000"
DIGEST = sha("CN-GRID-EAST", "AC", "ac_input", "7000", str(LAST), str(FIRST), "10000")
OWED: dict[str, object] = {
    "int_div(7, 2)": 3,
    "int_div(-7, 2)": -4,
    "int_div(-6, 2)": -3,
    "int_div(7, -2)": -4,
    "int_div(0, 5)": 0,
    "div_up(7, 2)": 4,
    "div_up(-7, 2)": -3,
    "div_up(6, 2)": 3,
    "int_div(123456789012345678901234567890, 1000000000)": 123456789012345678901,
    "wide(9000000000) * 9000000000": 81 * 10**18,
    "epoch_s(instant_of(-1))": -1,
    f"epoch_s(instant_of({FIRST}))": FIRST,
    "epoch_us(instant_of(2))": 2_000_000,
    f"local_date(instant_of({LAST}), 'Asia/Shanghai')": date(2026, 3, 10),
    f"local_date(instant_of({FIRST}), 'Asia/Shanghai')": date(2026, 3, 11),
    "epoch_s(day_start(DATE '2026-03-08', 'America/Los_Angeles'))": seconds(2026, 3, 8, 0, zone="America/Los_Angeles"),
    "epoch_s(day_start(DATE '2026-03-09', 'America/Los_Angeles'))": seconds(2026, 3, 9, 0, zone="America/Los_Angeles"),
    "epoch_s(day_start(DATE '2026-11-02', 'America/Los_Angeles'))": seconds(2026, 11, 2, 0, zone="America/Los_Angeles"),
    "date_add_days(DATE '2026-02-28', 1)": date(2026, 3, 1),
    "date_add_days(DATE '2026-03-01', -1)": date(2026, 2, 28),
    "month_start(DATE '2026-02-28')": date(2026, 2, 1),
    "next_month(DATE '2026-12-31')": date(2027, 1, 1),
    "date_add_months(DATE '2026-01-31', 1)": date(2026, 2, 28),
    "date_add_months(DATE '2026-02-28', 1)": date(2026, 3, 28),
    "sha256_hex('abc')": hashlib.sha256(b"abc").hexdigest(),
    f"session_digest({TOLD.format(7000)})": DIGEST,
    f"telling_digest({TOLD.format(7000)}, CAST(NULL AS STRING), CAST(NULL AS STRING))": DIGEST,
    f"telling_digest({TOLD.format(7000)}, 'i', CAST(NULL AS STRING))": sha(DIGEST, "i", ""),
    "station_digest('R', CAST(NULL AS STRING), 'ac_input', CAST(NULL AS BIGINT))": sha("R", "ac_input", ""),
    "place_digest('R', 'AC', 'ac_input', 7000, CAST(NULL AS STRING))": sha("R", "AC", "ac_input", "7000"),
    "place_digest('R', 'AC', 'ac_input', 7000, '310101')": sha(sha("R", "AC", "ac_input", "7000"), "310101"),
    "is_list_of('b, a', 'a|b')": True,
    "is_list_of('b,a', 'a|b')": False,
    "is_list_of('', 'a|b')": False,
}


def test_every_word_means_the_same(engine_name: str, tmp_path: Path) -> None:
    with open_engine(engine_name, tmp_path) as engine:
        (row,) = engine.rows("SELECT " + ", ".join(f"{word} AS w{number}" for number, word in enumerate(OWED)))
        listed = engine.rows("SELECT explode(sequence(first, last)) AS n FROM (SELECT 2 AS first, 4 AS last) AS t")
    found = {word: row[f"w{number}"] for number, word in enumerate(OWED)}
    assert {word: int(value) if isinstance(OWED[word], int) else value for word, value in found.items()} == OWED  # type: ignore[call-overload]
    assert [each["n"] for each in listed] == [2, 3, 4]


def test_every_prelude_has_every_word() -> None:
    words = {
        engine: set(prelude_functions(rooms.TRANSFORMS / "prelude" / file)) for engine, (file, _) in PRELUDES.items()
    }
    assert words["spark"] | BUILT_IN == words["duckdb"] | {"epoch_us"}
    assert all(f"{name}(" in " ".join(OWED) for name in words["duckdb"] - BUILT_IN)


def test_hours_of_a_session_are_counted_the_same(engine_name: str, tmp_path: Path) -> None:
    """A session of one second, one that ends on the hour, one that begins a second before it."""
    spans = [(0, 1), (0, 3600), (3599, 3601), (0, 7201)]
    rows = [tuple(datetime.fromtimestamp(each, UTC) for each in span) for span in spans]
    with open_engine(engine_name, tmp_path) as engine:
        engine.load_rows("session", "started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ", rows)
        engine.load_hour_offsets()
        found = {(row["hours_touched"], row["hour_offset"]) for row in engine.rows("SELECT * FROM hour_offset")}
    assert found == {(hours, offset) for hours in (1, 2, 3) for offset in range(hours)}
