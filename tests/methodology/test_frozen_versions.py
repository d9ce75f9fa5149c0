"""A published version is frozen: any other byte, file or prelude function that it uses, and it does not load."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chargeledger import engine, methodology, rooms, versioning
from chargeledger.errors import Refused, UsageError
from chargeledger.methodology import load, published, read_folder

NAMES = rooms.methodology_names()


def folder_of(room: Path, name: str) -> Path:
    return room / name.replace("@", "_")


def test_every_version_of_the_project_is_published_and_loads() -> None:
    assert set(NAMES) == set(published()) == {
        "cn_ev_charging@1.0.0", "cn_ev_charging@1.1.0", "cn_ev_charging@1.2.0", "cn_ev_charging@1.3.0",
        "cn_ev_charging@2.0.0", "cn_ev_charging@3.0.0", "us_ev_charging@1.0.0",
    }  # fmt: skip
    for name in NAMES:
        assert load(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_one_other_byte_in_any_file_is_refused(room: Path, name: str) -> None:
    files = sorted(path for path in folder_of(room, name).rglob("*") if path.is_file())
    assert len(files) >= 10
    for path in files:
        sound = path.read_bytes()
        for place in (0, len(sound) // 2, len(sound) - 1):
            path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
            with pytest.raises(Refused):
                load(name)
        path.write_bytes(sound)
    assert load(name).name == name, "restored, it loads again"


def append_blank(folder: Path) -> None:
    with open(folder / "award.sql", "ab") as text:
        text.write(b"\n")


def add(folder: Path) -> None:
    (folder / "cases" / "more.yaml").write_text("cases: []\n", encoding="utf-8")


def add_hidden(folder: Path) -> None:
    (folder / ".DS_Store").write_bytes(b"")


def remove(folder: Path) -> None:
    (folder / "cases" / "rewards.yaml").unlink()


def rename(folder: Path) -> None:
    (folder / "cases" / "rewards.yaml").rename(folder / "cases" / "awards.yaml")


def swap(folder: Path) -> None:
    """The same bytes under other names."""
    assess, award = (folder / "assess.sql").read_bytes(), (folder / "award.sql").read_bytes()
    (folder / "assess.sql").write_bytes(award)
    (folder / "award.sql").write_bytes(assess)


def other_line_ends(folder: Path) -> None:
    text = (folder / "factors.csv").read_bytes()
    (folder / "factors.csv").write_bytes(text.replace(b"\n", b"\r\n"))


@pytest.mark.parametrize("change", [append_blank, add, add_hidden, remove, rename, swap, other_line_ends])
def test_another_set_of_files_is_refused_and_the_way_out_is_told(room: Path, change: Callable[[Path], None]) -> None:
    change(room / "cn_ev_charging_1.2.0")
    with pytest.raises(Refused) as refused:
        load("cn_ev_charging@1.2.0")
    said = str(refused.value)
    assert "methodology/cn_ev_charging_1.2.0 is not what was published" in said and "new-version" in said
    assert published()["cn_ev_charging@1.2.0"]["digest"] in said
    with pytest.raises(Refused):
        load("cn_ev_charging@1.2.0", draft_allowed=True)
    assert load("cn_ev_charging@1.1.0").name == "cn_ev_charging@1.1.0", "the others are not concerned"
    assert {row.name: row.integrity for row in versioning.overview()}["cn_ev_charging@1.2.0"] == "changed"


def test_a_folder_that_says_it_is_another_version_is_refused(room: Path) -> None:
    shutil.copytree(room / "cn_ev_charging_1.2.0", room / "cn_ev_charging_1.2.7")
    with pytest.raises(Refused, match=r"says that it is cn_ev_charging@1\.2\.0"):
        load("cn_ev_charging@1.2.7")


@pytest.mark.parametrize("name", ["cn_ev_charging@9.9.9", "cn_ev_charging", "cn_ev_charging@1.2", "../x@1.0.0x", ""])
def test_a_name_that_nobody_has_is_a_wrong_call(name: str) -> None:
    with pytest.raises(UsageError, match=r"cn_ev_charging@1\.2\.0"):
        load(name)


def test_a_broken_folder_is_refused_by_name(room: Path) -> None:
    (room / "us_ev_charging_1.0.0" / "parameters.yaml").write_text("inputs: 3\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"us_ev_charging_1\.0\.0 is not a version folder"):
        load("us_ev_charging@1.0.0")


@pytest.mark.parametrize("broken", [b"id: \xff\n", b"id: a\nfrom: 2026-13-01\n"])
def test_an_unreadable_folder_is_refused_by_name(room: Path, broken: bytes) -> None:
    (room / "us_ev_charging_1.0.0" / "methodology.yaml").write_bytes(broken)
    with pytest.raises(Refused, match=r"us_ev_charging_1\.0\.0"):
        load("us_ev_charging@1.0.0")


@pytest.fixture
def prelude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the prelude, in which the package now looks."""
    copy = tmp_path / "prelude"
    shutil.copytree(engine.PRELUDE, copy)
    monkeypatch.setattr(engine, "PRELUDE", copy)
    monkeypatch.setattr(methodology, "PRELUDE", copy)
    return copy


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("MACRO wide(x) AS CAST(x AS HUGEINT)", "MACRO wide(x) AS CAST(x AS BIGINT)"),
        ("MACRO div_up(a, b) AS -int_div(-CAST(a AS HUGEINT), b)", "MACRO div_up(a, b) AS int_div(a, b)"),
        ("<> 0 AND ((a < 0) <> (b < 0)) THEN 1", "<> 0 AND ((a < 0) <> (b < 0)) THEN 0"),
        ("MACRO epoch_s(instant) AS CAST(int_div(", "MACRO epoch_s(instant) AS CAST(div_up("),
        ("make_timestamptz(CAST(seconds AS BIGINT) * 1000000)", "make_timestamptz(CAST(seconds AS BIGINT) * 1000001)"),
    ],
    ids=["wide", "div_up", "int_div", "epoch_s", "instant_of"],
)
def test_a_changed_prelude_function_is_refused(prelude: Path, old: str, new: str) -> None:
    edit(prelude / "duckdb.sql", old, new)
    for name in NAMES:
        with pytest.raises(Refused, match="functions may be added, never changed"):
            load(name)


