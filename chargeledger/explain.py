"""Explain: one session, step by step, from the received row to the ledger, with formulas, numbers and cited sources.

The numbers are computed again by the version's own SQL from the inputs of the run that set the session's state.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from chargeledger.computation import compute
from chargeledger.engine import Engine, quoted
from chargeledger.errors import UsageError
from chargeledger.lake import Lake, instant_text, parse_instant
from chargeledger.methodology import Methodology
from chargeledger.receipt import programmes_of, read_receipt
from chargeledger.scope import Inputs, Question, Scope
from chargeledger.table import file_rows_where, rows_where

HOURS = """
SELECT h.hour_start, h.reading_wh, i.intensity_ug_per_kwh, i.factor_origin,
  CAST(h.reading_wh AS HUGEINT) * i.intensity_ug_per_kwh AS emissions_ng
FROM session_hour AS h
JOIN session_scope AS s ON s.session_id = h.session_id
LEFT JOIN grid_intensity_hour AS i
  ON i.methodology = s.methodology AND i.region = h.region AND i.hour_start = h.hour_start
ORDER BY h.hour_start
"""
MIX = """
SELECT DISTINCT strftime(timezone('UTC', m.hour_start), '%Y-%m-%dT%H:%M:%SZ') AS hour, m.source, m.generation_pwh
FROM grid_mix_hour AS m JOIN session_hour AS h ON h.region = m.region AND h.hour_start = m.hour_start
ORDER BY hour, m.source
"""
PWH_PER_MWH = Decimal(10**18)
UG_PER_G = Decimal(10**6)
PARTS = ("not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")
RULE_TEXT = {
    "energy": "energy delivered must lie between {min_energy_wh} and {max_energy_wh} Wh",
    "duration": "the charging window may last at most {max_charging_s} s",
    "power": "the mean power of the reading may be at most {max_power_per_mille} per mille of the rated {rated_w} W",
    "late": "the first landing may be at most {claim_window_s} s after the end",
}
Row = dict[str, Any]


def explain(lake: Lake, session_id: str, out: Console) -> None:
    """Print the explanation. Raises UsageError where the ledger has no state for the session."""
    session_id = session_id.upper()
    digest, receipt, waits = _receipt_of(lake, session_id)
    said = receipt["inputs"]
    inputs = Inputs(said["staged"], said["ledger_version"])
    scope = Scope.from_json(receipt["scope"])
    with Engine(spill=lake.spill()) as engine:
        question = Question(session_id=session_id)
        clock = parse_instant(receipt["clock"])
        run = compute(lake, engine, scope, clock, inputs, programmes_of(lake, receipt), question)
        zone = engine.rows("SELECT programme, zone FROM programme")
        zones = {str(row["programme"]): str(row["zone"]) for row in zone}
        for relation in ("session_hour", "session_assessment", "session_award"):  # others share its caps
            engine.con.execute(f"DELETE FROM {relation} WHERE session_id <> {quoted(session_id)}")
        scoped = engine.rows(f"SELECT * FROM session_scope WHERE session_id = {quoted(session_id)}")
        _heading(out, session_id, digest, receipt, waits)
        _received(lake, out, session_id)
        if not scoped or scoped[0]["methodology"] is None:
            _state(lake, engine, out, session_id)
            return
        version = run.versions[str(scoped[0]["methodology"])]
        _belongs(out, scoped[0], zones, version)
        _hours(engine, out)
        _mix(engine, out, version)
        _equations(engine, out, version, scoped[0])
        _parameters(out, version, scoped[0])
        _state(lake, engine, out, session_id)
        for sentence in version.identity.get("provisional", []):
            out.print(f"Provisional: {sentence}", markup=False)


def _receipt_of(lake: Lake, session_id: str) -> tuple[str, dict[str, Any], bool]:
    """The receipt of the last run that set what stands for the session, and whether a change waits for approval since."""
    waits = False
    for commit in reversed(lake.commits()):
        path = lake.state_file("session_state", commit.receipt)
        state = file_rows_where([str(path)], session_id=session_id).to_pylist() if path.exists() else []
        if state and state[0]["state"] != "awaiting approval":
            return *read_receipt(lake, commit.receipt), waits
        waits = waits or bool(state)
    raise UsageError(
        f"no session '{session_id}' in the ledger of {lake.root}. Ids are <ISSUER>:<ORDER>, as in session_status of the "
        "publication; a session that was staged but not yet accounted is not there"
    )


def _heading(out: Console, session_id: str, digest: str, receipt: dict[str, Any], waits: bool) -> None:
    synthetic = "  (synthetic: part of the built-in sample)" if session_id.startswith("SYNTH") else ""
    out.print(f"Session {session_id}{synthetic}", style="bold", markup=False)
    out.print(f"As accounted at {receipt['clock']}, receipt {digest}", markup=False)
    if waits:
        out.print("A change has arrived since; its vintage is final, so the change waits for approval", markup=False)
    out.print("")


def _received(lake: Lake, out: Console, session_id: str) -> None:
    landed = {row["landing_digest"]: row for row in rows_where(lake.table("landing_file")).to_pylist()}
    released = {
        row["landing_digest"]: row for row in rows_where(lake.table("batch")).to_pylist() if row["released_from"]
    }
    rows = []
    for row in rows_where(lake.table("row_outcome"), row_key=session_id).to_pylist():
        release = released.get(row["landing_digest"])
        file = landed.get(release["released_from"] if release else row["landing_digest"])
        if file:  # what a release that was cut off has left does not count
            rows.append((file["landing_seq"], row["row_number"], release["batch_seq"] if release else 0, file, row))
    out.print("1. Received", style="bold")
    for _, number, release_seq, file, row in sorted(rows, key=lambda told: told[:3]):
        rule = f", rule {row['rule']}" if row["rule"] else ""
        again = f", released from quarantine by batch {release_seq}" if release_seq else ""
        out.print(
            f"   {file['file_name']} row {number} (source {file['source']}, SHA-256 {file['landing_digest'][:16]}), "
            f"landed {instant_text(file['landed_at'])}{again}: {row['outcome']}{rule}",
            markup=False,
        )


def _belongs(out: Console, row: Row, zones: dict[str, str], version: Methodology) -> None:
    zone = zones[str(row["programme"])]
    local = row["ended_at"].astimezone(ZoneInfo(zone))
    out.print("\n2. Belongs to", style="bold")
    out.print(f"   region {row['region']}, programme {row['programme']}, owner {row['user_id'] or 'not known yet'}")
    out.print(f"   vintage {row['vintage']}: it ended {_local(local)} in {zone}")
    out.print(f"   methodology {version.name}, in force for that vintage, digest {version.digest}")
    out.print(
        f"   charging window {instant_text(row['started_at'])} to {instant_text(row['ended_at'])}, "
        f"meter reading {row['reading_wh']:,} Wh, {row['power_type']}, metered at {row['metering_point']}",
        markup=False,
    )


def _local(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S %Z")


def _hours(engine: Engine, out: Console) -> None:
    out.print("\n3. Hours: the reading split in proportion to time, each hour with its factor", style="bold")
    for row in engine.rows(HOURS):
        hour = f"   {instant_text(row['hour_start'])}  {row['reading_wh']:>9,} Wh"  # type: ignore[arg-type]
        if row["intensity_ug_per_kwh"] is None:
            out.print(f"{hour}  its factor is missing: the session waits for this hour")
        else:
            factor = f"{row['intensity_ug_per_kwh']:>13,} ug/kWh = {row['emissions_ng']:>21,} ng"
            out.print(f"{hour} x {factor}  ({row['factor_origin']})")


def _mix(engine: Engine, out: Console, version: Methodology) -> None:
    """The generation behind each hour's factor, and the citation of every source factor that it uses."""
    rows = engine.rows(MIX)
    factors = {factor["source"]: factor for factor in version.factors}
    if not rows or "average" in factors:
        return
    out.print("   the factor of an hour is sum(generation x factor) / sum(generation), in MWh and g/kWh, rounded up:")
    for hour in sorted({str(row["hour"]) for row in rows}):
        terms = [(str(r["source"]), Decimal(str(r["generation_pwh"])) / PWH_PER_MWH) for r in rows if r["hour"] == hour]
        told = " + ".join(f"{source} {mwh.normalize():f} x {_grams(factors, source):f}" for source, mwh in terms)
        out.print(f"     {hour}  ({told}) / {sum(mwh for _, mwh in terms if mwh > 0):f}", markup=False)
    for source in sorted({str(row["source"]) for row in rows}):
        factor = factors.get(source, factors["unknown"])
        out.print(f"     {source}: [{factor['confidence']}] {factor['citation']}", markup=False)


