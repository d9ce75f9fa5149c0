"""The folders are the architecture: who may know whom, held against every file, and each rule against a planted breach."""

from __future__ import annotations

import ast
import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DATA_FOLDERS = ("data_contracts", "methodology", "transforms")
HEAVY = {"airflow", "deltalake", "duckdb", "great_expectations", "numpy", "pandas", "pyarrow", "typer"}
PYTHON_SUFFIXES = {".ipynb", ".pth", ".py", ".pyc", ".pyi", ".pyx", ".so"}
SQL = re.compile(
    r"\bselect\b.+\bfrom\b|\binsert\s+into\b|\bcreate\s+(or\s+replace\s+)?(table|view)\b|\bdelete\s+from\b"
    r"|\bupdate\s+\w+\s+set\b|\bpragma\s+\w",
    re.IGNORECASE | re.DOTALL,
)


def python_files(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(folder).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> set[str]:
    """Top-level names of everything imported anywhere in a module, by statement or by a call with a literal name."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            if ast.unparse(node.func).rpartition(".")[2] in ("import_module", "__import__"):
                found.add(str(node.args[0].value))
    return {name.partition(".")[0] for name in found}


def package_knows_no_scheduler(root: Path) -> list[str]:
    dag_modules = {path.stem for path in (root / "dags").glob("*.py")} | {"airflow", "dags"}
    return [
        f"{name} imports {sorted(bad)}"
        for name, t in python_files(root / "chargeledger")
        if (bad := imports(t) & dag_modules)
    ]


def frames_only_in_batch_rules(root: Path) -> list[str]:
    found = []
    for name, tree in python_files(root / "chargeledger"):
        if (bad := imports(tree) & {"great_expectations", "pandas"}) and name != "batch_rules.py":
            found.append(f"{name} imports {sorted(bad)}")
    return found


def spark_is_in_one_module(root: Path) -> list[str]:
    """Others load that module, and only when they are asked for its engine."""
    found = []
    for folder in (root / "chargeledger", root / "dags"):
        for name, tree in python_files(folder):
            if "pyspark" in imports(tree) and name != "spark_engine.py":
                found.append(f"{name} imports pyspark")
            if name != "engines.py" and "chargeledger.spark_engine" in ast.unparse(tree):
                found.append(f"{name} knows the module of Spark")
    return found


def data_folders_hold_no_python(root: Path) -> list[str]:
    files = [path for folder in DATA_FOLDERS for path in sorted((root / folder).rglob("*")) if path.is_file()]
    return [
        path.relative_to(root).as_posix()
        for path in files
        if path.suffix in PYTHON_SUFFIXES or path.read_bytes()[:64].startswith(b"#!")
    ]


def dags_hold_no_sql(root: Path) -> list[str]:
    found = [path.name for path in (root / "dags").rglob("*.sql")]
    for name, tree in python_files(root / "dags"):
        texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        texts += [ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr)]
        found += [f"{name} says {text[:40]!r}" for text in texts if SQL.search(text)]
        found += [
            f"{name} imports {bad}" for bad in sorted(imports(tree) & {"duckdb", "pandas", "deltalake", "pyarrow"})
        ]
    return found


def significant(text: str) -> str:
    """Digits of a number without sign, point, separators, leading and trailing zeros: the same in g, kg and ug."""
    return re.sub(r"[_,.+-]", "", text).strip("0")


def emission_numbers(root: Path) -> tuple[set[str], set[str]]:
    """Significant digits of every number of three and more digits in the version folders, and their shorter decimals as told."""
    told = []
    for path in sorted((root / "methodology").glob("*/parameters.yaml")):
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        told += [str(entry["value"]) for entry in (*said["inputs"], *said["parameters"])]
    for path in sorted((root / "methodology").glob("*/factors.csv")):
        with open(path, encoding="utf-8", newline="") as rows:
            told += [row["factor_ug_per_kwh"] for row in csv.DictReader(rows)]
    digits = {significant(text) for text in told}
    whole = {text for text in told if len(significant(text)) < 3 and ("." in text or len(text) > 4)}
    return {each for each in digits if len(each) >= 3}, whole


def package_holds_no_emission_number(root: Path) -> list[str]:
    digits, whole = emission_numbers(root)
    found = []
    for name, tree in python_files(root / "chargeledger"):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or isinstance(node.value, bool | None | bytes):
                continue
            if isinstance(node.value, float | complex):
                found.append(f"{name}:{node.lineno} floats {node.value}")
            for number in re.findall(r"\d[\d_,]*(?:\.\d+)?", str(node.value)):
                if significant(number) in digits or number in whole:
                    found.append(f"{name}:{node.lineno} holds {number}")
    return found


RULES: list[Callable[[Path], list[str]]] = [
    package_knows_no_scheduler,
    frames_only_in_batch_rules,
    spark_is_in_one_module,
    data_folders_hold_no_python,
    dags_hold_no_sql,
    package_holds_no_emission_number,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_layer_rule(rule: Callable[[Path], list[str]]) -> None:
    assert rule(ROOT) == []


PLANTED = [
    (package_knows_no_scheduler, "chargeledger/a.py", "def f():\n    from airflow.sdk import dag\n"),
    (package_knows_no_scheduler, "chargeledger/a.py", "import dags.account_vintage\n"),
    (package_knows_no_scheduler, "chargeledger/a.py", "import importlib\nimportlib.import_module('airflow.sdk')\n"),
    (frames_only_in_batch_rules, "chargeledger/a.py", "import pandas as pd\n"),
    (frames_only_in_batch_rules, "chargeledger/a.py", "if True:\n    import great_expectations.expectations\n"),
    (spark_is_in_one_module, "chargeledger/a.py", "from pyspark.sql import SparkSession\n"),
    (spark_is_in_one_module, "dags/a.py", "def f():\n    __import__('pyspark')\n"),
    (spark_is_in_one_module, "chargeledger/a.py", "from chargeledger.spark_engine import SparkEngine\n"),
    (data_folders_hold_no_python, "transforms/account/a.py", "x = 1\n"),
    (data_folders_hold_no_python, "methodology/__pycache__/a.cpython-311.pyc", "\n"),
    (data_folders_hold_no_python, "data_contracts/run", "#!/usr/bin/env python3\n"),
    (dags_hold_no_sql, "dags/a.py", "def f(d):\n    return f'SELECT points\\nFROM ledger_entry WHERE vintage = {d}'\n"),
    (dags_hold_no_sql, "dags/a.sql", "SELECT 1\n"),
    (dags_hold_no_sql, "dags/a.py", "def f():\n    import duckdb\n"),
    (package_holds_no_emission_number, "chargeledger/a.py", "BASELINE = 912_631_200\n"),
    (package_holds_no_emission_number, "chargeledger/a.py", "EFFICIENCY = 923\n"),
    (package_holds_no_emission_number, "chargeledger/a.py", "SQL = 'reading_wh * 5306 / 10000'\n"),
    (package_holds_no_emission_number, "chargeledger/a.py", "COAL = 760000000\n"),
    (package_holds_no_emission_number, "chargeledger/a.py", "FUEL = '6.5'\n"),
    (package_holds_no_emission_number, "chargeledger/a.py", "SHARE = 0.1\n"),
]


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED, ids=lambda value: getattr(value, "__name__", None))
def test_a_planted_breach_is_found(rule: Callable[[Path], list[str]], path: str, text: str, tmp_path: Path) -> None:
    for folder in ("chargeledger", "dags", *DATA_FOLDERS):
        (tmp_path / folder).mkdir()
    version = tmp_path / "methodology" / "cn_1.0.0"
    version.mkdir()
    (version / "parameters.yaml").write_text(
        "inputs: [{value: '6.5'}]\nparameters: [{value: 912631200}, {value: 923}]\n", encoding="utf-8"
    )
    (version / "factors.csv").write_text("factor_ug_per_kwh\n530600000\n760000000\n", encoding="utf-8")
    (tmp_path / "dags" / "account_vintage.py").write_text("def of(flow):\n    flow.account()\n", encoding="utf-8")
    (tmp_path / "chargeledger" / "batch_rules.py").write_text("import pandas\nUNIT = 1000\n", encoding="utf-8")
    assert rule(tmp_path) == [], "the sound tree breaks no rule"
    (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
    (tmp_path / path).write_text(text, encoding="utf-8")
    assert len(rule(tmp_path)) == 1


def loaded_by(module: str) -> set[str]:
    """Top-level names in sys.modules of a fresh Python after one import."""
    code = f"import {module}, sys, json; print(json.dumps(sorted({{n.partition('.')[0] for n in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_rooms_is_light_enough_for_a_dag_file() -> None:
    assert loaded_by("chargeledger.rooms") & HEAVY == set()
    assert loaded_by("chargeledger.engine") & HEAVY >= {"duckdb", "pyarrow"}, "the question can be answered with yes"


def test_the_command_line_starts_without_frames_and_scheduler() -> None:
    assert loaded_by("chargeledger.cli") & {"airflow", "great_expectations", "pandas"} == set()
