"""The same sessions in Parquet: decimals and text are exact; a binary fraction or a time without a zone is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chargeledger import flow
from chargeledger.errors import Refused
from tests.staging.canonical_files import AT, SESSION_COLUMNS, session_csv, session_rows
from tests.staging.lake_contents import rows_of

COUNT = 5
START, END = datetime(2026, 3, 10, 1, tzinfo=UTC), datetime(2026, 3, 10, 2, tzinfo=UTC)


def _parquet(path: Path, **columns: pa.Array) -> str:
    """The rows of `session_rows`, with other values in the named columns."""
    rows = session_rows(COUNT)
    told = {name: columns.get(name, pa.array([row[name] for row in rows])) for name in SESSION_COLUMNS}
    pq.write_table(pa.table(told), path)
    return str(path)


def _instants(instant: datetime, kind: pa.DataType) -> pa.Array:
    return pa.array([instant] * COUNT, kind)


def _readings(lake: str) -> set[tuple[int, datetime, datetime]]:
    return {(row["reading_wh"], row["started_at"], row["ended_at"]) for row in rows_of(lake, "charging_session")}


def test_text_in_parquet_is_the_same_row_as_in_csv(lake: str, tmp_path: Path) -> None:
    flow.ingest("session_csv", [session_csv(tmp_path / "sessions.csv", *session_rows(COUNT))], lake, AT)
    (batch,) = flow.ingest("session_parquet", [_parquet(tmp_path / "sessions.parquet")], lake, AT)
    assert (batch["rows_accepted"], batch["rows_duplicate"]) == (0, COUNT)


@pytest.mark.parametrize(
    "energy",
    [
        pa.array([Decimal("6.31")] * COUNT, pa.decimal128(10, 2)),
        pa.array([Decimal("6.310999999999999999")] * COUNT, pa.decimal128(38, 18)),
        pa.array(["6.31"] * COUNT, pa.large_string()),
        pa.array(["6.31"] * COUNT).dictionary_encode(),
    ],
    ids=lambda array: str(array.type)[:24],
)
@pytest.mark.parametrize(
    "kind",
    [pa.timestamp("us", "UTC"), pa.timestamp("ns", "Asia/Shanghai"), pa.timestamp("ms", "+05:30")],
    ids=str,
)
def test_decimals_and_instants_with_a_zone(energy: pa.Array, kind: pa.DataType, lake: str, tmp_path: Path) -> None:
    times = {"started_at": _instants(START, kind), "ended_at": _instants(END.astimezone(ZoneInfo("Asia/Tokyo")), kind)}
    flow.ingest("session_parquet", [_parquet(tmp_path / "typed.parquet", energy_kwh=energy, **times)], lake, AT)
    assert _readings(lake) == {(6310, START, END)}


def test_an_instant_without_a_zone_is_refused(lake: str, tmp_path: Path) -> None:
    naive = _instants(START.replace(tzinfo=None), pa.timestamp("us"))
    with pytest.raises(Refused, match="start_readable 5"):
        flow.ingest("session_parquet", [_parquet(tmp_path / "naive.parquet", started_at=naive)], lake, AT)


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()], ids=str)
def test_energy_in_binary_fractions_is_refused(kind: pa.DataType, lake: str, tmp_path: Path) -> None:
    fractions = pa.array([0.1 + 0.2] * COUNT, kind)
    with pytest.raises(Refused, match="energy_kwh"):
        flow.ingest("session_parquet", [_parquet(tmp_path / "float.parquet", energy_kwh=fractions)], lake, AT)
