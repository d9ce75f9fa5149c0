"""`chargeledger verify`: a good lake passes, and whatever somebody changes in it is found and named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chargeledger.errors import Refused
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.command_line_lake import KEY, chargeledger, make


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", KEY)
        return make(tmp_path_factory.mktemp("verify"))


@pytest.fixture
def copy(made: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def one(lake: Path, pattern: str) -> Path:
    found = sorted(lake.glob(pattern))
    assert found, pattern
    found[0].chmod(0o644)
    return found[0]


def flip(path: Path, place: int | None = None) -> None:
    """Another byte, in the middle or at a place."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if place is None else place] ^= 1
    path.write_bytes(bytes(content))


def raise_by_one(path: Path, column: str) -> None:
    """The same rows, with one more in every figure of a column."""
    rows = pq.read_table(path)
    place = rows.schema.get_field_index(column)
    more = [None if value is None else value + 1 for value in rows.column(column).to_pylist()]
    pq.write_table(
        rows.set_column(place, rows.schema.field(place), pa.array(more, rows.schema.field(place).type)), path
    )


def give_away(path: Path) -> None:
    """The same entries, all of them somebody else's."""
    rows = pq.read_table(path)
    place = rows.schema.get_field_index("user_id")
    pq.write_table(rows.set_column(place, rows.schema.field(place), pa.array(["ab" * 32] * rows.num_rows)), path)


def say(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_good_lake_passes_line_by_line(made: str) -> None:
    told = chargeledger("verify", "--lake", made)
    assert told.code == 0 and told.err == ""
    lines = told.out.splitlines()
    assert len(lines) == 5 and all(line.startswith("ok  ") for line in lines)
    assert "ok  2 landed files have their digests" in lines and "ok  4 ledger entries close" in lines


def add_points(database: Path) -> None:
    with duckdb.connect(str(database)) as writer:
        writer.execute("UPDATE user_points SET points = points + 1")


FOUND: dict[str, tuple[Callable[[Path], None], str]] = {
    "a landed byte": (lambda lake: flip(one(lake, "landing/*/*.zst")), "is not the bytes that it is named by"),
    "a receipt byte": (lambda lake: flip(one(lake, "receipts/*.json")), "was changed: its digest is"),
    "a segment byte": (lambda lake: flip(one(lake, "published/segments/ledger_entry/*/*.parquet")), "is missing or changed"),
    "a state segment byte": (lambda lake: flip(one(lake, "published/segments/session_state/*")), "is missing or changed"),
    "a segment gone": (lambda lake: one(lake, "published/segments/ledger_entry/*/*.parquet").unlink(), "is missing or changed"),
    "an entry that does not close": (
        lambda lake: raise_by_one(one(lake, "ledger/ledger_entry/*.parquet"), "points"), "entry_closes",
    ),
    "an owner in the ledger": (lambda lake: give_away(one(lake, "ledger/ledger_entry/*.parquet")), "ledger_entry of receipt"),
    "a figure of a state": (
        lambda lake: raise_by_one(one(lake, "ledger/state/session_state/*.parquet"), "points"), "session_state of receipt",
    ),
    "a byte of a state": (lambda lake: flip(one(lake, "ledger/state/vintage_state/*.parquet"), 6), "receipts: "),
    "a staged reading": (
        lambda lake: raise_by_one(one(lake, "staged/charging_session/*.parquet"), "reading_wh"), "charging_session PAPER:1",
    ),
    "a kept programme": (lambda lake: flip(one(lake, "receipts/programme/*.yaml")), "programme"),
    "points in the manifest": (
        lambda lake: say(one(lake, "published/1/manifest.json"), '"points":43780', '"points":43781'), "manifest",
    ),
    "points in the database": (lambda lake: add_points(one(lake, "published/1/chargeledger.duckdb")), "user_points"),
}  # fmt: skip


@pytest.mark.parametrize("what", ["a landed byte", "a receipt byte", "a segment byte"])
def test_a_changed_byte_exits_1_and_names_the_file(copy: Path, what: str) -> None:
    change, said = FOUND[what]
    change(copy)
    told = chargeledger("verify", "--lake", str(copy))
    assert told.code == 1 and "Traceback" not in told.err
    assert told.err.startswith("chargeledger: the lake does not verify:") and said in told.err
    assert len(told.out.splitlines()) == 4, "the other properties are told as they hold"


@pytest.mark.parametrize("what", FOUND)
def test_a_change_is_found(copy: Path, what: str) -> None:
    change, said = FOUND[what]
    change(copy)
    with pytest.raises(Refused, match=said):
        list(verify(Lake(copy, must_exist=True)))


def test_all_that_is_wrong_is_told_at_once(copy: Path) -> None:
    flip(one(copy, "landing/*/*.zst"))
    flip(one(copy, "published/segments/ledger_entry/*/*.parquet"))
    with pytest.raises(Refused) as refused:
        list(verify(Lake(copy, must_exist=True)))
    assert "landed file" in str(refused.value) and "segment" in str(refused.value)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a landed file that cannot be unpacked": lambda lake: flip(one(lake, "landing/*/*.zst"), -1),
    "a landed file gone": lambda lake: one(lake, "landing/*/*.zst").unlink(),
    "a state that cannot be read": lambda lake: flip(one(lake, "ledger/state/session_state/*"), -1),
    "a receipt gone": lambda lake: one(lake, "receipts/*.json").unlink(),
    "a staged file that cannot be read": lambda lake: flip(one(lake, "staged/charging_session/*.parquet"), -1),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damage_is_put_in_words(copy: Path, what: str) -> None:
    DAMAGES[what](copy)
    told = chargeledger("verify", "--lake", str(copy))
    assert told.code == 1 and "Traceback" not in told.err
    assert "the lake does not verify" in told.err
