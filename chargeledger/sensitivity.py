"""The sensitivity of a version: typical charges through its own SQL, as shipped and with one number varied."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from chargeledger.cases import NO_RULES, run_session
from chargeledger.engine import Engine
from chargeledger.errors import Refused
from chargeledger.methodology import Methodology, published
from chargeledger.programme import load_rules
from chargeledger.whole_file import write_file

BEGIN, END = "<!-- sensitivity:begin -->", "<!-- sensitivity:end -->"
NG_PER_G = 10**9
NO_CAPS: dict[str, int | None] = {"energy_wh_per_account_and_vintage": None, "points_per_account_and_vintage": None}


@dataclass(frozen=True)
class Varied:
    """Reductions of every typical charge under one variation, as `methodology.yaml` states it; the first is as shipped."""

    variation: dict[str, Any]
    reductions_ng: tuple[int, ...]


def typical_names(version: Methodology) -> list[str]:
    """The typical charges, by name."""
    return [str(typical["name"]) for typical in version.identity["sensitivity"]["typical"]]


def vary(version: Methodology) -> list[Varied]:
    """Every variation of a version, recomputed, the one as shipped first."""
    said = version.identity["sensitivity"]
    found = []
    with Engine(threads=1) as engine:
        load_rules(engine, [("case", NO_RULES, NO_CAPS)])
        for variation in [{"name": "as shipped"}, *said["variations"]]:
            varied = version.with_input(variation["input"], variation["to"]) if "input" in variation else version
            ng = tuple(_reductions(engine, varied, typical, variation) for typical in said["typical"])
            found.append(Varied(variation, ng))
    return found


def sensitivity_table(version: Methodology) -> str:
    """The table of METHODOLOGY.md, recomputed."""
    names = typical_names(version)
    lines = ["| variation | " + " | ".join(f"{name}: reductions, g | change, %" for name in names) + " |"]
    lines.append("|---|" + "---:|---:|" * len(names))
    rows = vary(version)
    for row in rows:
        pairs = zip(row.reductions_ng, rows[0].reductions_ng, strict=True)
        cells = (f"{ng // NG_PER_G} | {change_text(change_per_mille(ng, base))}" for ng, base in pairs)
        lines.append(f"| {row.variation['name']} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _reductions(engine: Engine, version: Methodology, typical: dict[str, Any], variation: dict[str, Any]) -> int:
    intensity = typical.get("intensity_ug_per_kwh") or int(version.factors[0]["factor_ug_per_kwh"])
    scaled = Fraction(intensity) * Fraction(variation.get("intensity_scale", "1"))
    run_session(engine, version, {**typical, "intensity_ug_per_kwh": -(-scaled.numerator // scaled.denominator)})
    return engine.scalar("SELECT emission_reductions_ng FROM session_assessment")


def change_per_mille(ng: int, base: int) -> int:
    """Change in tenths of a percent of the base, halves away from zero, signed."""
    tenths = Fraction(abs(ng - base) * 1000, abs(base))
    whole = (2 * tenths.numerator + tenths.denominator) // (2 * tenths.denominator)
    return whole if ng > base else -whole


def change_text(per_mille: int) -> str:
    """Tenths of a percent as percent, signed; 0.0 where there is none."""
    whole = abs(per_mille)
    sign = "" if whole == 0 else "+" if per_mille > 0 else "-"
    return f"{sign}{whole // 10}.{whole % 10}"


def write_sensitivity(version: Methodology) -> None:
    """Put the recomputed table into METHODOLOGY.md. Refused for a published version."""
    if version.name in published():
        raise Refused(f"{version.name} is published and frozen: its table may be checked, not written")
    path = version.folder / "METHODOLOGY.md"
    head, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise Refused(
            f"{path.parent.name}/METHODOLOGY.md has no lines {BEGIN} and {END}: put them where the table belongs"
        )
    write_file(path, f"{head}{BEGIN}\n{sensitivity_table(version)}{END}{tail}".encode())
