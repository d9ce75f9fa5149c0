"""The SQL rules as functions: a text in, what it does that it may not out."""

from __future__ import annotations

import re

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

FLOATING = {exp.DataType.Type.FLOAT, exp.DataType.Type.DOUBLE, exp.DataType.Type.UDOUBLE}
ONE_ENGINE = (exp.Qualify, exp.Columns, exp.Comprehension, exp.TableSample, exp.Lambda)
NOT_REPEATABLE = re.compile(
    r"\b(random|rand|randn|setseed|uuid|gen_random_uuid|now|current_(date|time|timestamp|localtimestamp)"
    r"|local(time|timestamp)|today|get_current_\w+|transaction_timestamp|unix_timestamp)\b",
    re.IGNORECASE,
)
UNITS = {
    "3600": "seconds in an hour",
    "1000": "per mille, W in a kW",
    "1000000000": "ng in a gram",
    "7": "letters of YYYY-MM",
}


def without_text(sql: str) -> str:
    """The SQL with comments and quoted text blanked, its lines kept."""
    return re.sub(r"--[^\n]*|'(?:[^']|'')*'|\"[^\"]*\"", lambda found: " " * len(found[0]), sql)


def duckdb_tree(sql: str) -> exp.Expression:
    """The tree of a query that DuckDB itself can parse. Raises duckdb.ParserException or SqlglotError."""
    (statement,) = duckdb.extract_statements(sql)
    if statement.type != duckdb.StatementType.SELECT:
        raise duckdb.ParserException(f"not a query, but {statement.type}")
    return sqlglot.parse_one(sql, read="duckdb", error_level=sqlglot.ErrorLevel.RAISE)


def breaches(sql: str) -> list[str]:
    """What SQL that decides a number does that it may not."""
    try:
        tree = duckdb_tree(sql)
    except (duckdb.Error, SqlglotError, ValueError) as error:
        return [f"is not duckdb: {str(error).splitlines()[0]}"]
    found, bare = [], without_text(sql)
    try:
        sqlglot.parse_one(sql, read="spark", error_level=sqlglot.ErrorLevel.RAISE)
    except SqlglotError as error:
        found.append(f"is not spark: {str(error).splitlines()[0]}")
    stars = (star for star in tree.find_all(exp.Star) if any(star.args.values()))
    found += [f"is not spark: {node.sql()}" for node in (*tree.find_all(*ONE_ENGINE), *stars)]
    if list(tree.find_all(exp.Div, exp.IntDiv)) or re.search(r"/|\bdiv\b", bare, re.IGNORECASE):
        found.append("divides")
    return found + inexact(tree) + not_repeatable(sql) + template(sql) + constants(sql) + opening_sentence(sql)


def inexact(tree: exp.Expression) -> list[str]:
    """Floating types, and numbers that are not whole."""
    types = [f"names the floating type {t.sql()}" for t in tree.find_all(exp.DataType) if t.this in FLOATING]
    numbers = (node for node in tree.find_all(exp.Literal) if not node.is_string)
    return types + [f"holds {number.this}, which is not whole" for number in numbers if not number.this.isdigit()]


def not_repeatable(sql: str) -> list[str]:
    """Words of chance and of clocks."""
    return [f"says {word[0]}" for word in NOT_REPEATABLE.finditer(without_text(sql))]


def template(sql: str) -> list[str]:
    """Braces and other marks of a template, anywhere, comments included."""
    return ["is a template"] if re.search(r"[{}$]|%s", sql) else []


def constants(sql: str) -> list[str]:
    """Numbers other than 0 and 1 that are no unit constant, or whose first use has no comment on its line or just above."""
    found, lines = [], sql.split("\n")
    seen = {"0", "1"}
    for place, bare in enumerate(without_text(sql).split("\n")):
        for number in re.findall(r"(?<![\w.])\d+", re.sub(r"decimal\(38, ?0\)", "", bare, flags=re.IGNORECASE)):
            if number in seen:
                continue
            seen.add(number)
            has_word = re.search(r"--.*\w", lines[place]) or lines[max(place - 1, 0)].lstrip().startswith("--")
            if number not in UNITS:
                found.append(f"holds {number}")
            elif not has_word:
                found.append(f"holds {number} without a word of comment")
    return found


def opening_sentence(sql: str) -> list[str]:
    """A file opens with a sentence that says what it is, and what one row of it is."""
    lead = re.match(r"-- \w[^\n]*\n(--[^\n]*\n)*", sql)
    sentence = " ".join(line.lstrip("- ") for line in lead[0].splitlines()).split(". ")[0] if lead else ""
    return [] if re.search(r"\bone row\b", sentence) else ["does not open with what one row is"]
