"""The numbers of an explanation: hours with their factors, green power, equations, parameters and their sources.

Everything is read from the relations of a computation that hold one session alone.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rich.console import Console

from chargeledger.engine import Engine, quoted
from chargeledger.lake import instant_text
from chargeledger.methodology import Methodology

HOURS = """
SELECT h.hour_start, h.reading_wh, i.intensity_ug_per_kwh, i.factor_origin,
  CAST(h.reading_wh AS HUGEINT) * i.intensity_ug_per_kwh AS emissions_ng
FROM session_hour AS h
JOIN session_scope AS s ON s.session_id = h.session_id
LEFT JOIN grid_intensity_hour AS i
  ON i.methodology = s.methodology AND i.region = h.region AND i.hour_start = h.hour_start
ORDER BY h.hour_start
"""
# Where metered intervals count, an hour stands once per interval, and a long or unmetered interval meets its dirtiest hour.
INTERVAL_HOURS = """
SELECT h.hour_start, h.interval_no, h.data_quality_tier, h.reading_wh, h.factor_origin, h.applied AS intensity_ug_per_kwh,
  CAST(h.reading_wh AS HUGEINT) * h.applied AS emissions_ng
FROM (
  SELECT h.*, i.factor_origin,
    CASE WHEN h.data_quality_tier = 'DQ1' THEN i.intensity_ug_per_kwh
         ELSE max(i.intensity_ug_per_kwh) OVER (PARTITION BY h.interval_no) END AS applied
  FROM interval_hour AS h
  JOIN session_scope AS s ON s.session_id = h.session_id
  LEFT JOIN grid_intensity_hour AS i
    ON i.methodology = s.methodology AND i.region = h.region AND i.hour_start = h.hour_start
) AS h
ORDER BY h.hour_start, h.interval_no
"""
GREEN = "SELECT * FROM session_match ORDER BY hour_start, supply_kind DESC, supply_id"
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
METERED_AFTER_LOSSES = "dc_output"
ANNUAL = ("average", "national average", "residual")
Row = dict[str, Any]


def _hours_of(version: Methodology) -> str:
    return INTERVAL_HOURS if "split" in version.steps else HOURS


def hours(engine: Engine, out: Console, version: Methodology, say: dict[str, str]) -> None:
    """Each hour with its part of the reading, its factor and what that makes."""
    out.print("\n" + say["heading_hours"], style="bold")
    for row in engine.rows(_hours_of(version)):
        tier = f"  {row['data_quality_tier']} interval {row['interval_no']}" if "interval_no" in row else ""
        hour = f"   {instant_text(row['hour_start'])}{tier}  {row['reading_wh']:>9,} Wh"  # type: ignore[arg-type]
        if row["intensity_ug_per_kwh"] is None:
            out.print(f"{hour}  its factor is missing: the session waits for this hour")
        else:
            factor = f"{row['intensity_ug_per_kwh']:>13,} ug/kWh = {row['emissions_ng']:>21,} ng"
            out.print(f"{hour} x {factor}  ({row['factor_origin']})")


def green(engine: Engine, out: Console, say: dict[str, str]) -> None:
    """Each match of green supply: what was matched, what of it counts, and until when that is open."""
    rows = engine.rows(GREEN)
    if rows:
        out.print(say["heading_green"])
    for row in rows:
        until = f", open until {instant_text(row['provisional_until'])}" if row["provisional_until"] else ""  # type: ignore[arg-type]
        out.print(
            f"     {instant_text(row['hour_start'])}  {row['supply_kind']} {row['supply_id']}: matched {row['matched_wh']:,} Wh, "  # type: ignore[arg-type]
            f"counted {row['counted_wh']:,} Wh x {row['factor_ug_per_kwh']:,} ug/kWh{until}",
            markup=False,
        )


def mix(engine: Engine, out: Console, version: Methodology) -> None:
    """The generation behind each hour's factor, and the citation of every source factor that it uses."""
    rows = engine.rows(MIX)
    factors = {factor["source"]: factor for factor in version.factors}
    if not rows or "unknown" not in factors or version.matching:
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


