"""A relation that is not what its contract says is refused: columns, types, required values, row rules, each by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chargeledger.contract import Contract, RowRule, contract, read_contract
from chargeledger.engine import Engine
from chargeledger.errors import Refused

SOUND = (
    "SELECT CAST('A:1' AS VARCHAR) AS session_id, CAST('p' AS VARCHAR) AS programme, DATE '2026-03-09' AS vintage, "
    "CAST('CN-GRID-NE' AS VARCHAR) AS region, CAST(1000 AS BIGINT) AS energy_wh, "
    "CAST(912631200000 AS DECIMAL(38,0)) AS baseline_emissions_ng, CAST(530600000000 AS DECIMAL(38,0)) AS project_emissions_ng, "
    "CAST(382031200000 AS DECIMAL(38,0)) AS emission_reductions_ng, CAST(NULL AS VARCHAR) AS data_quality_tier, "
    "CAST(NULL AS TIMESTAMPTZ) AS provisional_until, CAST(NULL AS DECIMAL(38,0)) AS other_basis_reductions_ng, "
    "CAST(NULL AS TIMESTAMPTZ) AS other_basis_until"
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(threads=1) as session:
        yield session


@pytest.fixture
def assessment() -> Contract:
    return contract("session_assessment")


def refusal(engine: Engine, owed: Contract, sql: str) -> str:
    engine.con.execute(f"CREATE OR REPLACE TABLE {owed.name} AS {sql}")
    with pytest.raises(Refused) as refused:
        engine.hold_to(owed, owed.name)
    return str(refused.value)


def test_a_sound_relation_passes(engine: Engine, assessment: Contract) -> None:
    engine.con.execute(f"CREATE TABLE session_assessment AS {SOUND}")
    engine.hold_to(assessment, "session_assessment")
    engine.con.execute("DELETE FROM session_assessment")
    engine.hold_to(assessment, "session_assessment")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (", CAST(1000 AS BIGINT) AS energy_wh", "", "energy_wh"),
        ("CAST(1000 AS BIGINT) AS energy_wh", "CAST(1000 AS INTEGER) AS energy_wh", "INTEGER"),
        ("CAST(1000 AS BIGINT) AS energy_wh", "CAST(1000 AS DOUBLE) AS energy_wh", "DOUBLE"),
        ("AS energy_wh", "AS energy_kwh", "energy_kwh"),
        ("'A:1' AS VARCHAR) AS session_id,", "'A:1' AS VARCHAR) AS session_id, 1 AS also,", "also"),
        ("DATE '2026-03-09' AS vintage", "CAST('2026-03-09' AS VARCHAR) AS vintage", "('vintage', 'VARCHAR')"),
    ],
    ids=["a column less", "narrower", "a float", "another name", "a column more", "a date as text"],
)
def test_other_columns_are_refused_by_name(
    engine: Engine, assessment: Contract, old: str, new: str, named: str
) -> None:
    assert old in SOUND
    said = refusal(engine, assessment, SOUND.replace(old, new))
    assert "session_assessment does not have the columns of data_contracts/session_assessment.yaml" in said
    assert named in said


def test_columns_in_another_order_are_refused(engine: Engine, assessment: Contract) -> None:
    swapped = (
        SOUND.replace("AS session_id", "AS x").replace("AS programme", "AS session_id").replace("AS x", "AS programme")
    )
    assert "does not have the columns" in refusal(engine, assessment, swapped)


def test_all_breaches_of_the_rows_stand_in_one_message(engine: Engine, assessment: Contract) -> None:
    no_owner = SOUND.replace("CAST('CN-GRID-NE' AS VARCHAR)", "CAST(NULL AS VARCHAR)")
    no_day = SOUND.replace("DATE '2026-03-09'", "CAST(NULL AS DATE)")
    one_more = SOUND.replace("382031200000", "382031200001")
    said = refusal(engine, assessment, " UNION ALL ".join([SOUND, no_owner, no_day, one_more, one_more]))
    assert said.startswith("session_assessment breaks data_contracts/session_assessment.yaml: ")
    assert "vintage is empty" in said and "region is empty" in said
    assert "reductions_close (ER = BE - PE): 2 rows" in said


def test_a_row_rule_that_is_null_is_broken(engine: Engine, assessment: Contract) -> None:
    """Unknown is not true: a predicate over a NULL refuses the row, where the column itself may be NULL."""
    optional = tuple(replace(column, required=False) for column in assessment.columns)
    owed = replace(assessment, columns=optional, row_rules=(RowRule("region_told", "length(region) > 0", "a region"),))
    no_region = SOUND.replace("'CN-GRID-NE'", "NULL").replace("'A:1'", "'A:2'")
    said = refusal(engine, owed, f"{SOUND} UNION ALL {no_region}")
    assert said.endswith("region_told (a region): 1 rows, such as A:2")


@pytest.mark.parametrize(
    "text",
    [
        "name: t\nschema: []\n",
        "name: t\n",
        "- a\n",
        "name: [unclosed\n",
        "name: t\nschema: [{description: d, properties: [{name: a, physicalType: BIGINT}]}]\n",
        "name: t\nschema: [{description: d, properties: [], quality: [{id: a, engine: row, description: d}]}]\n",
    ],
)
def test_a_file_that_is_no_contract_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "some_relation.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=r"some_relation\.yaml is not a data contract"):
        read_contract(path)


def test_a_refusal_names_the_rows_that_broke_a_rule(engine: Engine, assessment: Contract) -> None:
    broken = SOUND.replace("382031200000", "382031200001").replace("'A:1'", "'A:17'")
    assert "A:17" in refusal(engine, assessment, broken)
