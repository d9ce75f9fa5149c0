"""A pull by its DAG, with a token that only the connection knows, and the DAG that fails while something is missing."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.completeness.ocpi_server import ENCODED, TOKEN, serving, status
from tests.dags.embedded import dag_runs
from tests.staging.json_files import cdr

AT = "2026-03-11T00:00:00Z"
PULL, CHECK = "pull_charging_sessions", "check_completeness"
Runs = list[tuple[str, str]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, list[str | None], Runs]:
    """A pull whose second page goes missing, a check, a whole pull, a check, and a pull from nobody; in a home of their own."""
    home = tmp_path_factory.mktemp("pulled")
    here = {"lake": str(home / "lake"), "at": AT}
    check = (CHECK, here | {"vintages": "2026-03-10"})
    with serving([cdr(n, last_updated=f"2026-03-10T12:{n:02d}:00Z") for n in range(5)], limit=2) as party:
        party.next_answers = [None, status(404)]
        known = {"conn_type": "http", "host": party.address, "password": TOKEN}
        env = {"AIRFLOW_CONN_OUR_PARTY": json.dumps(known), "NO_PROXY": "*"}
        pull = (PULL, here | {"connection": "our_party"})
        runs = dag_runs(home, [pull, check, pull, check, (PULL, here | {"connection": "nobody"})], env)
        return home, party.address, party.tokens, runs


def test_a_pull_that_came_short_fails_and_the_next_one_makes_it_good(
    ran: tuple[Path, str, list[str | None], Runs],
) -> None:
    *_, tokens, runs = ran
    assert [state for state, _ in runs] == ["failed", "failed", "success", "success", "failed"]
    assert "page 2: HTTP 404" in runs[0][1] and "page 3: 1 records, 5 of 5" in runs[2][1]
    assert len(tokens) == 2 + 3, "a refusal is not tried again"
    assert set(tokens) == {f"Token {ENCODED}"}


def test_the_check_fails_with_what_is_missing_in_its_log(ran: tuple[Path, str, list[str | None], Runs]) -> None:
    _, address, _, runs = ran
    line = f"{address} until {AT}: 3 of 5 records missing"
    assert f"Missing, worst first: {line}" in runs[1][1]
    assert runs[1][1].count(line) >= 2, "in the log, and as the reason"
    assert "missing" not in runs[3][1]


def test_a_connection_that_is_not_there_is_named(ran: tuple[Path, str, list[str | None], Runs]) -> None:
    assert "Airflow has no connection 'nobody'" in ran[3][4][1]


def test_the_token_is_in_no_log_and_in_no_book(ran: tuple[Path, str, list[str | None], Runs]) -> None:
    home, *_, runs = ran
    secrets = [TOKEN, ENCODED, base64.b64encode(ENCODED.encode()).decode()]
    assert not [secret for secret in secrets for _, said in runs if secret in said]
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files for secret in secrets if secret.encode() in path.read_bytes()] == []