def equations(engine: Engine, out: Console, version: Methodology, row: Row, say: dict[str, str]) -> None:
    """The equations of the version, and with the numbers of this session."""
    found = engine.rows("SELECT * FROM session_assessment")
    out.print("\n" + say["heading_equations"], style="bold")
    for equation in version.identity["equations"]:
        out.print(f"   {equation['id']}  {equation['formula']}   [{equation['reference']}]", markup=False)
    if not found:
        out.print("   not assessed yet: the session waits, as told above")
        return
    a, parameters = found[0], _used(version, row)
    b, efficiency = parameters["baseline_intensity"]["value"], parameters["charger_efficiency"]["value"]
    at_output = row["metering_point"] == METERED_AFTER_LOSSES
    reading = row["reading_wh"]
    ed = f"{reading:,} Wh" if at_output or efficiency == 1000 else f"floor({reading:,} x {efficiency} / 1000) Wh"
    pe = _project_emissions(engine, version, read_per_mille(version, row))
    out.print("   with the numbers of this session:")
    out.print(f"     ED = {ed} = {a['energy_wh']:,} Wh")
    out.print(f"     BE = {a['energy_wh']:,} x {b:,} = {a['baseline_emissions_ng']:,} ng")
    out.print(f"     PE = {pe} = {a['project_emissions_ng']:,} ng")
    out.print(f"     ER = BE - PE = {a['emission_reductions_ng']:,} ng of estimated CO2 avoided")
    for award in engine.rows("SELECT * FROM session_award"):
        _award(engine, out, row, award)


def _project_emissions(engine: Engine, version: Methodology, per_mille: int) -> str:
    """PE in numbers: what is drawn and met by no green supply, at its factor, and what supplies add."""
    if not version.matching:
        total = engine.scalar(f"SELECT sum(emissions_ng) FROM ({_hours_of(version)})")
        return f"{total:,}" if per_mille == 1000 else f"ceil({total:,} x 1000 / {per_mille})"
    residual = engine.scalar("SELECT max(intensity_ug_per_kwh) FROM grid_intensity_hour")
    unmatched = engine.scalar(
        f"""SELECT sum(greatest(h.reading_wh * 1000 - coalesce(m.counted_wh, 0) * {per_mille}, 0)) FROM session_hour AS h
        LEFT JOIN (SELECT hour_start, sum(counted_wh) AS counted_wh FROM session_match GROUP BY hour_start) AS m
        ON m.hour_start = h.hour_start"""
    )
    supplied = engine.scalar("SELECT sum(CAST(counted_wh AS HUGEINT) * factor_ug_per_kwh) FROM session_match")
    return f"ceil({unmatched:,} / {per_mille} x {residual:,} + {supplied:,})"


def _award(engine: Engine, out: Console, row: Row, award: Row) -> None:
    reason = award["not_awarded_reason"]
    out.print(f"     points = {award['points']:,}")
    parts = ", ".join(f"{name[:-3].replace('_', ' ')} {award[name]:,}" for name in PARTS)
    out.print(f"     ER = {award['points']:,} x 10^9 + {parts} ng")
    if reason:
        rules = engine.rows(f"SELECT * FROM reward_rule WHERE programme = {quoted(row['programme'])}")[0]
        out.print(f"     not awarded, rule '{reason}': {RULE_TEXT[reason].format(**{**row, **rules})}")


def _used(version: Methodology, row: Row) -> dict[str, Row]:
    return {p["name"]: p for p in version.parameters if p["power_type"] in (row["power_type"], "any")}


def read_per_mille(version: Methodology, row: Row) -> int:
    """Of what is drawn from the grid, what the meter of this session reads."""
    at_output = row["metering_point"] == METERED_AFTER_LOSSES
    return int(_used(version, row)["charger_efficiency"]["value"]) if at_output else 1000


def parameters(engine: Engine, out: Console, version: Methodology, row: Row, say: dict[str, str]) -> None:
    """The parameters and annual factors that were used, each with its inputs, confidence and source."""
    out.print("\n" + say["heading_parameters"], style="bold")
    for name, parameter in _used(version, row).items():
        out.print(f"   {name} = {parameter['value']:,} {parameter['unit']} = {parameter['derivation']}", markup=False)
        for used in version.inputs.values():
            if used["name"] in str(parameter["derivation"]):
                out.print(
                    f"     {used['name']} = {used['value']} {used['unit']} [{used['confidence']}] {used['source']}",
                    markup=False,
                )
    places = [str(place) for (place,) in engine.con.execute("SELECT DISTINCT region FROM session_hour").fetchall()]
    for factor in version.factors:
        mine = any(place == factor["region"] or place.startswith(factor["region"] + "-") for place in places)
        if mine and factor["source"] in ANNUAL:
            out.print(
                f"   factor {factor['factor_ug_per_kwh']} ug/kWh [{factor['confidence']}] {factor['citation']}",
                markup=False,
            )
