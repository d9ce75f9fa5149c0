"""The engines that can hold the relations of an accounting. Which one does makes no difference to any result."""

from __future__ import annotations

from pathlib import Path

from chargeledger.engine import Engine
from chargeledger.errors import UsageError
from chargeledger.place import is_folder, scratch
from chargeledger.relations import Relations

DUCKDB, SPARK = "duckdb", "spark"
ENGINES = (DUCKDB, SPARK)


def check_engine(name: str) -> None:
    """Raise UsageError where there is no engine of that name."""
    if name not in ENGINES:
        raise UsageError(f"unknown engine '{name}': {', '.join(ENGINES)}")


def open_engine(name: str, root: Path) -> Relations:
    """An engine by its name, for the lake at `root`. Raises UsageError where it is not there, or cannot reach the lake."""
    check_engine(name)
    if name == DUCKDB:
        return Engine(spill=scratch(root), in_order=False)
    if not is_folder(root):
        raise UsageError(f"the engine spark needs a lake in a folder that all its machines see: {root} is none")
    try:
        from chargeledger.spark_engine import SparkEngine
    except ImportError as error:
        raise UsageError(
            f"the engine spark is not installed ({error}): pip install 'chargeledger[spark]', with Java 17"
        ) from error
    return SparkEngine(scratch(root))
