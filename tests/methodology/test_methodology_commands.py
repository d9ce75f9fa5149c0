"""`chargeledger methodology` list, check and show, as a person calls them."""

from __future__ import annotations

import re

from chargeledger import rooms
from tests.command_line_lake import chargeledger


def test_list_names_every_version_with_status_and_force() -> None:
    told = chargeledger("methodology", "list")
    lines = {line.split()[0]: line for line in told.out.splitlines()}
    assert told.code == 0 and set(lines) == set(rooms.methodology_names())
    assert all("published" in line and "as published" in line for line in lines.values())
    assert "cn_green_energy 2025-01-01..2026-01-01" in lines["cn_ev_charging@1.1.0"]
    assert lines["us_ev_charging@1.0.0"].endswith("us_california 2018-01-01..")


def test_check_passes_and_lists_what_it_checked() -> None:
    told = chargeledger("methodology", "check", "us_ev_charging@1.0.0")
    assert told.code == 0 and "BROKEN" not in told.out
    for what in (
        "derivations",
        "units",
        "dates",
        "references",
        "citations",
        "intensity.sql",
        "sensitivity table",
        "cases: 46 of 46",
    ):
        assert f"ok      {what}" in told.out


def shown(name: str) -> str:
    told = chargeledger("methodology", "show", name)
    assert told.code == 0
    return re.sub(r"[\s▌]+", " ", told.out)


def test_show_tells_numbers_and_sources() -> None:
    said = shown("us_ev_charging@1.0.0")
    assert "baseline_intensity (AC) = 905091303 ug CO2/kWh [H] derived from VM0038 v1.0" in said
    assert "US coal = 760000000 ug/kWh [H] Electricity Maps" in said and "digest " in said


def test_show_tells_the_whole_warning() -> None:
    said = shown("cn_ev_charging@1.2.0")
    assert "It decides more than anything else: see the sensitivity table." in said