def test_a_changed_function_that_only_another_function_uses_is_refused(prelude: Path) -> None:
    """int_div stands inside div_up: a version that calls only div_up rests on both."""
    version = read_folder(rooms.METHODOLOGY / "us_ev_charging_1.0.0")
    alone = replace(version, identity={**version.identity, "steps": ["intensity"]})
    text = (version.folder / "intensity.sql").read_text(encoding="utf-8")
    assert "div_up(" in text and "int_div(" not in text
    before = alone.prelude_digests
    edit(prelude / "duckdb.sql", "((a < 0) <> (b < 0)) THEN 1", "((a < 0) <> (b < 0)) THEN 0")
    assert replace(alone).prelude_digests != before


def test_added_unused_and_reworded_functions_change_nothing(prelude: Path) -> None:
    with open(prelude / "duckdb.sql", "a", encoding="utf-8") as text:
        text.write("\n-- Half.\nCREATE OR REPLACE MACRO half(x) AS int_div(x, 1 + 1);\n")
    edit(
        prelude / "duckdb.sql",
        "MACRO sha256_hex(text) AS sha256(text)",
        "MACRO sha256_hex(text) AS upper(sha256(text))",
    )
    edit(prelude / "duckdb.sql", "-- Ceiling of a quotient of integers.", "-- The quotient of integers, rounded up.")
    edit(prelude / "duckdb.sql", "MACRO wide(x) AS CAST", "MACRO wide(x) AS\n  CAST")
    for name in NAMES:
        assert load(name).name == name


def test_a_changed_hour_offset_is_refused(prelude: Path) -> None:
    edit(prelude / "hour_offset.sql", "- 1, 3600)", "- 3601, 3600)")
    with pytest.raises(Refused):
        load("us_ev_charging@1.0.0")
