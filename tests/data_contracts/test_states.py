"""The states of a session: the contract tells every one that the SQL can give, with its meaning, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot import exp

ROOT = Path(__file__).resolve().parents[2]
# Where a state that a file takes over comes from: the relation behind its alias.
TAKEN_OVER = {
    "account/session_state": {"x": "account/session_set_aside"},
    "publish/session_status": {"s": "account/session_state", "v": "account/vintage_judged"},
}
WHOLE = {"account/session_state": "account/kept_state"}  # all rows of another file are among those of this one


def state_column(contract: str) -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "data_contracts" / f"{contract}.yaml").read_text(encoding="utf-8"))
    (column,) = [column for column in document["schema"][0]["properties"] if column["name"] == "state"]
    return dict(column)


def sql_of(relation: str) -> str:
    return (ROOT / "transforms" / f"{relation}.sql").read_text(encoding="utf-8")


def given(relation: str, sql: str | None = None) -> set[str]:
    """Every value that the column `state` of a relation can have, by its SQL."""
    tree = sqlglot.parse_one(sql or sql_of(relation), read="duckdb")
    told = [alias.this for alias in tree.find_all(exp.Alias) if alias.alias == "state"]
    for union in tree.find_all(exp.SetOperation):
        names = [column.alias_or_name for column in union.left.selects]
        told += [union.right.selects[names.index("state")]] if "state" in names else []
    whole = given(WHOLE[relation]) if relation in WHOLE else set()
    return {value for column in told for value in values(relation, column)} | whole


def values(relation: str, column: exp.Expression) -> set[str]:
    """The texts that an expression may come to; the condition of a CASE is none of them."""
    column = column.unalias()
    if isinstance(column, exp.Case):
        branches = [branch.args["true"] for branch in column.args["ifs"]] + [column.args["default"]]
        taken = {value for branch in branches for value in values(relation, branch)}
        # 'awarded' is what a session is told by its vintage's state instead.
        return taken - {"awarded"} if relation == "publish/session_status" else taken
    if isinstance(column, exp.Coalesce):
        return {value for told in (column.this, *column.expressions) for value in values(relation, told)}
    if isinstance(column, exp.Literal):
        return {column.name}
    if isinstance(column, exp.Column) and column.name == "state":
        source = TAKEN_OVER.get(relation, {}).get(column.table)
        return given(source) if source else set()
    raise AssertionError(f"{relation}: what may {column.sql()} be?")


def test_the_contract_tells_every_state_that_a_session_can_have_and_no_other() -> None:
    (told,) = [
        item["value"] for item in state_column("session_status")["customProperties"] if item["property"] == "values"
    ]
    assert set(told) == given("publish/session_status")
    assert len(told) == 12, "a reader of SQL that finds nothing agrees with anything"
    assert all(len(meaning.split()) >= 4 for meaning in told.values())


def test_the_contract_of_the_state_kept_names_them_too() -> None:
    named = re.split(r", | or ", state_column("session_state")["description"])
    assert sorted(named) == sorted(given("account/session_state"))
    assert "awarded" in named and not {"provisional", "final"} & set(named)


@pytest.mark.parametrize(
    ("relation", "was", "now"),
    [
        ("account/session_state", "'awaiting owner'", "'awaiting nobody'"),
        ("account/session_state", "ELSE 'awarded'", "ELSE 'due'"),
        ("account/kept_state", "THEN 'awaiting approval'", "THEN 'held'"),
        ("account/kept_state", "coalesce(o.state, 'awarded')", "coalesce(o.state, 'kept')"),
    ],
)
def test_another_state_in_the_sql_is_seen(relation: str, was: str, now: str) -> None:
    sql = sql_of(relation)
    assert was in sql and relation in (*WHOLE, *WHOLE.values())
    found = given(relation, sql.replace(was, now))
    assert found ^ given(relation) >= {now.split("'")[1]}
