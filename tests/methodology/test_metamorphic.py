"""Relations between two runs of a version's SQL hold on generated sessions, and a planted wrong SQL breaks one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargeledger.methodology import Methodology, load
from tests.methodology.generated_run import Told, results
from tests.methodology.sql_mutants import mutated
from tests.oracle import changed, generated
from tests.oracle.metamorphic import ANNUAL, GREEN, HOURLY, RELATIONS, Relation

VERSIONS = {ANNUAL: "cn_ev_charging@1.3.0", HOURLY: "cn_ev_charging@2.0.0", GREEN: "cn_ev_charging@3.0.0"}
COUNT = 400
# Every run judges the same two seeds: 400 sessions through each relation of each version, 21,600 in all.
SEEDS = settings(max_examples=2, derandomize=True, deadline=None, database=None)


def broken(
    versions: Mapping[str, Methodology], relations: list[Relation], seed: int
) -> list[tuple[str, str, list[str]]]:
    """Relation, kind of version and the sessions that break it. Each has an owner, for points are told of owners alone."""
    given = generated.given(seed, COUNT)
    given = changed.each_session(given, lambda each: replace(each, user_id=each.user_id or "user"))
    before = Told.of(given)
    old = {kind: results(version, before) for kind, version in versions.items()}
    found = []
    for relation in relations:
        after = Told.of(relation.change(given), before)
        for kind in sorted(relation.versions & versions.keys()):
            sessions = relation.broken(given, after.given, old[kind], results(versions[kind], after))
            found += [(relation.name, kind, sessions)] if sessions else []
    return found


@SEEDS
@given(seed=st.integers(1, 2**31))
def test_every_relation_holds(seed: int) -> None:
    assert broken({kind: load(name) for kind, name in VERSIONS.items()}, RELATIONS, seed) == []


REMAINDER = "int_div(wide(available_wh) * left_wh, total_left_wh)"
TO_THE_FIRST = (
    "CASE ROW_NUMBER() OVER (PARTITION BY supply_id, hour_start ORDER BY session_id) WHEN 1 THEN 1 ELSE 0 END"
)
PLANTED = [
    (ANNUAL, "allocate", "wide(reading_wh) * (LEAST", "wide(reading_wh + 1) * (LEAST", "energy times an integer"),
    (ANNUAL, "assess", "div_up(d.reading", "int_div(d.reading", "a session cut at an hour edge"),
    (HOURLY, "assess", "ELSE highest_ug_per_kwh", "ELSE intensity_ug_per_kwh", "no metered intervals any more"),
    (HOURLY, "intensity", "THEN wide(m.gen", "THEN 1 + wide(m.gen", "a constant mix"),
    (HOURLY, "split", "epoch_s(s.ended_at) - 1, 3600)", "epoch_s(s.ended_at), 3600)", "a session cut at an hour edge"),
    (GREEN, "match", "AND d.programme = p.scope_id", "", "sessions of a stranger"),
    (GREEN, "match", REMAINDER, f"{REMAINDER} + {TO_THE_FIRST}", "other ids"),
]


@pytest.mark.parametrize(("kind", "step", "old", "new", "name"), PLANTED)
def test_a_planted_wrong_step_breaks_a_relation(
    kind: str, step: str, old: str, new: str, name: str, tmp_path: Path
) -> None:
    version = mutated(load(VERSIONS[kind]), step, {"old": old, "new": new}, tmp_path)
    (relation,) = (each for each in RELATIONS if each.name == name)
    assert broken({kind: version}, [relation], 1)