def _grams(factors: dict[str, dict[str, str]], source: str) -> Decimal:
    factor = factors.get(source, factors["unknown"])
    return (Decimal(factor["factor_ug_per_kwh"]) / UG_PER_G).normalize()


def _equations(engine: Engine, out: Console, version: Methodology, row: Row) -> None:
    found = engine.rows("SELECT * FROM session_assessment")
    out.print("\n4. Equations", style="bold")
    for equation in version.identity["equations"]:
        out.print(f"   {equation['id']}  {equation['formula']}   [{equation['reference']}]", markup=False)
    if not found:
        out.print("   not assessed: an hour has no factor yet, and this version substitutes nothing")
        return
    a, parameters = found[0], _used(version, row)
    b, efficiency = parameters["baseline_intensity"]["value"], parameters["charger_efficiency"]["value"]
    total = engine.scalar(f"SELECT sum(emissions_ng) FROM ({HOURS})")
    at_output = row["metering_point"] == "dc_output"
    reading = row["reading_wh"]
    ed = f"{reading:,} Wh" if at_output or efficiency == 1000 else f"floor({reading:,} x {efficiency} / 1000) Wh"
    pe = f"ceil({total:,} x 1000 / {efficiency})" if at_output else f"{total:,}"
    out.print("   with the numbers of this session:")
    out.print(f"     ED = {ed} = {a['energy_wh']:,} Wh")
    out.print(f"     BE = {a['energy_wh']:,} x {b:,} = {a['baseline_emissions_ng']:,} ng")
    out.print(f"     PE = {pe} = {a['project_emissions_ng']:,} ng")
    out.print(f"     ER = BE - PE = {a['emission_reductions_ng']:,} ng of estimated CO2 avoided")
    for award in engine.rows("SELECT * FROM session_award"):
        _award(engine, out, row, award)


