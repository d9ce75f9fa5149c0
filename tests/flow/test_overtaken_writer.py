"""A writer that another overtook between reading and posting: it loses, reads again, and posts what is still missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chargeledger import accounting, engine, flow
from chargeledger.computation import Inputs
from chargeledger.lake import Lake
from tests.flow import small_california as small
from tests.flow.lake_bytes import holds, same_segments

RACE = "another writer committed first"


Step = tuple[object, str]
STEPS: dict[str, Step] = {
    "inputs read": (Inputs, "newest"),
    "staged inputs read": (Lake, "versions"),
    "computed": (accounting, "compute"),
    "receipt written": (accounting, "write_receipt"),
    "state written": (engine, "write_parquet"),
}


def pause_after(monkeypatch: pytest.MonkeyPatch, step: Step, meanwhile: Callable[[], object]) -> None:
    """Once, when this step of an accounting is done, let something else happen."""
    owner, name = step
    do, waiting = getattr(owner, name), [meanwhile]

    def pausing(*arguments: Any, **named: Any) -> Any:
        done = do(*arguments, **named)
        if waiting:
            waiting.pop()()
        return done

    monkeypatch.setattr(owner, name, pausing)


@pytest.fixture(params=STEPS.values(), ids=STEPS.keys())
def step(request: pytest.FixtureRequest) -> Step:
    found: Step = request.param
    return found


def test_a_writer_that_another_overtook_with_the_same_posts_nothing(
    step: Step, single: str, fresh: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = fresh()
    told: list[str] = []
    pause_after(monkeypatch, step, lambda: flow.account(lake, at=small.AT))
    done = flow.account(lake, at=small.AT, report=told.append)
    assert sum(RACE in line for line in told) == 1
    assert (done["receipt"], done["posted_entries"], done["ledger_version"]) == (None, 0, 1)
    flow.publish(lake, small.AT)
    assert same_segments(lake, single)
    holds(lake)


def test_a_writer_with_older_inputs_reads_again(
    step: Step, fresh: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A correction of session 3, two sessions more, and other gas in hour 5: with what the overtaken writer had read,
    # the ledger would hold awards that are not due.
    lines = [small.session_line(3, "21.5", "2019-01-20T00:00:00Z"), small.session_line(40), small.session_line(41)]
    late = small.write_lines(tmp_path / "late.csv", small.SESSION_HEADER, lines)
    mix = small.write_lines(tmp_path / "mix.csv", small.GRID_HEADER, [small.grid_line(5, 9000)])

    def arrives(lake: str) -> None:
        flow.ingest("session_csv", [late], lake, small.AT)
        flow.ingest("grid_mix_csv", [mix], lake, small.AT)
        flow.account(lake, at=small.AT)

    alone, lake = fresh(), fresh()
    arrives(alone)
    flow.publish(alone, small.AT)
    told: list[str] = []
    pause_after(monkeypatch, step, lambda: arrives(lake))
    done = flow.account(lake, at=small.AT, report=told.append)
    assert sum(RACE in line for line in told) == 1
    assert (done["receipt"], done["held"]) == (None, [])
    flow.publish(lake, small.AT)
    assert same_segments(lake, alone)
    holds(lake)


def test_what_another_posted_in_between_is_not_posted_again(
    fresh: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The other accounts the first day alone; the one it overtook posts the rest, on top.
    alone, lake = fresh(), fresh()
    first = "2019-01-03"
    flow.account(alone, first, at=small.AT)
    flow.account(alone, at=small.AT)
    flow.publish(alone, small.AT)
    pause_after(monkeypatch, STEPS["computed"], lambda: flow.account(lake, first, at=small.AT))
    done = flow.account(lake, at=small.AT)
    flow.publish(lake, small.AT)
    assert 0 < done["posted_entries"] < 40
    assert same_segments(lake, alone)
    holds(lake)


def test_the_clock_of_the_ledger_never_goes_back(fresh: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    lake = fresh()
    pause_after(monkeypatch, (Lake, "clock"), lambda: flow.account(lake, "2019-01-03", at=small.LATER))
    flow.account(lake, at=small.AT)
    clocks = [commit.clock for commit in Lake(lake).commits()]
    assert len(clocks) == 2
    assert clocks == sorted(clocks)


def test_the_clock_of_the_landing_never_goes_back(lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    early, late = (small.write_sessions(tmp_path / f"{place}.csv", [place]) for place in (0, 1))
    pause_after(monkeypatch, (Lake, "clock"), lambda: flow.ingest("session_csv", [late], lake, small.LATER))
    flow.ingest("session_csv", [early], lake, small.AT)
    landed = Lake(lake).table("landing_file").to_pyarrow_table().sort_by("landing_seq").to_pylist()
    assert [row["landing_seq"] for row in landed] == [1, 2]
    assert landed[0]["landed_at"] <= landed[1]["landed_at"]
