"""The SQL rules: exact, portable, and saying what it is. Held against every file, and each rule against a planted breach.

What a number depends on (version folders, account, period, publish, invariant) must run on DuckDB and on Spark. What reads
files, judges, looks up or hands out (sources, staging, prelude, completeness, reach, shadow, trace, feed) and what writes the
sample runs on DuckDB alone.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlglot import exp

from chargeledger.contract import contract
from tests.sql_breaches import breaches, duckdb_tree, inexact, not_repeatable, opening_sentence

ROOT = Path(__file__).resolve().parents[1]
TRANSFORMS = ROOT / "transforms"
NUMBER_SQL = sorted(
    [*(ROOT / "methodology").glob("*/*.sql")]
    + [path for room in ("account", "period", "publish", "invariant") for path in (TRANSFORMS / room).rglob("*.sql")]
)
READING_ROOMS = ("sources", "staging", "completeness", "feed", "reach", "sample", "shadow", "trace")
READING_SQL = sorted(path for room in READING_ROOMS for path in (TRANSFORMS / room).rglob("*.sql"))
# Columns that the package adds to what a file selects: where a row stood, and the run that it belongs to.
ADDED = {"landing_digest", "ledger_version", "methodology", "receipt_digest", "relation"}


def where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_there_is_sql_to_hold_to_the_rules() -> None:
    rooms = {path.parent.name for path in NUMBER_SQL}
    assert {"account", "publish", "cn_ev_charging_1.2.0", "us_ev_charging_1.0.0"} <= rooms
    assert {path.stem for path in NUMBER_SQL} >= {
        "allocate",
        "assess",
        "award",
        "intensity",
        "ledger_entry",
        "entry_closes",
    }


@pytest.mark.parametrize("path", NUMBER_SQL, ids=where)
def test_number_sql_keeps_the_rules(path: Path) -> None:
    assert breaches(path.read_text(encoding="utf-8")) == []


SOUND = "-- Points, one row per user.\nSELECT user_id, SUM(points) AS points FROM ledger_entry GROUP BY user_id\n"
PLANTED = [
    ("is not duckdb", SOUND.replace("FROM", "FROM FROM")),
    ("is not duckdb", SOUND.replace("SELECT", "CREATE TABLE t AS SELECT")),
    ("is not spark", SOUND.replace("user_id,", "{'u': user_id} AS u,")),
    ("is not spark", SOUND.replace("user_id,", "* EXCLUDE (user_id),")),
    ("is not spark", SOUND.replace("user_id,", "[x FOR x IN xs] AS xs,")),
    ("is not spark", SOUND.rstrip() + " QUALIFY row_number() OVER (ORDER BY user_id) = 1\n"),
    ("divides", SOUND.replace("SUM(points)", "SUM(points) / 1")),
    ("divides", SOUND.replace("SUM(points)", "SUM(points) // 1")),
    ("names the floating type", SOUND.replace("SUM(points)", "CAST(SUM(points) AS DOUBLE)")),
    ("names the floating type", SOUND.replace("SUM(points)", "CAST(SUM(points) AS REAL)")),
    ("names the floating type", SOUND.replace("SUM(points)", "SUM(points)::FLOAT8")),
    ("holds 0.9, which is not whole", SOUND.replace("SUM(points)", "SUM(points) * 0.9")),
    ("holds 1e3, which is not whole", SOUND.replace("SUM(points)", "SUM(points) * 1e3")),
    ("says random", SOUND.replace("SUM(points)", "SUM(points) + random()")),
    ("says uuid", SOUND.replace("SUM(points)", "uuid()")),
    ("says now", SOUND.replace("GROUP", "WHERE told_at < now() GROUP")),
    ("says current_date", SOUND.replace("GROUP", "WHERE day < current_date GROUP")),
    ("says CURRENT_TIMESTAMP", SOUND.replace("GROUP", "WHERE told_at < CURRENT_TIMESTAMP GROUP")),
    ("is a template", SOUND.replace("Points,", "Points of ${programme},")),
    ("holds 912631200", SOUND.replace("SUM(points)", "SUM(wh * 912631200) -- ug in a kWh\n")),
    ("holds 1000 without a word", SOUND.replace("SUM(points)", "\n  SUM(points) * 1000")),
    ("does not open", SOUND.replace("Points, one row per user.", "Points.")),
    ("does not open", SOUND.replace("-- Points, one row per user.\n", "")),
    ("does not open", SOUND.replace("Points, one row per user.", "Points. There is one row per user.")),
]


@pytest.mark.parametrize(("rule", "sql"), PLANTED)
def test_a_planted_breach_is_found(rule: str, sql: str) -> None:
    assert breaches(SOUND) == []
    assert any(found.startswith(rule) for found in breaches(sql)), breaches(sql)


def test_words_in_comments_and_quotes_break_nothing() -> None:
    said = SOUND.replace("user.", "user; Wh / h, now and then 0.5.").replace(
        "GROUP", "WHERE kind <> 'now() / 0.5' GROUP"
    )
    assert breaches(said) == []


@pytest.mark.parametrize("path", READING_SQL, ids=where)
def test_reading_sql_is_duckdb_and_says_what_it_is(path: Path) -> None:
    sql = path.read_text(encoding="utf-8")
    assert inexact(duckdb_tree(sql)) + not_repeatable(sql) + opening_sentence(sql) == []
    assert not re.search(r"\{\{|\{%|\$\{|%s", sql)


def prelude_functions() -> list[tuple[str, str]]:
    texts = [
        (TRANSFORMS / "prelude" / name).read_text(encoding="utf-8")
        for name in ("duckdb.sql", "ingest.sql", "sample.sql")
    ]
    found = re.findall(r"MACRO (\w+)\([^)]*\) AS\s+(.+?);", re.sub(r"--[^\n]*", "", "\n".join(texts)), re.DOTALL)
    assert len(found) == "\n".join(texts).count("CREATE OR REPLACE MACRO")
    return found


@pytest.mark.parametrize(("name", "body"), [pytest.param(*each, id=each[0]) for each in prelude_functions()])
def test_a_prelude_function_is_exact(name: str, body: str) -> None:
    tree = duckdb_tree(f"SELECT {body} AS {name}")
    assert not list(tree.find_all(exp.Div))
    assert inexact(tree) + not_repeatable(body) == []


def test_number_sql_calls_no_function_of_one_engine_but_those_of_the_prelude() -> None:
    prelude = {name for name, _ in prelude_functions()}
    for path in NUMBER_SQL:
        called = {node.name.lower() for node in duckdb_tree(path.read_text(encoding="utf-8")).find_all(exp.Anonymous)}
        assert called <= prelude, f"{where(path)}: {sorted(called - prelude)}"


def test_number_sql_names_no_region_and_no_programme() -> None:
    """They are rows."""
    names = re.compile(r"'(?:CN|US|NO)(?:-[A-Z]+)*'|'(?:cn|us)_\w+'")
    assert names.search("WHERE region = 'US-CAL-CISO'") and names.search("programme = 'cn_green_energy'")
    assert [where(p) for p in NUMBER_SQL if names.search(p.read_text(encoding="utf-8"))] == []


NAMED = [
    p for p in NUMBER_SQL + READING_SQL if TRANSFORMS in p.parents and (ROOT / f"data_contracts/{p.stem}.yaml").exists()
]


@pytest.mark.parametrize("path", NAMED, ids=where)
def test_a_file_named_like_a_contract_gives_that_relation(path: Path) -> None:
    relation = "published_assessment" if where(path).endswith("publish/session_assessment.sql") else path.stem
    given = set(duckdb_tree(path.read_text(encoding="utf-8")).named_selects)
    is_source = "transforms/sources/" in where(path)  # what a source does not tell is completed, empty
    owed = {column.name for column in contract(relation).digest_columns if column.required or not is_source}
    finishing = TRANSFORMS / "staging" / path.name  # what it gives, a source that it finishes need not
    if is_source and finishing.exists():
        given |= set(duckdb_tree(finishing.read_text(encoding="utf-8")).named_selects)
    assert "*" in given or owed - ADDED <= given, f"owes {sorted(owed - ADDED - given)}"


def test_a_state_is_compared_with_the_one_before_in_every_column() -> None:
    """What is not compared could change without a row that says so."""
    sql = (TRANSFORMS / "account" / "session_state.sql").read_text(encoding="utf-8")
    compared = set(re.findall(r"p\.(\w+) IS DISTINCT FROM n\.\1\b", sql))
    assert compared == {column.name for column in contract("session_state").columns} - {"session_id", "ledger_version"}
