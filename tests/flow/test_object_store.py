"""A lake in a bucket is the same lake: entries, states, publications, to the digest; and writers that race there lose nothing."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chargeledger import asking, feed, flow, publication, rooms, shelf
from chargeledger.errors import UsageError
from chargeledger.lake import Lake
from chargeledger.place import place
from chargeledger.published import require_current
from chargeledger.verify import verify
from tests.crash.small_flow import FIRST, SECOND, write_files
from tests.dags.embedded import main_job
from tests.flow import bucket_server
from tests.ledger.book import KEY, NOON

pytestmark = pytest.mark.skipif(bool(bucket_server.missing()), reason=bucket_server.missing())
LATER = "2026-04-01T00:00:00Z"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with bucket_server.serving(tmp_path_factory.mktemp("server") / "log.txt") as environment:
        yield environment


@pytest.fixture
def lake(server: dict[str, str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The place of a lake of this test alone."""
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    return f"s3://{bucket_server.BUCKET}/lakes/{abs(hash(request.node.name))}"


def send(lake: str, folder: Path, sent: dict[str, list[str]]) -> None:
    for pair in reversed(write_files(folder, sent)[1::2]):
        source, _, path = pair.partition("=")
        flow.ingest(source, [path], lake, NOON)


def told_all(lake: str, folder: Path) -> str:
    """Both sendings, each accounted and published; returns the lake."""
    for number, sent in enumerate((FIRST, SECOND)):
        send(lake, folder / str(number), sent)
        flow.account(lake, at=NOON)
        flow.publish(lake, NOON)
    return lake


def manifest(lake: str) -> dict[str, Any]:
    return require_current(Lake(lake)).manifest


@pytest.mark.timeout(600)
def test_a_bucket_holds_what_a_folder_holds(lake: str, tmp_path: Path) -> None:
    """Receipts, segments and database have the same digests, and every question the same answer."""
    folder = told_all(str(tmp_path / "lake"), tmp_path)
    told_all(lake, tmp_path / "again")
    assert manifest(lake) == manifest(folder)
    assert len(list(verify(Lake(lake)))) == len(list(verify(Lake(folder))))
    assert feed.read(lake=lake) == feed.read(lake=folder)
    assert feed.read(5, 4, lake=lake, shard=1) == feed.read(5, 4, lake=folder, shard=1)
    for commit in Lake(lake).commits():
        assert asking.rerun(commit.receipt, lake)["difference"] is None
    assert flow.account(lake, at=NOON)["receipt"] is None
    assert not flow.publish(lake, NOON)["is_new"]


