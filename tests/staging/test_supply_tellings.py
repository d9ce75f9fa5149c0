"""Traps of green supply and certificates: fractions of a Wh, summer time, one hour or serial told twice, restated, retired later,
and PV that would count twice. Exact figures are those of an oracle in fractions."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from chargeledger import flow, rooms
from chargeledger.errors import Refused
from chargeledger.lake import Lake
from tests.staging.canonical_files import AT, Row
from tests.staging.lake_contents import batches, fates, rows_of
from tests.staging.other_definition import other_definition
from tests.staging.supply_files import BATTERY, CERTIFICATE, CONTRACT, SOUND, SUPPLY, others, row, write

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)  # in Shanghai
RETIRED = {"retired_at": "2026-03-01T08:00:00+08:00", "retirement_reference": "R-1"}
OSLO = ("data_contracts/sources/green_supply_csv.yaml", "zone, value: UTC", "zone, value: Europe/Oslo")
Ingest = Callable[..., list[str]]


@pytest.fixture
def receive(lake: str, tmp_path: Path) -> Ingest:
    """Ingests rows as one file, with sound ones beside them; returns the fates of the rows, or the rules they broke."""

    def ingest(source: str, rows: list[Row], beside: int = 0, at: str = AT) -> list[str]:
        number, before = len(rows_of(lake, "landing_file")), len(fates(lake))
        flow.ingest(source, [write(tmp_path / f"{number}.csv", source, *rows, *others(source, beside))], lake, at)
        return [rule or outcome for outcome, rule in fates(lake)[before : before + len(rows)]]

    return ingest


def _kwh(fwh: int) -> str:
    """Whole fWh as kWh: eighteen decimals."""
    return f"{fwh // 10**18}.{fwh % 10**18:018d}"


def _said(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in ("landing_digest", "row_number")}


def _newest(lake: str, current: str, relation: str) -> list[dict[str, Any]]:
    """What account/ takes for the telling that counts, from the staged tables alone."""
    with duckdb.connect() as con:
        for name in (relation, "batch"):
            con.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({Lake(lake).files(name)!r})")
        con.execute("CREATE VIEW staged_batch AS SELECT * FROM batch WHERE state = 'staged'")
        sql = (rooms.TRANSFORMS / "account" / f"{current}.sql").read_text(encoding="utf-8")
        return con.sql(f"SELECT * FROM ({sql}) ORDER BY ALL").to_arrow_table().to_pylist()


def test_what_is_staged_is_what_the_paper_says(receive: Ingest, lake: str) -> None:
    receive(SUPPLY, [row(SUPPLY), row(SUPPLY, BATTERY, supply_id="cell-1"), row(SUPPLY, CONTRACT, supply_id="k-1")])
    pv, battery, contract = sorted(
        rows_of(lake, "green_supply_hour"), key=lambda told: "pbc".index(told["supply_kind"][0])
    )
    assert _said(pv) == {
        "supply_id": "ROOF-1", "supply_kind": "pv", "scope_kind": "station", "scope_id": "A-1", "operator_id": "INVENTED-A",
        "station_id": "A-1", "region": "CN-GRID-EAST", "hour_start": NOON, "generated_wh": 10_000, "to_battery_wh": 3_000,
        "exported_wh": 1_000, "available_wh": 6_000, "charged_wh": None, "charged_from_pv_wh": None,
        "round_trip_per_mille": None, "has_no_transfer_declaration": True, "contract_id": None,
    }  # fmt: skip
    assert _said(battery) == _said(pv) | {
        "supply_id": "CELL-1", "supply_kind": "battery", "generated_wh": 5_000, "to_battery_wh": None, "exported_wh": 0,
        "available_wh": 5_000, "charged_wh": 6_000, "charged_from_pv_wh": 2_000, "round_trip_per_mille": 900,
        "has_no_transfer_declaration": None,
    }  # fmt: skip
    assert _said(contract) == _said(pv) | {
        "supply_id": "K-1", "supply_kind": "contract", "scope_kind": "operator", "scope_id": "INVENTED-A", "operator_id": None,
        "station_id": None, "to_battery_wh": None, "exported_wh": None, "available_wh": 10_000,
        "has_no_transfer_declaration": None, "contract_id": "K-1",
    }  # fmt: skip
    receive(CERTIFICATE, [row(CERTIFICATE, RETIRED, serial=" c-1 ", expires_on="2028-02-29", used_for_quota="TRUE")])
    (certificate,) = rows_of(lake, "certificate")
    assert _said(certificate) == {
        "registry": "INVENTED-REGISTRY", "serial": "C-1", "contract_id": "K-1", "production_month": date(2026, 2, 1),
        "region": "CN-GRID-EAST", "energy_wh": 1_000_000, "beneficiary": "INVENTED-A",
        "retired_at": datetime(2026, 3, 1, tzinfo=UTC), "retirement_reference": "R-1", "expires_on": date(2028, 2, 29),
        "is_linked_to_credits": False, "is_used_for_quota": True, "is_revoked": False,
    }  # fmt: skip


def test_a_programme_is_spelt_as_it_is(receive: Ingest, lake: str) -> None:
    of_programme = CONTRACT | {"scope_kind": "programme", "scope_id": " cn_green_energy "}
    assert receive(SUPPLY, [row(SUPPLY, of_programme), row(SUPPLY, scope_id="a-1 ", supply_id="x")]) == ["accepted"] * 2
    assert {told["scope_id"] for told in rows_of(lake, "green_supply_hour")} == {"cn_green_energy", "A-1"}


def test_fractions_of_a_wh_are_floored_once_and_never_supply_what_is_not_there(receive: Ingest, lake: str) -> None:
    """1.0005 kWh less 0.5004 less 0.4999 leave 0.2 Wh: none, where the floored figures would leave one."""
    told = {"trap": ("1.0005", "0.5004", "0.4999"), "all used": ("10.0005", "10.0005", "0")}
    chance = random.Random(7)
    for number in range(60):
        parts = [chance.randrange(10 ** chance.randrange(15, 22)) for _ in range(3)]  # fWh
        told[f"drawn {number}"] = tuple(_kwh(figure) for figure in (sum(parts), parts[0], parts[1]))
    names = ("generated_kwh", "to_battery_kwh", "exported_kwh")
    rows = [row(SUPPLY, dict(zip(names, figures, strict=True)), supply_id=name) for name, figures in told.items()]
    assert receive(SUPPLY, rows) == ["accepted"] * len(rows)
    for staged in rows_of(lake, "green_supply_hour"):
        generated, used, exported = (Fraction(figure) * 1000 for figure in told[staged["supply_id"].lower()])
        floored = [int(generated), int(used), int(exported)]
        assert [staged[f"{name}_wh"] for name in ("generated", "to_battery", "exported")] == floored
        assert staged["available_wh"] == int(generated - used - exported) <= floored[0] - floored[1] - floored[2]


def test_an_hour_that_the_clock_shows_twice_or_never_needs_its_offset(
    receive: Ingest, lake: str, tmp_path: Path
) -> None:
    """Europe/Oslo, 29 March and 25 October 2026: 02:00 is skipped, and shown twice."""
    hours = ["2026-03-29T01:00:00", "2026-03-29T03:00:00", "2026-10-25T01:00:00", "2026-10-25T03:00:00"]
    never, twice = "2026-03-29T02:00:00", "2026-10-25T02:00:00"
    offsets = [f"{twice}+02:00", f"{twice}+01:00"]
    with other_definition(tmp_path, OSLO):
        rows = [row(SUPPLY, hour_start=hour) for hour in (*hours, *offsets, never, twice)]
        assert receive(SUPPLY, rows, beside=20) == ["accepted"] * 6 + ["hour_once"] * 2
    local = [datetime.fromisoformat(hour).replace(tzinfo=ZoneInfo("Europe/Oslo")) for hour in hours]
    owed = {each.astimezone(UTC) for each in (*local, *map(datetime.fromisoformat, offsets))}
    assert {t["hour_start"] for t in rows_of(lake, "green_supply_hour") if t["supply_id"] == "ROOF-1"} == owed
    assert max(owed) - min(owed) == timedelta(days=210, hours=2) and len(owed) == 6


@pytest.mark.parametrize(
    ("source", "other"), [(SUPPLY, {"generated_kwh": "9"}), (CERTIFICATE, {"production_month": "2026-01"})]
)
def test_one_key_told_two_ways_in_a_file_is_refused_both_ways(source: str, other: Row, receive: Ingest) -> None:
    spelt = {"hour_start": "2026-03-10T04:00:00Z"} if source == SUPPLY else {"serial": " c-1 "}
    assert receive(source, [row(source), row(source, other | spelt)], beside=20) == ["same_key_other_content"] * 2
    assert receive(source, [row(source), row(source, spelt)]) == ["accepted", "duplicate"]


def test_a_restated_supply_supersedes_and_overwrites_nothing(receive: Ingest, lake: str) -> None:
    more, less = row(SUPPLY), row(SUPPLY, generated_kwh="8")
    spelt = [row(SUPPLY, generated_kwh=figure) for figure in ("10.0", "8.000")]
    for file in ([more], spelt[:1], [less], [more, row(SUPPLY, hour_start="2026-03-10T05:00:00Z")], spelt[1:]):
        receive(SUPPLY, file)
    outcomes = [outcome for outcome, _ in fates(lake)]
    assert outcomes == ["accepted", "duplicate", "accepted", "accepted", "accepted", "accepted"]
    landed = {batch["landing_digest"]: batch["batch_seq"] for batch in batches(lake)}
    kept = sorted((landed[t["landing_digest"]], t["available_wh"]) for t in rows_of(lake, "green_supply_hour"))
    assert kept == [(1, 6_000), (3, 4_000), (4, 6_000), (4, 6_000), (5, 4_000)]


def test_the_telling_that_landed_last_counts(receive: Ingest, lake: str) -> None:
    receive(SUPPLY, [row(SUPPLY), row(SUPPLY, hour_start="2026-03-10T05:00:00Z", generated_kwh="7")])
    receive(SUPPLY, [row(SUPPLY, generated_kwh="8"), row(SUPPLY, supply_id="roof-2")])
    supply = _newest(lake, "green_supply_current", "green_supply_hour")
    assert sorted((s["supply_id"], s["available_wh"], s["batch_seq"]) for s in supply) == [
        ("ROOF-1", 3_000, 1),
        ("ROOF-1", 4_000, 2),
        ("ROOF-2", 6_000, 2),
    ]


def test_a_retirement_arrives_later_and_a_revocation_after_it(receive: Ingest, lake: str) -> None:
    held, retired = row(CERTIFICATE), row(CERTIFICATE, RETIRED)
    other = row(CERTIFICATE, registry="another")  # the same serial elsewhere is another certificate
    for file in ([held, other], [retired], [retired | {"revoked": "true"}, held | {"serial": "C-2"}]):
        assert set(receive(CERTIFICATE, file)) == {"accepted"}
        standing = {(c["registry"], c["serial"]): c for c in _newest(lake, "certificate_current", "certificate")}
        mine = standing["INVENTED-REGISTRY", "C-1"]
        assert (mine["retirement_reference"], mine["is_revoked"]) == (
            file[0]["retirement_reference"] or None,
            file[0]["revoked"] == "true",
        )
        assert standing["ANOTHER", "C-1"]["retired_at"] is None
    assert len(standing) == 3 and len(rows_of(lake, "certificate")) == 5


def _finding(lake: str, rule: str) -> tuple[bool, str]:
    found = {each["rule_id"]: each for each in json.loads(batches(lake)[-1]["validation"])}
    return found[rule]["passed"], found[rule]["observed"]


def test_pv_in_a_battery_that_no_pv_tells_is_warned_of(receive: Ingest, lake: str) -> None:
    """PV sends 3 kWh into batteries: one takes 2, another of its station the third; a watt-hour more counts twice."""
    rule, second = "charged_from_pv_is_told_by_pv", BATTERY | {"supply_id": "cell-2"}
    receive(SUPPLY, [row(SUPPLY), row(SUPPLY, BATTERY, supply_id="cell-1")])
    receive(SUPPLY, [row(SUPPLY, second, charged_from_pv_kwh="1.001")])
    assert _finding(lake, rule)[0], "a fraction of a Wh of the PV may have been lost"
    receive(SUPPLY, [row(SUPPLY, second, charged_from_pv_kwh="1.002")])
    passed, said = _finding(lake, rule)
    assert not passed and "A-1 2026-03-10T04:00:00Z" in said
    receive(SUPPLY, [row(SUPPLY, to_battery_kwh="6")])
    assert _finding(lake, rule)[0], "told again, the PV covers it"
    elsewhere = {"operator": "INVENTED-B", "supply_id": "cell-3"}
    receive(SUPPLY, [row(SUPPLY, BATTERY, **elsewhere)])
    assert not _finding(lake, rule)[0], "the roof of another operator's station of the same id is no roof of this one"


def test_a_retirement_after_the_landing_is_warned_of(receive: Ingest, lake: str) -> None:
    for seconds, passes in ((0, True), (1, False)):
        moment = (datetime.fromisoformat(AT) + timedelta(seconds=seconds)).isoformat()
        receive(CERTIFICATE, [row(CERTIFICATE, RETIRED | {"retired_at": moment})])
        assert _finding(lake, "retired_by_landing")[0] is passes
    receive(CERTIFICATE, [row(CERTIFICATE, serial="C-3")])
    assert _finding(lake, "retired_by_landing")[0], "a file without a retirement says nothing of it"


def test_a_file_without_batteries_and_contracts_may_lack_their_columns(lake: str, tmp_path: Path) -> None:
    absent = ("charged_kwh", "charged_from_pv_kwh", "round_trip_per_mille", "contract_id")
    flow.ingest(SUPPLY, [write(tmp_path / "pv.csv", SUPPLY, row(SUPPLY), without=absent)], lake, AT)
    flow.ingest(
        CERTIFICATE,
        [write(tmp_path / "c.csv", CERTIFICATE, row(CERTIFICATE), without=("revoked", "beneficiary"))],
        lake,
        AT,
    )
    assert fates(lake) == [("accepted", None)] * 2
    owed = write(tmp_path / "less.csv", SUPPLY, row(SUPPLY), without=("exported_kwh",))
    with pytest.raises(Refused, match="rule columns_present: column exported_kwh"):
        flow.ingest(SUPPLY, [owed], lake, AT)


@pytest.mark.parametrize("source", SOUND)
@pytest.mark.parametrize(("bad", "passes"), [(2, True), (3, False)])
def test_more_than_a_tenth_refused_refuses_the_file(source: str, bad: int, passes: bool, receive: Ingest) -> None:
    rows = [row(source, region=f"NOWHERE-{number}") for number in range(bad)]
    if passes:
        assert receive(source, rows, beside=20 - bad) == ["region_known"] * bad
    else:
        with pytest.raises(Refused, match="rule quarantined_share"):
            receive(source, rows, beside=20 - bad)


def test_what_lands_is_an_input_of_the_next_run(receive: Ingest, lake: str) -> None:
    before = Lake(lake).versions()
    receive(SUPPLY, [row(SUPPLY)])
    receive(CERTIFICATE, [row(CERTIFICATE)])
    after = Lake(lake).versions()
    assert {name: after[name] - before[name] for name in ("green_supply_hour", "certificate")} == {
        "green_supply_hour": 1,
        "certificate": 1,
    }
