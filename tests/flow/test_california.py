"""The real files, from the command line to the publication, against plain Python that shares nothing with the package."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest

from tests.flow.california_run import PROGRAMME, CaliforniaRun
from tests.flow.lake_bytes import current
from tests.oracle import california as oracle

ISSUER = "ACN-JPL"
METHODOLOGY = "us_ev_charging@1.0.0"
REGION = "US-CAL-CISO"
OWED = {
    "ledger_entry": "seq entry_id programme user_id session_id vintage period kind reason points emission_reductions_ng "
    "not_awarded_ng clamped_ng rounding_ng capped_ng points_after status methodology methodology_digest receipt_digest",
    "user_points": "programme user_id points final_points emission_reductions_ng entries last_seq",
    "session_assessment": "session_id vintage region energy_wh baseline_emissions_ng project_emissions_ng "
    "emission_reductions_ng points methodology status",
    "session_status": "session_id programme vintage user_id state reason",
    "vintage": "programme vintage state final_since_seq awards points emission_reductions_ng",
    "period_statement": "programme period line_no line kind reason entries points emission_reductions_ng state receipt_digest",
    "grid_intensity_hour": "region hour_start intensity_ug_per_kwh methodology",
    "energy_match": "session_id hour_start supply_id matched_wh",
    "supply_balance": "supply_id hour_start available_wh matched_wh counted_wh left_wh deficit_wh",
    "certificate_balance": "contract_id region production_month certificates staged_wh retired_wh matched_wh counted_wh",
    "publication": "number last_seq points",
}


@pytest.fixture(scope="module")
def expected(california: CaliforniaRun) -> list[oracle.ExpectedSession]:
    return list(oracle.sessions(california.sessions, california.grid))


@pytest.fixture(scope="module")
def reader(california: CaliforniaRun) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database of the current publication, opened as its readers are told to."""
    path = current(california.lake) / "chargeledger.duckdb"
    closed = {"enable_external_access": "false", "lock_configuration": "true"}
    with duckdb.connect(str(path), read_only=True, config=closed) as connection:
        yield connection


def test_the_run_ends_in_a_table_and_the_path_of_the_publication(california: CaliforniaRun) -> None:
    code, said, progress = california.first
    assert code == 0, progress
    told = {line.split("│")[1].strip(): line.split("│")[2].strip() for line in said.splitlines() if "│" in line}
    assert told["sessions accounted"] == "27,178"
    assert told["awaiting grid"] == "2,936"
    assert told["rows in quarantine"] == "0"
    assert told["users"] == "500"
    assert said.splitlines()[-1] == f"Publication: {california.lake}/published/1"
    assert (california.lake / "published" / "CURRENT").read_text(encoding="ascii").strip() == "1"


def test_the_second_run_posts_nothing_and_writes_nothing(california: CaliforniaRun) -> None:
    assert california.second.code == 0, california.second.progress
    assert california.second.said == california.first.said
    assert california.after_second == california.after_first


def test_every_hour_is_the_oracles_and_within_the_files_own_rounding(
    california: CaliforniaRun, reader: duckdb.DuckDBPyConnection
) -> None:
    rows = reader.execute(
        "SELECT hour_start, intensity_ug_per_kwh, region, methodology, factor_origin FROM grid_intensity_hour"
    ).fetchall()
    assert len(rows) == 35_136
    hours = oracle.intensity_by_hour(california.grid)
    assert {row[0].astimezone(UTC): row[1] for row in rows} == {
        hour: told.intensity_ug_per_kwh for hour, told in hours.items()
    }
    assert {row[2:] for row in rows} == {(REGION, METHODOLOGY, "generation mix of the hour")}
    for hour_start, intensity_ug_per_kwh, *_ in rows:
        file_g_per_kwh = hours[hour_start.astimezone(UTC)].file_g_per_kwh
        assert abs(Fraction(intensity_ug_per_kwh, 10**6) - file_g_per_kwh) <= Fraction("0.005"), hour_start


