"""Stations, owners, enrolments and totals told again: what says the same is a duplicate, what says otherwise supersedes and
overwrites nothing. Both times are kept: what a telling is valid for, and the batch in which it became known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chargeledger import flow
from chargeledger.errors import Refused
from chargeledger.lake import Lake
from chargeledger.pseudonym import pseudonym
from chargeledger.source import load_source
from chargeledger.verify import verify
from tests.staging.canonical_files import AT, Row, session_csv, session_row
from tests.staging.lake_contents import batches, fates, rows_of
from tests.staging.lake_search import found_in
from tests.staging.reference_files import SOUND, row, write

KEY = bytes.fromhex("5a" * 32)
NEW_YEAR = datetime(2025, 12, 31, 16, tzinfo=UTC)  # midnight in Shanghai
# source: (what says the same in another spelling, what says something else, the column that does)
AGAIN: dict[str, tuple[Row, Row, str]] = {
    "station_csv": (
        {"valid_from": "2025-12-31 16:00Z", "station_id": " a-1 ", "connector_id": "*", "rated_kw": "120.0"},
        {"rated_kw": "60"},
        "rated_w",
    ),
    "session_owner_csv": (
        {"operator": "invented-a", "order_number": " s1 ", "account": " account-1 "},
        {"account": "account-2"},
        "user_id",
    ),
    "enrolment_csv": (
        {"enrolled_from": "2025-12-31T16:00:00.5Z", "programme": " cn_green_energy"},
        {"enrolled_until": "2026-06-01T00:00:00+08:00"},
        "enrolled_until",
    ),
    "delivery_control_csv": ({"operator": "invented-a", "energy_kwh": "240.500"}, {"sessions": "13"}, "sessions"),
}


def _ingest(lake: str, source: str, folder: Path, *files: list[Row]) -> None:
    for rows in files:
        number = len(rows_of(lake, "landing_file"))
        flow.ingest(source, [write(folder / f"{number}.csv", source, *rows)], lake, AT)


@pytest.mark.parametrize("source", SOUND)
def test_a_telling_supersedes_and_overwrites_nothing(source: str, lake: str, tmp_path: Path) -> None:
    same, other, column = AGAIN[source]
    files = [[row(source)], [row(source, **same)], [row(source, **other)], [row(source)] * 2]
    _ingest(lake, source, tmp_path, *files)
    assert [outcome for outcome, _ in fates(lake)] == ["accepted", "duplicate", "accepted", "accepted", "duplicate"]

    relation = load_source(source).relation
    landed = {batch["landing_digest"]: batch["batch_seq"] for batch in batches(lake)}
    kept = sorted(rows_of(lake, relation), key=lambda told: landed[told["landing_digest"]])
    assert [landed[told["landing_digest"]] for told in kept] == [1, 3, 4], (
        "each telling with the batch it became known in"
    )
    assert kept[0][column] == kept[2][column] != kept[1][column]
    axes = [name for name in ("valid_from", "enrolled_from", "day", "session_id") if name in kept[0]]
    assert len({tuple(told[name] for name in axes) for told in kept}) == 1, "and all of them are about the same"


@pytest.mark.parametrize("source", SOUND)
def test_one_key_told_two_ways_in_a_file_is_refused_both_ways(source: str, lake: str, tmp_path: Path) -> None:
    _ingest(lake, source, tmp_path, [row(source), *_others(source, 20), row(source, **AGAIN[source][1])])
    told = fates(lake)
    assert told[0] == told[-1] == ("quarantined", "same_key_other_content")
    assert {outcome for outcome, _ in told[1:-1]} == {"accepted"}


def _others(source: str, count: int) -> list[Row]:
    column = next(name for name in ("station_id", "order_number", "account", "day") if name in SOUND[source])
    values = [f"2026-04-{n + 1:02d}" if column == "day" else f"other-{n}" for n in range(count)]
    return [row(source, **{column: value}) for value in values]


def test_a_key_of_which_a_part_is_empty_is_a_key(lake: str, tmp_path: Path) -> None:
    """An empty part is a value of its own: a total of all regions is not the total of one, nor a token a session."""
    regions = [row("delivery_control_csv", region=region) for region in ("", "NO")]
    _ingest(lake, "delivery_control_csv", tmp_path, regions, regions[::-1])
    owners = [
        row("session_owner_csv"),
        row("session_owner_csv", token="t", order_number=""),
        row("session_owner_csv", token="t", order_number="", known_since="2026-01-01T00:00:00Z"),
    ]
    _ingest(lake, "session_owner_csv", tmp_path, owners, owners[::-1])
    assert [outcome for outcome, _ in fates(lake)] == [*["accepted"] * 2, *["duplicate"] * 2] + [
        *["accepted"] * 3,
        *["duplicate"] * 3,
    ]


def test_what_is_staged_is_what_the_paper_says(lake: str, tmp_path: Path) -> None:
    for source in SOUND:
        _ingest(lake, source, tmp_path, [row(source)])
    _ingest(lake, "station_csv", tmp_path, [row("station_csv", issuer="hub", connector_id="c2", metering_point="")])
    _ingest(lake, "session_owner_csv", tmp_path, [row("session_owner_csv", order_number="", token=" 0047 ")])
    first, second = sorted(rows_of(lake, "charging_station"), key=lambda told: told["issuer"], reverse=True)
    assert _said(first) == {
        "issuer": "INVENTED-A", "station_id": "A-1", "connector_id": "*", "valid_from": NEW_YEAR, "operator_id": "INVENTED-A",
        "region": "CN-GRID-EAST", "county_code": "310115", "power_type": "DC", "rated_w": 120_000,
        "metering_point": "dc_output", "meter_class": "1.0", "time_zone": "Asia/Shanghai", "access": "public",
    }  # fmt: skip
    assert _said(second) == _said(first) | {"issuer": "HUB", "connector_id": "C2", "metering_point": "unknown"}
    mine = pseudonym(KEY, "account", "account-1")
    owner = {"session_id": "INVENTED-A:S1", "token_id": None, "user_id": mine, "known_since": None}
    token = {"session_id": None, "token_id": pseudonym(KEY, "token", "0047")}
    assert sorted(map(_said, rows_of(lake, "session_owner")), key=str) == sorted([owner, owner | token], key=str)
    (enrolled,) = rows_of(lake, "enrolment")
    owed = {"user_id": mine, "programme": "cn_green_energy", "enrolled_from": NEW_YEAR, "enrolled_until": None}
    assert _said(enrolled) == owed
    (total,) = rows_of(lake, "delivery_control")
    assert _said(total) == {
        "issuer": "INVENTED-A", "day": date(2026, 3, 10), "region": None, "sessions": 12, "energy_wh": 240_500,
        "delivery": None, "updated_from": None, "updated_until": None, "delivered_files": None,
    }  # fmt: skip


def _said(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in ("landing_digest", "row_number")}


def test_the_owner_of_a_file_of_owners_holds_for_a_session(lake: str, tmp_path: Path) -> None:
    """A card whose owner is told is no owner of a session that has none: such a session stays without."""
    sessions = [session_row("S1", account=""), session_row("S2", account="")]
    flow.ingest("session_csv", [session_csv(tmp_path / "sessions.csv", *sessions)], lake, AT)
    _ingest(
        lake,
        "session_owner_csv",
        tmp_path,
        [row("session_owner_csv"), row("session_owner_csv", order_number="", token="t")],
    )
    flow.account(lake, at=AT)
    assert {entry["session_id"] for entry in rows_of(lake, "ledger_entry")} == {"INVENTED-A:S1"}
    assert {entry["user_id"] for entry in rows_of(lake, "ledger_entry")} == {pseudonym(KEY, "account", "account-1")}


def test_nobody_is_named(lake: str, tmp_path: Path) -> None:
    """Neither where a row is accepted nor where it stands in quarantine, its key and its text with it."""
    account, token = "0047110815", "0815004711"
    for source, bad in (("session_owner_csv", {"known_since": "?"}), ("enrolment_csv", {"enrolled_from": "?"})):
        named = row(source, account=account) | (
            {"token": token, "order_number": ""} if "token" in SOUND[source] else {}
        )
        _ingest(lake, source, tmp_path, [named, named | bad, *_others(source, 20)])
    assert [outcome for outcome, _ in fates(lake)].count("quarantined") == 2
    assert found_in(lake, [account, token], but_not_below=("landing",)) == []


def test_an_absent_optional_column_is_empty_and_a_misspelt_one_refused(lake: str, tmp_path: Path) -> None:
    path = tmp_path / "stations.csv"
    whole = Path(write(path, "station_csv", row("station_csv"))).read_text(encoding="utf-8")
    path.write_text(whole.replace("issuer,", "").replace("INVENTED-A,,", "INVENTED-A,"), encoding="utf-8")
    flow.ingest("station_csv", [str(path)], lake, AT)
    (station,) = rows_of(lake, "charging_station")
    assert (station["issuer"], station["operator_id"]) == ("INVENTED-A", "INVENTED-A")
    path.write_text(whole.replace("issuer,", "Issuer,"), encoding="utf-8")
    with pytest.raises(Refused, match="rule columns_present: column issuer \\(is it 'Issuer' here\\?\\)"):
        flow.ingest("station_csv", [str(path)], lake, AT)


@pytest.mark.parametrize("source", SOUND)
def test_verify_finds_a_changed_row(source: str, lake: str, tmp_path: Path) -> None:
    _ingest(lake, source, tmp_path, [row(source)])
    assert "ok  1 staged batches close in rows and Wh, and hold what was landed" in list(verify(Lake(lake)))
    relation, column = load_source(source).relation, AGAIN[source][2]
    (path,) = Path(lake, "staged", relation).glob("*.parquet")
    rows = pq.ParquetFile(path).read()
    place = rows.schema.get_field_index(column)
    other: Any = {"rated_w": 1, "user_id": "ab" * 32, "enrolled_until": datetime(2027, 1, 1, tzinfo=UTC), "sessions": 1}
    path.chmod(0o644)
    pq.write_table(rows.set_column(place, rows.field(place), pa.array([other[column]], rows.field(place).type)), path)
    with pytest.raises(Refused, match=f"staged rows are not what was landed: {relation} "):
        list(verify(Lake(lake)))


def test_a_bar_does_not_make_two_keys_one(lake: str, tmp_path: Path) -> None:
    first = row("station_csv", station_id="A|B", connector_id="C")
    second = row("station_csv", station_id="A", connector_id="B|C", rated_kw="60")
    _ingest(lake, "station_csv", tmp_path, [first, second])
    assert fates(lake) == [("accepted", None), ("accepted", None)]
