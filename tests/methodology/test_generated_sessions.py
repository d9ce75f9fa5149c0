"""On generated sessions the SQL of a version gives what the oracle gives, without one difference in any relation.

The seed is fixed; `CHARGELEDGER_SEEDS=10` runs ten of them.
"""

from __future__ import annotations

import os
from functools import cache

import pytest

from chargeledger.methodology import load
from tests.methodology.generated_owed import OWED, Paper, differences
from tests.methodology.generated_run import Told, ran
from tests.oracle import generated
from tests.oracle.reward import Rules

COUNT = 20_000
SEEDS = range(20_260_310, 20_260_310 + int(os.environ.get("CHARGELEDGER_SEEDS", "1")))
RULES = Rules(kwh_cap=60, points_cap=15_000)


@cache
def paper(seed: int) -> tuple[Paper, Told]:
    given = generated.given(seed, COUNT)
    return Paper(given, RULES), Told.of(given)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", OWED)
def test_the_sql_gives_what_the_oracle_gives(name: str, seed: int) -> None:
    owed, told = paper(seed)
    expected = OWED[name](owed)
    assert all(rows.num_rows > 500 for rows in expected.values())
    with ran(load(name), told, RULES) as engine:
        assert list(differences(engine, expected)) == []
