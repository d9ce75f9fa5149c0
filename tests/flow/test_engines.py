"""The same files, the same ledger, whatever engine computed it: entries, states and publication, to the last digit."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chargeledger import asking, flow
from chargeledger.engines import DUCKDB, SPARK
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.crash import outcome
from tests.crash.small_flow import FIRST, SECOND, write_files
from tests.ledger.book import NOON

ROOT = Path(__file__).resolve().parents[2]


def send(lake: Path, folder: Path, sent: dict[str, list[str]]) -> None:
    """Ingest files, the grid before the sessions."""
    for pair in reversed(write_files(folder, sent)[1::2]):
        source, _, path = pair.partition("=")
        flow.ingest(source, [path], str(lake), NOON)


def by_duckdb(folder: Path, *, at_once: bool = False) -> Path:
    """A lake to which both sendings were told, accounted on DuckDB after each or after both, and published."""
    lake = folder / "by duckdb"
    for number, sent in enumerate((FIRST, SECOND)):
        send(lake, folder / str(number), sent)
        if number or not at_once:
            flow.account(str(lake), at=NOON)
    flow.publish(str(lake), NOON)
    return lake


def receipts(lake: Path) -> list[str]:
    return [commit.receipt for commit in Lake(lake).commits()]


def test_a_run_comes_to_the_same(tmp_path: Path, engine_name: str) -> None:
    """Also: what Spark posted verifies, and DuckDB computes it again from its receipt to the same digests."""
    owed, lake = by_duckdb(tmp_path, at_once=True), tmp_path / "by the other"
    for number, sent in enumerate((FIRST, SECOND)):
        send(lake, tmp_path / f"again {number}", sent)
    assert flow.account(str(lake), engine=engine_name, at=NOON)["posted_entries"] == 12
    assert flow.account(str(lake), at=NOON)["receipt"] is None
    flow.publish(str(lake), NOON)
    assert outcome.differences(outcome.of(lake), outcome.of(owed)) == []
    assert len(list(verify(Lake(lake)))) >= 5
    for receipt in receipts(lake):
        assert asking.rerun(receipt, str(lake))["difference"] is None


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def spark_class(*words: str) -> subprocess.Popen[bytes]:
    """A process of Spark's own, in a group of its own, on this machine alone."""
    import pyspark

    home = Path(pyspark.__file__).parent
    env = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_NO_DAEMONIZE": "1"}
    return subprocess.Popen(
        [str(home / "bin" / "spark-class"), *words],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Address of a standalone master on this machine, and its two workers of one core each."""
    port, deploy = free_port(), "org.apache.spark.deploy"
    address = f"spark://127.0.0.1:{port}"
    master = spark_class(f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
    began = ["--host", "127.0.0.1", "--webui-port", "0", "--cores", "1", "--memory", "1g"]
    workers = [
        spark_class(f"{deploy}.worker.Worker", *began, "--work-dir", str(tmp_path / f"worker-{number}"), address)
        for number in range(2)
    ]
    try:
        yield address, workers
    finally:
        for process in (*workers, master):
            stop(process)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine_name", [SPARK], indirect=True)
def test_two_workers_and_one_that_is_killed_come_to_the_same(
    tmp_path: Path, engine_name: str, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    """Corrections and restatements on top of what DuckDB posted, by two processes, of which one dies in the middle."""
    address, workers = cluster
    owed, lake = by_duckdb(tmp_path), tmp_path / "by the other"
    send(lake, tmp_path / "again 0", FIRST)
    flow.account(str(lake), engine=DUCKDB, at=NOON)
    send(lake, tmp_path / "again 1", SECOND)
    env = os.environ | {"CHARGELEDGER_SPARK_MASTER": address}
    words = ["account", "--lake", str(lake), "--at", NOON, "--engine", engine_name]
    told = open(tmp_path / "told.txt", "wb")  # noqa: SIM115 - closed with the test
    run = subprocess.Popen(
        [sys.executable, "-c", "from chargeledger.cli import main; main()", *words],
        cwd=ROOT,
        env=env,
        stdout=told,
        stderr=told,
    )
    until = time.monotonic() + 300
    while not list((lake / "tmp").glob("*/*_session_current/*.parquet")):
        assert run.poll() is None and time.monotonic() < until, (tmp_path / "told.txt").read_text()
        time.sleep(0.1)
    assert list((tmp_path / "worker-0").glob("app-*/*")) and list((tmp_path / "worker-1").glob("app-*/*"))
    stop(workers[0])
    assert run.wait(600) == 0, (tmp_path / "told.txt").read_text()
    told.close()
    flow.publish(str(lake), NOON)
    assert outcome.differences(outcome.of(lake), outcome.of(owed)) == []
