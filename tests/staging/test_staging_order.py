"""Files stage in any order, and what counts is the order in which they landed."""

from __future__ import annotations

from pathlib import Path

from chargeledger import flow
from tests.staging.canonical_files import AT, grid_csv, grid_row, session_csv, session_row
from tests.staging.lake_contents import published

ENERGY = "SELECT session_id, energy_wh FROM session_assessment ORDER BY ALL"
INTENSITY = "SELECT intensity_ug_per_kwh FROM grid_intensity_hour"


def _told_in_other_orders(source: str, paths: list[str], lake: str, sql: str) -> set[str]:
    """What is published after the files landed in their order and staged in two others, in the hope that it is one thing."""
    told = set()
    for order in ((2, 1, 0), (1, 2, 0)):
        at = f"{lake}-{''.join(map(str, order))}"
        landed = [file["landing_digest"] for file in flow.land_files(source, paths, at, AT)]
        for place in order:
            flow.stage_landed(source, landed[place], at)
        flow.account(at, at=AT)
        flow.publish(at, AT)
        told.add(str(published(at, sql)))
    return told


def test_new_revisions(lake: str, tmp_path: Path) -> None:
    paths = [
        session_csv(tmp_path / f"{kwh}.csv", session_row("S1", energy_kwh=str(kwh), account=f"account of {kwh}"))
        for kwh in (10, 11, 12)
    ]
    assert _told_in_other_orders("session_csv", paths, lake, ENERGY) == {"[('INVENTED-A:S1', 12000)]"}


def test_a_first_telling_that_comes_again(lake: str, tmp_path: Path) -> None:
    """The third file repeats the first: in the order of landing it is a duplicate, and the second counts."""
    again = [session_row("S1", energy_kwh="10"), session_row("S2", energy_kwh="7")]
    paths = [
        session_csv(tmp_path / "first.csv", session_row("S1", energy_kwh="10")),
        session_csv(tmp_path / "second.csv", session_row("S1", energy_kwh="11")),
        session_csv(tmp_path / "third.csv", *again),
    ]
    expected = "[('INVENTED-A:S1', 11000), ('INVENTED-A:S2', 7000)]"
    assert _told_in_other_orders("session_csv", paths, lake, ENERGY) == {expected}


def test_an_hour_that_is_restated_back(lake: str, tmp_path: Path) -> None:
    coal = grid_row(region="US-CAL-CISO", coal_mwh="1", gas_mwh="", hydro_mwh="")
    gas = coal | {"coal_mwh": "", "gas_mwh": "1"}
    other = coal | {"hour_start": "2026-03-10T02:00:00Z", "hydro_mwh": "1"}
    paths = [
        grid_csv(tmp_path / "first.csv", coal),
        grid_csv(tmp_path / "second.csv", gas),
        grid_csv(tmp_path / "third.csv", coal, other),
    ]
    expected = "[(760000000,), (380000000,)]"  # coal alone; half coal and half water
    assert _told_in_other_orders("grid_mix_csv", paths, lake, f"{INTENSITY} ORDER BY hour_start") == {expected}
