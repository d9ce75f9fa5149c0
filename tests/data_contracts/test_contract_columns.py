"""What the code makes has the columns that its contract owes, by name, order and type: in lake, run and publication."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from deltalake import DeltaTable

from chargeledger.computation import STATES, compute
from chargeledger.engine import Engine
from chargeledger.lake import REGISTERS, STAGED, Lake, parse_instant
from chargeledger.programme import programmes
from chargeledger.published import require_current
from chargeledger.scope import Inputs, Question, Scope
from chargeledger.summary import open_database

CONTRACTS = Path(__file__).resolve().parents[2] / "data_contracts"
ARROW = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DECIMAL(38,0)": pa.decimal128(38, 0),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
    "DATE": pa.date32(),
    "BOOLEAN": pa.bool_(),
}
DELTA = {
    "VARCHAR": "string",
    "BIGINT": "long",
    "DECIMAL(38,0)": "decimal(38,0)",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "DATE": "date",
    "BOOLEAN": "boolean",
}
PUBLISHED = {
    "ledger_entry": "ledger_entry",
    "user_points": "user_points",
    "session_assessment": "published_assessment",
    "session_status": "session_status",
    "vintage": "vintage",
    "period_statement": "period_statement",
    "grid_intensity_hour": "grid_intensity_hour",
    "energy_match": "energy_match",
    "supply_balance": "supply_balance",
    "certificate_balance": "certificate_balance",
    "publication": "publication",
}
OF_GREEN_POWER = (
    "energy_match",
    "supply_balance",
    "certificate_balance",
)  # no version in force in the sample matches any
COMPUTED = (
    "session", "session_interval", "grid_mix_hour", "grid_intensity_hour", "session_hour", "interval_hour", "session_match",
    "session_assessment", "session_award", "ledger_entry",
)  # fmt: skip


def owed(relation: str, *, provenance: bool = True) -> list[tuple[str, str]]:
    """Names and types, read from the file and not through the package."""
    document = yaml.safe_load((CONTRACTS / f"{relation}.yaml").read_text(encoding="utf-8"))
    columns = document["schema"][0]["properties"]
    where = {"property": "provenance", "value": True}
    return [(c["name"], c["physicalType"]) for c in columns if provenance or where not in c.get("customProperties", [])]


def key(relation: str) -> str:
    document = yaml.safe_load((CONTRACTS / f"{relation}.yaml").read_text(encoding="utf-8"))
    return ", ".join(c["name"] for c in document["schema"][0]["properties"] if c.get("primaryKey"))


def table(lake: str, relation: str) -> DeltaTable:
    return DeltaTable(f"{lake}/{'ledger' if relation == 'ledger_entry' else 'staged'}/{relation}")


@pytest.fixture(scope="module")
def database(sample_lake: str) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_database(require_current(Lake(sample_lake))) as reader:
        yield reader


@pytest.fixture(scope="module")
def engine(sample_lake: str) -> Iterator[Engine]:
    """The run of the sample, computed once more whole, as an auditor would."""
    lake = Lake(sample_lake)
    with Engine(threads=1, spill=lake.spill()) as session:
        clock = parse_instant("2026-03-13T16:00:00Z")
        compute(lake, session, Scope(), clock, Inputs.newest(lake), programmes(), Question(everything=True))
        yield session


@pytest.mark.parametrize("relation", [*STAGED, "ledger_entry"])
def test_a_table_of_the_lake_has_the_columns_of_its_contract(sample_lake: str, relation: str) -> None:
    fields = table(sample_lake, relation).schema().fields
    assert [(f.name, str(f.type.type) if hasattr(f.type, "type") else str(f.type)) for f in fields] == [
        (name, DELTA[kind]) for name, kind in owed(relation)
    ]


OF_THE_SAMPLE = [*REGISTERS, "charging_session", "session_owner", "grid_mix_hour", "ledger_entry"]


@pytest.mark.parametrize("relation", OF_THE_SAMPLE)
def test_the_sample_fills_every_table_and_its_required_columns(sample_lake: str, relation: str) -> None:
    rows = table(sample_lake, relation).to_pyarrow_table()
    document = yaml.safe_load((CONTRACTS / f"{relation}.yaml").read_text(encoding="utf-8"))
    required = [c["name"] for c in document["schema"][0]["properties"] if c["required"]]
    assert rows.num_rows > 0
    assert {name: rows.column(name).null_count for name in required} == dict.fromkeys(required, 0)


NOT_OF_THE_SAMPLE = {"energy_match", "match_hour", "match_state", "award_proposal", "award_pin"}


def test_a_state_without_rows_has_no_file(sample_lake: str) -> None:
    assert {path.name for path in Path(sample_lake, "ledger", "state").iterdir()} == {*STATES} - NOT_OF_THE_SAMPLE


@pytest.mark.parametrize("relation", sorted({*STATES} - NOT_OF_THE_SAMPLE))
def test_a_state_file_has_the_columns_of_its_contract(sample_lake: str, relation: str) -> None:
    (path,) = Path(sample_lake, "ledger", "state", relation).glob("*.parquet")
    schema = pq.read_schema(path)
    assert list(zip(schema.names, schema.types, strict=True)) == [(name, ARROW[kind]) for name, kind in owed(relation)]


@pytest.mark.parametrize("relation", PUBLISHED)
def test_a_published_relation_has_the_columns_of_its_contract(
    database: duckdb.DuckDBPyConnection, relation: str
) -> None:
    told = [(row[0], row[1]) for row in database.execute(f"DESCRIBE {relation}").fetchall()]
    assert told == owed(PUBLISHED[relation])
    count = database.execute(f"SELECT count(*) FROM {relation}").fetchall()
    assert (count > [(0,)]) is (relation not in OF_GREEN_POWER)


def test_the_publication_holds_no_other_relation(database: duckdb.DuckDBPyConnection) -> None:
    assert {row[0] for row in database.execute("SHOW TABLES").fetchall()} == set(PUBLISHED)


@pytest.mark.parametrize("relation", COMPUTED)
def test_a_relation_of_the_border_has_the_columns_of_its_contract(engine: Engine, relation: str) -> None:
    told = [(row[0], row[1]) for row in engine.con.execute(f"DESCRIBE {relation}").fetchall()]
    assert told == owed(relation, provenance=relation == "ledger_entry")


@pytest.mark.parametrize("relation", PUBLISHED)
def test_a_key_of_the_publication_names_one_row(database: duckdb.DuckDBPyConnection, relation: str) -> None:
    names = key(PUBLISHED[relation])
    assert database.execute(f"SELECT {names} FROM {relation} GROUP BY {names} HAVING count(*) > 1").fetchall() == []


@pytest.mark.parametrize("relation", STAGED)
def test_a_key_of_a_staged_table_names_one_row(sample_lake: str, relation: str) -> None:
    rows = table(sample_lake, relation).to_pyarrow_table()  # noqa: F841  DuckDB finds it by its name
    names = key(relation)
    assert duckdb.sql(f"SELECT {names} FROM rows GROUP BY {names} HAVING count(*) > 1").fetchall() == []
