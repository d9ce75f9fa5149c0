"""A dirty sample and its clean twin through the whole flow, and what differs in the end: `make dirty SESSIONS=1000000`.

What stands in the end is read from the files of the lakes, without the package. Ends with exit code 1 where anything differs.
With `--ingest-only` nothing is assessed or published: which sessions stand is decided at ingest, and by the first relations of
the accounting, those that set aside what two parties told of one charge and what overlaps on one connector.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from deltalake import DeltaTable

from chargeledger import flow
from chargeledger.claims import decide_claims
from chargeledger.computation import ACCOUNT_SQL, load_prior, open_inputs
from chargeledger.engine import Engine
from chargeledger.lake import Lake
from chargeledger.scope import Inputs
from chargeledger.synthetic import FORMATS, Asked, write_synthetic

KEY = "5a" * 32
PROGRAMME = "cn_green_energy"
STAGED = ("charging_session", "batch", "row_outcome")
# The telling that counts: the one that landed last among those that were neither refused nor said before.
COUNTING = """
SELECT s.session_id, arg_max(s.reading_wh, b.landing_seq * 1000000000 + s.row_number) AS reading_wh
FROM charging_session AS s JOIN batch AS b ON b.landing_digest = s.landing_digest AND b.state = 'staged'
WHERE s.session_id NOT IN (SELECT session_id FROM session_status WHERE state IN ('quarantined', 'duplicate'))
GROUP BY s.session_id
"""
ROWS = "SELECT outcome, count(*) FROM row_outcome WHERE relation = 'charging_session' GROUP BY 1 ORDER BY 1"
STATES = "SELECT state, count(*) FROM session_status GROUP BY 1 ORDER BY 1"
RECEIVED = """SELECT count(DISTINCT row_key), (SELECT count(*) FROM session_status),
  (SELECT count(DISTINCT session_id) FROM session_status)
FROM row_outcome WHERE relation = 'charging_session' AND row_key IS NOT NULL"""
# What is known of every order without a publication: set aside, standing, or refused in all its tellings.
DECIDED = """
SELECT session_id, state FROM session_set_aside
UNION ALL
SELECT session_id, 'standing' FROM session_current WHERE session_id NOT IN (SELECT session_id FROM session_set_aside)
UNION ALL
SELECT DISTINCT row_key, 'quarantined' FROM row_outcome
WHERE relation = 'charging_session' AND row_key IS NOT NULL AND row_key NOT IN (SELECT session_id FROM session_current)
"""
# Sessions that only one of the two holds, sessions that both hold with other energy, and the energy in which they differ.
DIFFERENCE = """
SELECT count(*) FILTER (WHERE c.session_id IS NULL), count(*) FILTER (WHERE d.session_id IS NULL),
  count(*) FILTER (WHERE d.reading_wh <> c.reading_wh),
  CAST(coalesce(sum(abs(coalesce(d.reading_wh, 0) - coalesce(c.reading_wh, 0))), 0) AS BIGINT)
