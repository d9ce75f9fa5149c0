"""Every row rule of stations, owners, enrolments and control totals at its boundary: what just passes and what just fails."""

from __future__ import annotations

import pytest

from chargeledger import flow
from chargeledger.contract import contract
from chargeledger.source import load_source
from tests.staging.canonical_files import AT
from tests.staging.conftest import fixed_key
from tests.staging.lake_contents import fates
from tests.staging.reference_files import SOUND, TELLS_APART, row, write

Told = dict[str, str]
Fates = list[tuple[str, str | None]]
MIDNIGHT = "2026-01-01T00:00:00+08:00"

# source: (rule, what just passes, what just fails)
BOUNDARIES: dict[str, list[tuple[str, Told, Told]]] = {
    "station_csv": [
        ("station_told", {"station_id": " 0 "}, {"station_id": "  "}),
        ("station_told", {"issuer": "x", "station_id": "s"}, {"operator": "", "issuer": " "}),
        ("valid_from_readable", {"valid_from": "2026-01-01T00:00+08"}, {"valid_from": "2026-01-01"}),
        ("valid_from_readable", {"valid_from": "2024-02-29T00:00Z"}, {"valid_from": "2026-02-29T00:00Z"}),
        ("operator_told", {"operator": " o ", "issuer": "x"}, {"operator": " ", "issuer": "x"}),
        ("region_known", {"region": " CN-GRID-SW "}, {"region": "cn-grid-sw"}),
        ("region_known", {"region": "NO"}, {"region": ""}),
        ("county_code_form", {"county_code": " 310115 "}, {"county_code": "31011"}),
        ("county_code_form", {"county_code": ""}, {"county_code": "3101150"}),
        ("power_type_known", {"power_type": " DC "}, {"power_type": "dc"}),
        ("metering_point_fits", {"metering_point": ""}, {"metering_point": "", "power_type": "AC"}),
        ("metering_point_fits", {"metering_point": "ac_input", "power_type": "AC"}, {"power_type": "AC"}),
        ("metering_point_fits", {"metering_point": "ac_input"}, {"metering_point": "AC input"}),
        ("rated_power_positive", {"rated_kw": "0.001"}, {"rated_kw": "0.0009"}),
        ("rated_power_positive", {"rated_kw": ""}, {"rated_kw": "-7"}),
        ("rated_power_readable", {"rated_kw": " 7.4 "}, {"rated_kw": "7,4"}),
        ("access_known", {"access": "private"}, {"access": "Private"}),
        ("access_known", {"access": " "}, {"access": "open"}),
    ],
    "session_owner_csv": [
        ("subject_told", {"order_number": "a:1"}, {"operator": "INVENTED:A"}),
        ("subject_told", {"operator": " x "}, {"operator": " "}),
        ("subject_told", {"token": "t1", "order_number": ""}, {"token": " ", "order_number": ""}),
        ("subject_told", {"token": "t2", "order_number": "", "operator": ""}, {"token": "t2"}),
        ("subject_told", {"token": "t3", "order_number": " "}, {"token": "t3", "operator": ""}),
        ("owner_told", {"account": " 0 "}, {"account": "  "}),
        ("known_since_readable", {"known_since": "2026-03-10T02:00Z"}, {"known_since": "2026-03-10T02:00"}),
        ("known_since_readable", {"known_since": "  "}, {"known_since": "ever"}),
    ],
    "enrolment_csv": [
        ("account_told", {"account": " 0 "}, {"account": "  "}),
        ("programme_told", {"programme": " p "}, {"programme": " "}),
        ("from_readable", {"enrolled_from": "2026-01-01 00:00:00.9+08"}, {"enrolled_from": "2026-01-01"}),
        ("from_readable", {"enrolled_from": "2025-12-31T24:00Z"}, {"enrolled_from": ""}),
        ("until_readable", {"enrolled_until": " "}, {"enrolled_until": "open"}),
        ("until_readable", {"enrolled_until": "2026-06-01T00:00Z"}, {"enrolled_until": "2026-06-31T00:00Z"}),
        ("until_after_from", {"enrolled_until": "2026-01-01T00:00:01+08:00"}, {"enrolled_until": MIDNIGHT}),
        ("until_after_from", {"enrolled_until": "2026-01-01T00:00:00Z"}, {"enrolled_until": "2025-12-31T15:59:59Z"}),
    ],
    "delivery_control_csv": [
        ("issuer_told", {"operator": " 0 "}, {"operator": " "}),
        ("day_readable", {"day": " 2024-02-29 "}, {"day": "2026-02-29"}),
        ("day_readable", {"day": "2026-12-31"}, {"day": "31.12.2026"}),
        ("region_known", {"region": " NO "}, {"region": "NO1"}),
        ("sessions_readable", {"sessions": "0"}, {"sessions": "-1"}),
        ("sessions_readable", {"sessions": " +3 "}, {"sessions": "3.0"}),
        ("sessions_readable", {"sessions": "999999999999999"}, {"sessions": "1000000000000000"}),
        ("sessions_readable", {"sessions": "007"}, {"sessions": ""}),
        ("energy_readable", {"energy_kwh": "0"}, {"energy_kwh": "-0.0001"}),
        ("energy_readable", {"energy_kwh": " "}, {"energy_kwh": "n/a"}),
        ("energy_readable", {"energy_kwh": "1.5"}, {"energy_kwh": "1,5"}),
    ],
}
CASES = [(source, place) for source, table in BOUNDARIES.items() for place in range(len(table))]


@pytest.fixture(scope="module")
def fates_of(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Fates]:
    """For each source a lake of its own: the rows that pass, those that fail, and sound ones, so that the file may pass."""
    told = {}
    for source, table in BOUNDARIES.items():
        folder = tmp_path_factory.mktemp(source)
        changed = [passing for _, passing, _ in table] + [failing for _, _, failing in table]
        apart = [{TELLS_APART[source]: f"row-{place}"} for place in range(len(changed) * 6)]
        rows = [row(source, **key | change) for key, change in zip(apart, changed, strict=False)]
        rows += [row(source, **key) for key in apart[len(rows) :]]
        with fixed_key():
            flow.ingest(source, [write(folder / "rows.csv", source, *rows)], str(folder / "lake"), AT)
        told[source] = fates(folder / "lake")
    return told


def _name(source: str, place: int) -> str:
    rule, passing, failing = BOUNDARIES[source][place]
    return f"{source} {rule}: {passing} / {failing}"


@pytest.mark.parametrize(("source", "place"), CASES, ids=[_name(*case) for case in CASES])
def test_a_row_at_the_boundary(source: str, place: int, fates_of: dict[str, Fates]) -> None:
    table = BOUNDARIES[source]
    assert fates_of[source][place] == ("accepted", None)
    assert fates_of[source][len(table) + place] == ("quarantined", table[place][0])


@pytest.mark.parametrize("source", SOUND)
def test_no_row_rule_is_without_a_boundary(source: str) -> None:
    rules = contract(load_source(source).relation).row_rules
    assert {rule.rule_id for rule in rules} == {rule for rule, _, _ in BOUNDARIES[source]}