def posting(environment: dict[str, str], lake: str, at_once: Any, told: Any) -> None:
    """Account and publish in a process of its own, when all are there."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (environment | {"CHARGELEDGER_PSEUDONYM_KEY": KEY, "CHARGELEDGER_THREADS": "1"}).items():
            patch.setenv(name, value)
        at_once.wait()
        posted = flow.account(lake, at=NOON)["posted_entries"]
        told.put((posted, flow.publish(lake, NOON)["number"]))


@pytest.mark.timeout(600)
def test_of_writers_that_race_each_has_one_effect(lake: str, server: dict[str, str], tmp_path: Path) -> None:
    """Each with the locks of a machine of its own: nothing but the store keeps them apart."""
    send(lake, tmp_path, FIRST)
    spawn = multiprocessing.get_context("spawn")
    at_once, told = spawn.Barrier(2), spawn.Queue()
    racing = []
    for number in range(2):
        apart = server | {"TMPDIR": str(tmp_path / f"machine {number}")}
        Path(apart["TMPDIR"]).mkdir()
        racing.append(spawn.Process(target=posting, args=(apart, lake, at_once, told)))
    for process in racing:
        process.start()
    found = sorted(told.get(timeout=300) for _ in racing)
    for process in racing:
        process.join()
    assert [posted for posted, _ in found] == [0, 3]
    assert sorted(row["seq"] for row in feed.read(lake=lake).to_pylist()) == [1, 2, 3]
    assert manifest(lake)["last_seq"] == 3
    assert len(list(verify(Lake(lake)))) >= 5


@pytest.mark.timeout(600)
def test_a_publisher_that_another_overtook_begins_again(
    lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(lake, tmp_path / "0", FIRST)
    flow.account(lake, at=NOON)
    real, others, said = shelf.BucketShelf.put, [True], list[str]()

    def put(self: shelf.BucketShelf, building: Path, number: int) -> None:
        real(self, building, number)
        if others:
            others.pop()
            publication._publish_newer(Lake(lake), shelf.shelf_of(Lake(lake)), NOON, 4, said.append)

    monkeypatch.setattr(shelf.BucketShelf, "put", put)
    flow.publish(lake, NOON, said.append)
    assert said == [
        "building publication 1",
        "building publication 2",
        "another publisher was faster than publication 1: reading again",
    ]
    assert [path.name for path in shelf.shelf_of(Lake(lake)).numbered()] == ["2"]
    assert manifest(lake)["number"] == 2


@pytest.mark.timeout(600)
def test_what_a_dead_publisher_claimed_is_passed_over_and_goes_after_its_time(
    lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(lake, tmp_path / "0", FIRST)
    flow.account(lake, at=NOON)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shelf.BucketShelf, "put", dies)
        flow.publish(lake, NOON)
    assert flow.publish(lake, NOON)["number"] == 2
    claimed = place(lake) / "published" / "1"
    assert claimed.is_dir()
    monkeypatch.setattr(shelf, "LITTER_SECONDS", -60)
    flow.publish(lake, NOON)
    assert not claimed.is_dir()


@pytest.mark.timeout(600)
def test_superseded_publications_go(lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told_all(lake, tmp_path)
    said: list[str] = []
    monkeypatch.setattr("chargeledger.retention.time.time", lambda: 4_000_000_000.0)
    flow.publish(lake, LATER, said.append, keep_days=0)
    assert said == ["publication 1 removed: superseded for more than 0 days"]
    gone = json.loads((place(lake) / "published" / "removed" / "1.json").read_bytes())
    assert gone["number"] == 1 and not (place(lake) / "published" / "1").is_dir()
    assert len(list(verify(Lake(lake)))) == 5


def test_other_places_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("gs://bucket/lake", "s3://", "s3:///"):
        with pytest.raises(UsageError, match=r"name a folder, or s3://bucket/prefix"):
            Lake(wrong)
    monkeypatch.setitem(__import__("sys").modules, "obstore.fsspec", None)
    with pytest.raises(UsageError, match=r"pip install 'chargeledger\[s3\]'"):
        Lake("s3://bucket/lake")


@pytest.mark.timeout(600)
def test_the_second_engine_asks_for_a_folder(lake: str, tmp_path: Path) -> None:
    send(lake, tmp_path, FIRST)
    with pytest.raises(UsageError, match="folder"):
        flow.account(lake, engine="spark", at=NOON)


@pytest.mark.timeout(600)
def test_the_main_job_runs_on_a_lake_in_a_bucket(lake: str, tmp_path: Path) -> None:
    done = main_job(tmp_path, "--lake", lake, "--at", NOON, *write_files(tmp_path / "sent", FIRST))
    assert done.returncode == 0, done.stderr
    assert f"Publication: {lake}/published/1" in done.stdout
    assert manifest(lake)["last_seq"] > 0
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["airflow", "sent"], (
        "no folder of that name"
    )


@pytest.mark.timeout(600)
def test_a_shadow_that_is_kept_has_the_bytes_of_the_one_in_the_bucket(
    lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / "methodology"
    shutil.copytree(rooms.METHODOLOGY, room)
    monkeypatch.setattr(rooms, "METHODOLOGY", room)
    send(lake, tmp_path / "0", FIRST)
    against = {"against": "cn_ev_charging@1.1.0", "at": NOON, "keep": True}
    told = asking.shadow(lake, "2026-03-01..2026-03-31", "cn_ev_charging@1.2.0", "cn_green_energy", **against)
    assert told["path"].startswith(lake)
    assert told["kept"].read_bytes() == place(told["path"]).read_bytes()