FROM dirty AS d FULL JOIN clean AS c ON c.session_id = d.session_id
"""


class Sent(NamedTuple):
    """A sample that was sent and accounted: its lake, its manifest, what it declares, and the seconds of every step."""

    lake: Path
    manifest: dict[str, Any]
    expected: dict[str, Any]
    seconds: dict[str, float]

    def rows(self, sql: str, *relations: str) -> list[tuple[Any, ...]]:
        """Rows of a query over staged tables, read without the package."""
        with duckdb.connect() as con:
            self.show(con, *relations)
            return con.execute(sql).fetchall()

    def show(self, con: duckdb.DuckDBPyConnection, *relations: str) -> None:
        """Staged tables as views, and the publication as `p`."""
        for relation in relations:
            files = DeltaTable(str(self.lake / "staged" / relation)).file_uris()
            con.execute(f"CREATE OR REPLACE VIEW {relation} AS SELECT * FROM read_parquet({files!r})")
        if (decided := self.lake / "decided.parquet").exists():
            con.execute(f"CREATE OR REPLACE VIEW session_status AS SELECT * FROM read_parquet('{decided}')")
        else:
            con.execute(f"ATTACH '{self.lake}/published/1/chargeledger.duckdb' AS p (READ_ONLY)")
            con.execute("CREATE OR REPLACE VIEW session_status AS SELECT * FROM p.session_status")


def _silent(line: str) -> None:
    del line


def sent(folder: Path, asked: Asked, report: Callable[[str], None] = _silent, *, ingest_only: bool = False) -> Sent:
    """Write a sample and take it through the flow, delivery by delivery, as its manifest says."""
    seconds: Counter[str] = Counter()
    lake, since = str(folder / "lake"), time.monotonic()

    def done(step: str) -> None:
        nonlocal since
        took = time.monotonic() - since
        seconds[step] += took
        report(f"{folder.name}: {step}, {took:,.0f} s")
        since = time.monotonic()

    manifest = write_synthetic(folder / "files", asked)
    done("write")
    left = manifest["not_ingested"]
    for delivery in manifest["deliveries"]:
        for file in delivery["files"]:
            if file["path"] not in left:
                flow.ingest(file["source"], [str(folder / "files" / file["path"])], lake, delivery["at"])
        done("ingest")
        if not ingest_only:
            flow.account(lake, programme=PROGRAMME, at=delivery["at"])
            done("account")
    if ingest_only:
        decide(Lake(lake))
        done("decide")
    else:
        flow.publish(lake, manifest["at"])
        done("publish")
    return Sent(Path(lake), manifest, json.loads((folder / "files" / "expected.json").read_text()), dict(seconds))


def decide(lake: Lake) -> None:
    """Write beside the lake what becomes of every order, as far as it needs no version and no ledger."""
    with Engine(spill=lake.spill()) as engine:
        open_inputs(lake, engine, Inputs.newest(lake), [])
        load_prior(engine)
        for relation in ("session_current", "charging_station_current", "session_station"):
            engine.table(relation, ACCOUNT_SQL / f"{relation}.sql")
        decide_claims(engine, ACCOUNT_SQL)
        engine.con.execute(f"COPY ({DECIDED}) TO '{lake.root}/decided.parquet' (FORMAT parquet)")


class Found(NamedTuple):
    """What the two lakes hold: figures of each, by name, and sessions and energy in which they differ."""

    figures: dict[str, dict[str, Any]]
    only_dirty: int
    only_clean: int
    other_energy: int
    difference_wh: int

    @property
    def is_same(self) -> bool:
        """Whether nothing differs, every order has one state, and both hold what was declared."""
        return not any(self[1:]) and all(one["closes"] for one in self.figures.values())


def compared(dirty: Sent, clean: Sent, folder: Path) -> Found:
    """Hold the sessions that count in two lakes against one another. What memory cannot hold goes to `folder`."""
    figures = {}
    with duckdb.connect(str(folder / "compared.duckdb")) as con:
        if limit := os.environ.get("CHARGELEDGER_MEMORY_LIMIT"):
            con.execute("SET memory_limit = ?", [limit])
        for name, one in (("dirty", dirty), ("clean", clean)):
            one.show(con, *STAGED)
            con.execute(f"CREATE TABLE {name} AS {COUNTING}")
            figures[name] = _figures(con, name, one)
            con.execute("DETACH DATABASE IF EXISTS p")
        return Found(figures, *con.execute(DIFFERENCE).fetchall()[0])


def _figures(con: duckdb.DuckDBPyConnection, name: str, one: Sent) -> dict[str, Any]:
    ((sessions, energy),) = con.execute(f"SELECT count(*), CAST(sum(reading_wh) AS BIGINT) FROM {name}").fetchall()
    ((received, states, lineages),) = con.execute(RECEIVED).fetchall()
    declared = one.expected["sessions"]
    return {
        "sessions": sessions,
        "energy_wh": energy,
        "rows": dict(con.execute(ROWS).fetchall()),
        "states": dict(con.execute(STATES).fetchall()),
        "orders": received,
        "closes": received == states == lineages
        and (sessions, energy) == (declared["sessions"], declared["energy_wh"]),
    }


def _said(found: Found, both: tuple[Sent, Sent]) -> str:
    """The table that `make dirty` prints."""
    dirty, clean = found.figures["dirty"], found.figures["clean"]
    told: list[tuple[str, Any, Any]] = []
    for kind in ("rows", "states"):
        for name in sorted({*dirty[kind], *clean[kind]}):
            told.append((f"{kind}: {name}", dirty[kind].get(name, 0), clean[kind].get(name, 0)))
    told += [
        (f"orders ({name})", dirty[key], clean[key]) for name, key in (("received", "orders"), ("counted", "sessions"))
    ]
    told.append(("Wh counted", dirty["energy_wh"], clean["energy_wh"]))
    told += [(f"seconds: {step}", *(round(one.seconds[step]) for one in both)) for step in both[0].seconds]
    lines = [f"{'':34}{'dirty':>18}{'clean':>18}"] + [f"{name:34}{a:18,}{b:18,}" for name, a, b in told]
    lines.append(
        f"difference: {found.only_dirty + found.only_clean} sessions, {found.other_energy} with other energy, "
        f"{found.difference_wh} Wh"
    )
    lines.append("every order has one state, and both hold what was declared" if found.is_same else "NOT THE SAME")
    lines.append(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")
    return "\n".join(lines)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Send both, print the table, and leave nothing behind unless a folder was named."""
    asks = argparse.ArgumentParser(prog="make dirty", description=__doc__)
    asks.add_argument("--sessions", type=int, default=3000)
    asks.add_argument("--format", choices=sorted(FORMATS), default="parquet")
    asks.add_argument("--ingest-only", action="store_true", help="neither account nor publish")
    asks.add_argument("--folder", type=Path, help="a new folder, kept; else one below the system's, removed")
    asked = asks.parse_args()
    os.environ["CHARGELEDGER_PSEUDONYM_KEY"] = KEY
    with tempfile.TemporaryDirectory(prefix="chargeledger-dirty-") as made:
        folder = asked.folder or Path(made)
        both = []
        for name in ("dirty", "clean"):
            ask = Asked(asked.sessions, form=asked.format, clean=name == "clean")
            both.append(sent(folder / name, ask, _progress, ingest_only=asked.ingest_only))
        found = compared(both[0], both[1], folder)
        print(_said(found, (both[0], both[1])))
    return 0 if found.is_same else 1


if __name__ == "__main__":
    sys.exit(main())