def test_every_session_is_the_oracles_to_the_ng(
    expected: list[oracle.ExpectedSession], reader: duckdb.DuckDBPyConnection
) -> None:
    rows = reader.execute(
        """SELECT session_id, vintage, energy_wh, baseline_emissions_ng, project_emissions_ng, emission_reductions_ng,
        points, region, methodology, status, programme FROM session_assessment"""
    ).fetchall()
    assert len(rows) == 27_178
    told = {row[0]: (row[1], *map(int, row[2:7])) for row in rows}
    assert told == {
        f"{ISSUER}:{one.order}": (
            one.vintage,
            one.energy_wh,
            one.baseline_emissions_ng,
            one.project_emissions_ng,
            one.emission_reductions_ng,
            one.points,
        )
        for one in expected
        if not one.awaiting_grid
    }
    assert {row[7:] for row in rows} == {(REGION, METHODOLOGY, "final", PROGRAMME)}


def test_every_session_ever_received_has_one_state(
    expected: list[oracle.ExpectedSession], reader: duckdb.DuckDBPyConnection
) -> None:
    rows = reader.execute("SELECT session_id, state, vintage FROM session_status").fetchall()
    assert len(rows) == len({row[0] for row in rows}) == 30_114
    assert Counter(row[1] for row in rows) == {"final": 27_178, "awaiting grid": 2_936}
    assert set(rows) == {
        (f"{ISSUER}:{one.order}", "awaiting grid" if one.awaiting_grid else "final", one.vintage) for one in expected
    }


def test_every_user_holds_what_the_oracle_gives_their_sessions(
    expected: list[oracle.ExpectedSession], reader: duckdb.DuckDBPyConnection
) -> None:
    owner = dict(reader.execute("SELECT session_id, user_id FROM session_status").fetchall())
    pseudonyms: dict[str, set[str]] = defaultdict(set)
    points: Counter[str] = Counter()
    reductions_ng: Counter[str] = Counter()
    entries: Counter[str] = Counter()
    for one in expected:
        user_id = owner[f"{ISSUER}:{one.order}"]
        pseudonyms[one.user].add(user_id)
        if one.points is not None and one.emission_reductions_ng is not None:
            points[user_id] += one.points
            reductions_ng[user_id] += one.emission_reductions_ng
            entries[user_id] += 1
    assert len(pseudonyms) == 511
    assert len(set.union(*pseudonyms.values())) == 511, "each user has one pseudonym, and no two share it"
    assert not pseudonyms.keys() & set(owner.values())
    rows = reader.execute(
        "SELECT user_id, points, final_points, CAST(emission_reductions_ng AS VARCHAR), entries FROM user_points"
    ).fetchall()
    assert len(rows) == 500
    assert set(rows) == {
        (user, points[user], points[user], str(reductions_ng[user]), entries[user]) for user in entries
    }


def test_every_entry_of_the_ledger_closes_and_has_its_id(
    expected: list[oracle.ExpectedSession], reader: duckdb.DuckDBPyConnection
) -> None:
    rows = reader.execute(
        """SELECT seq, entry_id, session_id, points, emission_reductions_ng, not_awarded_ng, clamped_ng, rounding_ng,
        capped_ng, programme, kind, reason, vintage, period, points_after FROM ledger_entry ORDER BY seq"""
    ).fetchall()
    assert [row[0] for row in rows] == list(range(1, 27_179))
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)
    due = {f"{ISSUER}:{one.order}": one.points for one in expected if not one.awaiting_grid}
    assert {row[2]: row[3] for row in rows} == due
    for _, entry_id, session_id, points, reductions_ng, *parts_ng, programme, kind, reason, day, month, after in rows:
        assert entry_id == hashlib.sha256(f"{PROGRAMME}|{session_id}|0".encode()).hexdigest()
        assert reductions_ng == points * 10**9 + sum(parts_ng)
        assert (programme, kind, reason, after) == (PROGRAMME, "issuance", "first assessment", points)
        assert month == date.isoformat(day)[:7]


def test_the_publication_has_the_relations_that_its_readers_were_promised(reader: duckdb.DuckDBPyConnection) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for relation, column in reader.execute("SELECT table_name, column_name FROM information_schema.columns").fetchall():
        found[relation].add(column)
    assert found.keys() == OWED.keys()
    for relation, columns in OWED.items():
        assert set(columns.split()) <= found[relation], relation


@pytest.mark.parametrize(
    "statement",
    [
        "SET enable_external_access = true",
        "SET threads = 1",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY user_points TO 'stolen.csv'",
        "UPDATE user_points SET points = points + 1",
    ],
)
def test_a_reader_can_neither_reach_out_nor_write(statement: str, reader: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error):
        reader.execute(statement)
    assert not Path("stolen.csv").exists()
