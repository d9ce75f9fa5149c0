"""A Parquet file of the lake is the same bytes in whatever batches its rows arrive."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chargeledger.whole_file import ROW_GROUP, write_parquet

ROWS = ROW_GROUP + 3  # two row groups: 122,880 and 3


@pytest.mark.parametrize("batch", [1_000, ROW_GROUP - 1, ROW_GROUP, ROW_GROUP + 1, ROWS])
def test_the_bytes_depend_on_the_rows_alone(batch: int, tmp_path: Path) -> None:
    rows = pa.table({"place": pa.array(range(ROWS), pa.int64()), "name": pa.array([f"n{n % 7}" for n in range(ROWS)])})
    assert write_parquet(tmp_path / "table.parquet", rows) == ROWS
    parts = pa.RecordBatchReader.from_batches(rows.schema, iter(rows.to_batches(max_chunksize=batch)))
    assert write_parquet(tmp_path / "parts.parquet", parts) == ROWS
    assert (tmp_path / "parts.parquet").read_bytes() == (tmp_path / "table.parquet").read_bytes()
    footer = pq.read_metadata(tmp_path / "parts.parquet")
    assert [footer.row_group(n).num_rows for n in range(footer.num_row_groups)] == [122_880, 3]
    assert pq.read_table(tmp_path / "parts.parquet").equals(rows)


def test_rows_that_break_off_leave_no_file(tmp_path: Path) -> None:
    schema = pa.schema({"place": pa.int64()})

    def broken() -> pa.RecordBatch:
        yield pa.record_batch([pa.array([1])], schema=schema)
        raise OSError("the rest cannot be read")

    with pytest.raises(OSError, match="the rest cannot be read"):
        write_parquet(tmp_path / "rows.parquet", pa.RecordBatchReader.from_batches(schema, broken()))
    assert list(tmp_path.iterdir()) == []