def _award(engine: Engine, out: Console, row: Row, award: Row) -> None:
    reason = award["not_awarded_reason"]
    out.print(f"     points = {award['points']:,}")
    parts = ", ".join(f"{name[:-3].replace('_', ' ')} {award[name]:,}" for name in PARTS)
    out.print(f"     ER = {award['points']:,} x 10^9 + {parts} ng")
    if reason:
        rules = engine.rows(f"SELECT * FROM reward_rule WHERE programme = {quoted(row['programme'])}")[0]
        out.print(f"     not awarded, rule '{reason}': {RULE_TEXT[reason].format(**{**row, **rules})}")


def _used(version: Methodology, row: Row) -> dict[str, Row]:
    return {p["name"]: p for p in version.parameters if p["power_type"] == row["power_type"]}


def _parameters(out: Console, version: Methodology, row: Row) -> None:
    out.print("\n5. Parameters and their sources", style="bold")
    for name, parameter in _used(version, row).items():
        out.print(f"   {name} = {parameter['value']:,} {parameter['unit']} = {parameter['derivation']}", markup=False)
        for used in version.inputs.values():
            if used["name"] in str(parameter["derivation"]):
                out.print(
                    f"     {used['name']} = {used['value']} {used['unit']} [{used['confidence']}] {used['source']}",
                    markup=False,
                )
    average = [factor for factor in version.factors if factor["source"] == "average"]
    for factor in average:
        out.print(
            f"   factor {factor['factor_ug_per_kwh']} ug/kWh [{factor['confidence']}] {factor['citation']}",
            markup=False,
        )


def _state(lake: Lake, engine: Engine, out: Console, session_id: str) -> None:
    out.print("\n6. Ledger", style="bold")
    entries = rows_where(lake.table("ledger_entry"), session_id=session_id).to_pylist()
    for entry in sorted(entries, key=lambda e: e["seq"]):
        out.print(
            f"   seq {entry['seq']}  {entry['kind']}  {entry['points']:+,} points ({entry['reason']}), "
            f"vintage {entry['vintage']}, total then {entry['points_after']:,}, receipt {entry['receipt_digest'][:16]}",
            markup=False,
        )
    state = engine.rows(f"SELECT state, reason FROM session_state WHERE session_id = {quoted(session_id)}")
    if not entries:
        out.print("   no entry" + (f": {state[0]['state']}" if state else ""))
    out.print("")
