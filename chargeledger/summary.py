"""The table at the end of a run: what came in, what it is worth, what waits and what was refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from chargeledger import rooms
from chargeledger.contract import contract
from chargeledger.engine import Engine
from chargeledger.lake import Lake
from chargeledger.programme import programmes
from chargeledger.published import Published, require_current
from chargeledger.quarantine import totals

NG_PER_KG = Decimal(10**12)
WH_PER_KWH = Decimal(1000)
WH_PER_MWH = Decimal(10**6)
FATES = ("accepted", "quarantined", "duplicate", "superseded")


def open_database(published: Published) -> duckdb.DuckDBPyConnection:
    """Open a publication's database the way readers should: read only, locked, without access to anything else."""
    safely: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": False,
        "lock_configuration": True,
    }
    return duckdb.connect(str(published.database), read_only=True, config=safely)


def summarise(lake: Lake, programme: str | None) -> dict[str, Any]:
    """Totals of a programme, or of all: sessions, energy_wh, emission_reductions_ng, points, users, states and quarantine."""
    published = require_current(lake)
    con = open_database(published)
    mine = "TRUE" if programme is None else "programme = $programme"
    given = {} if programme is None else {"programme": programme}
    totals = con.execute(
        f"""SELECT count(*), coalesce(sum(energy_wh), 0), coalesce(sum(emission_reductions_ng), 0),
        coalesce(sum(points), 0) FROM session_assessment WHERE {mine}""",
        given,
    ).fetchall()[0]
    states = con.execute(
        f"SELECT state, count(*) FROM session_status WHERE {mine} OR programme IS NULL GROUP BY state ORDER BY state",
        given,
    ).fetchall()
    synthetic = con.execute(
        f"SELECT count(*) FROM session_status WHERE ({mine} OR programme IS NULL) AND session_id LIKE 'SYNTH%'",
        given,
    ).fetchall()[0][0]
    users = con.execute(f"SELECT count(*) FROM user_points WHERE {mine}", given).fetchall()[0][0]
    con.close()
    certificates = certificates_shown(lake, programme)
    return {
        "sessions": totals[0],
        "energy_wh": int(totals[1]),
        "emission_reductions_ng": int(totals[2]),
        "points": int(totals[3]),
        "users": users,
        "synthetic": synthetic,
        "certificates": certificates,
        "states": dict(states),
        "quarantine": _quarantine(lake),
        "path": str(published.path),
    }


def certificates_shown(lake: Lake, programme: str | None = None) -> tuple[int, int]:
    """Certificates without a contract, which count nowhere, in the regions of a programme or in all, and their Wh."""
    regions = [region for each in programmes() if each.name == programme for region in each.regions]
    with open_database(require_current(lake)) as con:
        found = con.execute(
            """SELECT coalesce(sum(certificates), 0), coalesce(sum(staged_wh), 0) FROM certificate_balance
            WHERE contract_id IS NULL AND ($everywhere OR list_contains($regions, region))""",
            {"everywhere": programme is None, "regions": regions},
        ).fetchall()[0]
    return int(found[0]), int(found[1])


def shown_not_counted(certificates: int, energy_wh: int) -> str:
    """What is said of certificates without a contract."""
    return f"{certificates:,} ({Decimal(energy_wh) / WH_PER_MWH:,.3f} MWh): shown, not counted"


def _quarantine(lake: Lake) -> dict[str, int]:
    """Rows that wait in quarantine, by relation and first rule."""
    return dict(sorted((f"{row['relation']}: {row['rule']}", row["waiting"]) for row in totals(lake)))


def received(lake: Lake) -> list[dict[str, Any]]:
    """What became of everything received and staged, by relation: rows and Wh, in all and by fate."""
    with Engine(spill=lake.spill()) as engine:
        engine.view("batch", lake.files("batch"), contract("batch"))
        engine.table("received_total", rooms.TRANSFORMS / "report" / "received_total.sql")
        return engine.rows("SELECT * FROM received_total")


def _received_table(totals: list[dict[str, Any]]) -> Table:
    table = Table(title="Received, and what became of it", title_justify="left")
    table.add_column("", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("kWh", justify="right", no_wrap=True)
    for row in totals:
        rows = [int(row[f"rows_{name}"]) for name in ("received", *FATES)]
        wh = [int(row[f"{name}_wh"]) for name in ("received", *FATES)]
        names = (str(row["relation"]), *(f"  {name}" for name in FATES))
        for name, count, amount in zip(names, rows, wh, strict=True):
            table.add_row(name, f"{count:,}", f"{Decimal(amount) / WH_PER_KWH:,.3f}" if any(wh) else "")
        table.add_row("  closes", _closes(rows), _closes(wh) if any(wh) else "", end_section=True)
    return table


def _closes(parts: list[int]) -> str:
    return "yes" if parts[0] == sum(parts[1:]) else "NO"


def print_summary(lake: Lake, programme: str | None, console: Console | None = None) -> None:
    """Print the totals as a table, and below it the publication's path."""
    console = console or Console()
    told = summarise(lake, programme)
    table = Table(title=f"Programme {programme or 'all'}", show_header=False, title_justify="left")
    table.add_column("what", no_wrap=True)
    table.add_column("how much", justify="right", no_wrap=True)
    for name, value in _lines(told):
        table.add_row(name, value)
    console.print(table)
    console.print(_received_table(received(lake)))
    if told["certificates"][0]:
        console.print(f"Certificates without a contract: {shown_not_counted(*told['certificates'])}", highlight=False)
    if told["synthetic"]:
        console.print(
            f"Synthetic: {told['synthetic']:,} of these sessions are the built-in sample, generated, not real."
        )
    for sentence in _provisional(programme):
        console.print(f"Provisional: {sentence}", soft_wrap=True, highlight=False, markup=False)
    console.print(f"Publication: {told['path']}", soft_wrap=True, highlight=False)


def _provisional(programme: str | None) -> list[str]:
    """What the programmes say of themselves that a reader of any figure must know."""
    return [sentence for p in programmes() if programme in (None, p.name) for sentence in p.provisional]


def _lines(told: dict[str, Any]) -> list[tuple[str, str]]:
    states = dict(told["states"])
    waiting = states.pop("awaiting grid", 0)
    lines = [
        ("sessions accounted", f"{told['sessions']:,}"),
        ("energy delivered", f"{Decimal(told['energy_wh']) / WH_PER_KWH:,.3f} kWh"),
        ("estimated CO2 avoided", f"{Decimal(told['emission_reductions_ng']) / NG_PER_KG:,.3f} kg"),
        ("points", f"{told['points']:,}"),
        ("users", f"{told['users']:,}"),
        ("awaiting grid", f"{waiting:,}"),
    ]
    lines += [(name, f"{count:,}") for name, count in states.items()]
    lines.append(("rows in quarantine", f"{sum(told['quarantine'].values()):,}"))
    lines += [(f"  {name}", f"{count:,}") for name, count in told["quarantine"].items()]
    return lines
