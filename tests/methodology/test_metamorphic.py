"""Relations between two runs of a version's SQL hold on generated sessions, and a planted wrong SQL breaks one of them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chargeledger.methodology import Methodology, load
from tests.methodology.generated_run import Told, results
from tests.methodology.sql_mutants import mutated
from tests.oracle import changed, generated
from tests.oracle.given import Given, Results
from tests.oracle.metamorphic import ANNUAL, GREEN, HOURLY, RELATIONS, Relation

VERSIONS = {ANNUAL: "cn_ev_charging@1.3.0", HOURLY: "cn_ev_charging@2.0.0", GREEN: "cn_ev_charging@3.0.0"}
PAIRS = [pytest.param(each, v, id=f"{each.name}, {v}") for each in RELATIONS for v in sorted(each.versions)]
COUNT = 1_000
# The seeds are those of the relation's own name and version, the same in every run.
FEW = settings(
    max_examples=1,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def session_set(seed: int) -> Given:
    """Generated sessions, each with an owner: points are told of owners alone."""
    told = generated.given(seed, COUNT)
    return changed.each_session(told, lambda each: replace(each, user_id=each.user_id or "user"))


def broken(version: Methodology, relation: Relation, before: Given) -> list[str]:
    after = relation.change(before)
    return relation.broken(before, after, results(version, Told.of(before)), results(version, Told.of(after)))


@pytest.mark.parametrize(("relation", "version"), PAIRS)
@FEW
@given(seed=st.integers(0, 2**31))
def test_the_relation_holds(relation: Relation, version: str, seed: int) -> None:
    assert broken(load(VERSIONS[version]), relation, session_set(seed)) == []
