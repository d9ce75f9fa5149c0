"""The room WHEN: its DAGs parse, know nothing but when and whom to call, and explain their parameters."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from chargeledger import rooms
from tests.dags.embedded import DAGS, airflow_env

DAG_IDS = {
    *("account_vintage", "check_completeness", "ingest_charging_sessions", "ingest_grid_mix"),
    *("publish_points", "pull_charging_sessions", "rerun_methodology"),
}
DAG_FILES = sorted(DAGS / f"{dag_id}.py" for dag_id in DAG_IDS)
SHARED = DAGS / "dag_shape.py"
MAX_LINES = 80
PATIENCE = {"retries", "seconds", "max_active_runs"}  # the only numbers of the room
LIGHT = {"__future__", "typing", "airflow.sdk", "airflow.sdk.exceptions", "dag_shape", "chargeledger.rooms"}
LIGHT_SHARED = LIGHT | {"chargeledger.errors", "collections.abc", "contextlib", "datetime", "os", "pathlib"}
IN_TASKS = {"chargeledger.asking", "chargeledger.errors", "chargeledger.flow"}
SQL_WORD = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|FROM|WHERE)\b")

DESCRIBE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
sys.path.insert(0, sys.argv[1])
bag = DagBag(sys.argv[1])
print("DAGS " + json.dumps({"errors": bag.import_errors, "dags": {name: {
    "schedule": type(dag.timetable).__name__, "doc": dag.doc_md, "tags": sorted(dag.tags), "catchup": dag.catchup,
    "max_active_runs": dag.max_active_runs, "retries": sorted({task.retries for task in dag.tasks}),
    "params": {key: dag.params.get_param(key).serialize() for key in dag.params},
} for name, dag in bag.dags.items()}}, default=str))
"""


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Airflow reads in the DAG folder, told by a process of its own."""
    env = airflow_env(tmp_path_factory.mktemp("parse"))
    command = [sys.executable, "-c", DESCRIBE, str(DAGS)]
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    line = next(line for line in told.stdout.splitlines() if line.startswith("DAGS "))
    return dict(json.loads(line.removeprefix("DAGS ")))


def test_the_folder_holds_these_dags_and_no_other(parsed: dict[str, Any]) -> None:
    assert parsed["errors"] == {}
    assert set(parsed["dags"]) == DAG_IDS


def test_every_dag_runs_alone_never_catches_up_and_explains_itself(parsed: dict[str, Any]) -> None:
    for dag_id, dag in parsed["dags"].items():
        assert (dag["max_active_runs"], dag["catchup"]) == (1, False), dag_id
        assert all(dag["retries"]), dag_id
        assert dag["doc"].strip(), dag_id
        assert "chargeledger" in dag["tags"], dag_id


def test_arrivals_wake_accounting_and_accounting_wakes_publication(parsed: dict[str, Any]) -> None:
    woken = {dag_id for dag_id, dag in parsed["dags"].items() if dag["schedule"] == "AssetTriggeredTimetable"}
    assert woken == {"account_vintage", "publish_points"}
    assert parsed["dags"]["rerun_methodology"]["schedule"] == "NullTimetable"


GRID = ("grid_mix_hour", "grid_intensity_told", "grid_factor_year", "green_supply_hour", "certificate")
SESSION = ("charging_session", "charging_station", "session_owner", "enrolment", "delivery_control")


def of_any(*relations: str) -> list[str]:
    return sorted({source for relation in relations for source in rooms.source_names(relation)})


def test_every_parameter_is_described_and_its_choices_are_those_of_the_rooms(parsed: dict[str, Any]) -> None:
    choices = {
        ("account_vintage", "programme"): ["", *rooms.programme_names()],
        ("account_vintage", "engine"): ["duckdb", "spark"],
        ("check_completeness", "programme"): ["", *rooms.programme_names()],
        ("ingest_charging_sessions", "source"): ["", *of_any(*SESSION)],
        ("ingest_grid_mix", "source"): ["", *of_any(*GRID)],
        ("pull_charging_sessions", "source"): of_any("charging_session"),
        ("rerun_methodology", "methodology"): rooms.methodology_names(),
        ("rerun_methodology", "programme"): rooms.programme_names(),
    }
    params = {(dag_id, name): param for dag_id, dag in parsed["dags"].items() for name, param in dag["params"].items()}
    assert {(dag_id, name) for dag_id in DAG_IDS for name in ("lake", "at")} <= set(params)
    assert [key for key, param in params.items() if not param["description"]] == []
    assert [key for key in params if re.search("token|password|secret|key", key[1])] == []
    assert {key: param["schema"]["enum"] for key, param in params.items() if "enum" in param["schema"]} == choices


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_a_dag_is_short(path: Any) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", [*DAG_FILES, SHARED], ids=lambda path: path.stem)
def test_a_dag_knows_when_and_whom_to_call_and_nothing_else(path: Any) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert foreign_imports(tree, LIGHT_SHARED if path == SHARED else LIGHT) == []
    assert stray_numbers(tree) == []
    assert arithmetic(tree) == []
    assert sql(tree) == []


@pytest.mark.parametrize(
    ("line", "check"),
    [
        ("import pandas", lambda tree: foreign_imports(tree, LIGHT)),
        ("def task():\n    import pandas", lambda tree: foreign_imports(tree, LIGHT)),
        ("from airflow.models import DAG", lambda tree: foreign_imports(tree, LIGHT)),
        ("from chargeledger import flow", lambda tree: foreign_imports(tree, LIGHT)),
        ("account(threshold=500)", lambda tree: stray_numbers(tree)),
        ("share = 0.923", lambda tree: stray_numbers(tree)),
        ("due - posted", lambda tree: arithmetic(tree)),
        ("run('SELECT points FROM ledger_entry')", lambda tree: sql(tree)),
    ],
)
def test_what_does_not_belong_is_seen(line: str, check: Callable[[ast.Module], list[str]]) -> None:
    assert check(ast.parse(line))


def modules(node: ast.AST) -> set[str]:
    """The modules that an import names; `from chargeledger import flow` names chargeledger.flow."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        inside = node.module == "chargeledger"
        return {f"chargeledger.{alias.name}" for alias in node.names} if inside else {str(node.module)}
    return set()


def foreign_imports(tree: ast.Module, light: set[str]) -> list[str]:
    """Modules that a DAG file may not import: of the heavy ones, tasks may import what carries the work."""
    at_top = {module for node in tree.body for module in modules(node)}
    anywhere = {module for node in ast.walk(tree) for module in modules(node)}
    return sorted((at_top - light) | (anywhere - light - IN_TASKS))


def stray_numbers(tree: ast.Module) -> list[str]:
    """Numbers that are not the room's own patience."""
    named = [(word.arg, word.value) for node in ast.walk(tree) if isinstance(node, ast.Call) for word in node.keywords]
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            named += [(key.value, value) for key, value in pairs if isinstance(key, ast.Constant)]  # type: ignore[misc]
    patience = [value for name, value in named if name in PATIENCE]
    numbers = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) in (int, float)]
    return [ast.unparse(number) for number in numbers if number not in patience]


def arithmetic(tree: ast.Module) -> list[str]:
    """Any operator but `|`, which joins types and doorbells."""
    operations = [node for node in ast.walk(tree) if isinstance(node, (ast.BinOp, ast.AugAssign))]
    return [ast.unparse(node) for node in operations if not isinstance(node.op, ast.BitOr)]


def sql(tree: ast.Module) -> list[str]:
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text for text in texts if SQL_WORD.search(text)]
