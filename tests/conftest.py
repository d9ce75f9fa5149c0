"""What every room's tests share: a fixed pseudonym key, an empty lake, and the real files beside the checkout."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from chargeledger.engines import ENGINES, SPARK

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A fixed key, and a configuration directory that is not the person's own."""
    monkeypatch.setenv("CHARGELEDGER_PSEUDONYM_KEY", "5a" * 32)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """A lake that is not there yet."""
    return str(tmp_path / "lake")


def _spark_is_missing() -> str:
    """Why Spark cannot be tried here, or nothing."""
    if importlib.util.find_spec("pyspark") is None:
        return "Spark is not installed here: make spark"
    return "" if shutil.which("java") else "Spark needs Java, and there is no java here"


JVM = "driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # quick to start; nothing here runs for long


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Each engine in turn. Spark runs small: what it would compile for a few rows takes longer than what it does."""
    name = str(request.param)
    if name == SPARK:
        if missing := _spark_is_missing():
            pytest.skip(missing)
        settings = (
            "sql.codegen.wholeStage false",
            "sql.codegen.factoryMode NO_CODEGEN",
            "sql.shuffle.partitions 1",
            JVM,
        )
        (tmp_path / "spark.conf").write_text("".join(f"spark.{each}\n" for each in settings), encoding="utf-8")
        monkeypatch.setenv("CHARGELEDGER_SPARK_MASTER", "local[1]")
        monkeypatch.setenv("CHARGELEDGER_SPARK_CONF", str(tmp_path / "spark.conf"))
    return name


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real files beside the checkout; its tests skip where it is absent."""
    folder = CHECKOUT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the real files (../shared) are not beside this checkout")
    return folder
