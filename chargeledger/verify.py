"""Verification of a whole lake: what is named by a digest has it, what was kept is what came out, and what must sum, sums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake.exceptions import DeltaError

from chargeledger.chain import verify_chains
from chargeledger.computation import STATES, load_prior, open_inputs
from chargeledger.contract import contract
from chargeledger.engine import Engine, canonical_line, quoted
from chargeledger.errors import ChargeledgerError, Refused, some_keys
from chargeledger.lake import REGISTERS, STAGED, Lake
from chargeledger.landing import digest_of_landed
from chargeledger.period_replay import hold_closed
from chargeledger.publication import breaches_of, published_contract, show_segments
from chargeledger.published import current, require_current
from chargeledger.receipt import programmes_of, read_receipt
from chargeledger.retention import removed
from chargeledger.scope import Inputs
from chargeledger.segment import verify_segments
from chargeledger.shelf import shelf_of
from chargeledger.table import rows_where

DAMAGE = (ChargeledgerError, OSError, pa.ArrowException, duckdb.Error, DeltaError)
# What the rows of one staged relation say together with those that came from the same row of a file.
# What the rows of a file become, by the relation whose key they carry.
TOLD: dict[str, tuple[str, ...]] = {
    relation: (relation,) for relation in STAGED if relation not in (*REGISTERS, "charging_interval")
}
TOLD["charging_session"] = ("charging_session", "charging_interval", "session_owner")


def verify(lake: Lake) -> Iterator[str]:
    """Yield one line for each property that holds. Raises Refused with all breaches where some do not."""
    breaches: list[str] = []
    for check in (_landing, _staged, _receipts, _ledger, _publications):
        try:
            yield f"ok  {check(lake)}"
        except DAMAGE as damage:
            breaches.append(f"{check.__name__.strip('_')}: {damage}")
    if breaches:
        raise Refused("the lake does not verify:\n  " + "\n  ".join(breaches))


def _landing(lake: Lake) -> str:
    digests = rows_where(lake.table("landing_file"), ["landing_digest"]).column(0).to_pylist()
    for digest in digests:
        try:
            found = digest_of_landed(lake, digest)
        except OSError as error:
            raise Refused(f"landed file {digest} cannot be read: {error}") from error
        if found != digest:
            raise Refused(f"landed file {digest} is not the bytes that it is named by")
    return f"{len(digests)} landed files have their digests"


def _staged(lake: Lake) -> str:
    with Engine(spill=lake.spill()) as engine:
        changed = changed_rows(lake, engine)
        engine.hold_to(contract("batch"), "batch")
        if changed:
            raise Refused(f"staged rows are not what was landed: {some_keys(changed)}")
        if wrong := _fates(engine):
            raise Refused(f"rows do not have exactly one fate: {some_keys(wrong)}")
        staged = engine.count("SELECT 1 FROM batch WHERE state = 'staged'")
    return f"{staged} staged batches close in rows and Wh, and hold what was landed"


def _fates(engine: Engine) -> list[str]:
    """Rows with another fate after one that was not quarantine, and batches that do not count the fates of their rows."""
    outcomes = ("accepted", "quarantined", "duplicate", "superseded")
    counted = " OR ".join(f"b.rows_{o} <> count(o.outcome) FILTER (WHERE o.outcome = '{o}')" for o in outcomes)
    rows = engine.rows(
        f"""SELECT 'batch ' || b.batch_seq AS said
        FROM batch AS b LEFT JOIN row_outcome AS o ON o.landing_digest = b.landing_digest
        WHERE b.state = 'staged' GROUP BY b.batch_seq, {", ".join(f"b.rows_{o}" for o in outcomes)} HAVING {counted}
        UNION ALL
        SELECT 'row ' || row_number || ' of ' || file_digest
        FROM (SELECT coalesce(b.released_from, b.landing_digest) AS file_digest, o.row_number, o.outcome,
                lead(o.outcome) OVER (PARTITION BY file_digest, o.row_number ORDER BY b.batch_seq) AS next_outcome
              FROM row_outcome AS o JOIN batch AS b ON b.landing_digest = o.landing_digest AND b.state = 'staged')
        WHERE next_outcome IS NOT NULL AND outcome <> 'quarantined'
        ORDER BY said"""
    )
    return [str(row["said"]) for row in rows]


def changed_rows(lake: Lake, engine: Engine) -> list[str]:
    """Accepted rows whose content is not the one that was fixed when they were landed, as `relation key`."""
    for relation in STAGED:
        engine.view(relation, lake.files(relation), contract(relation))
    return [found for relation in TOLD for found in _changed(engine, relation)]


def _changed(engine: Engine, relation: str) -> list[str]:
    lines = " UNION ALL ".join(
        f"SELECT landing_digest, row_number, '{name}' || chr(9) || {canonical_line(contract(name).digest_columns)} AS line "
        f"FROM {name}"
        for name in TOLD[relation]
    )
    rows = engine.rows(
        f"""SELECT o.row_key FROM row_outcome AS o
        JOIN batch AS b ON b.landing_digest = o.landing_digest AND b.state = 'staged'
        LEFT JOIN (SELECT landing_digest, row_number, sha256(string_agg(line, chr(10) ORDER BY line)) AS content_digest
                   FROM ({lines}) GROUP BY landing_digest, row_number) AS n
          ON n.landing_digest = o.landing_digest AND n.row_number = o.row_number
        WHERE o.relation = '{relation}' AND o.outcome IN ('accepted', 'superseded')
          AND n.content_digest IS DISTINCT FROM o.content_digest
        ORDER BY o.row_key"""
    )
    return [f"{relation} {row['row_key']}" for row in rows]


def _receipts(lake: Lake) -> str:
    commits = lake.commits()
    with Engine(spill=lake.spill()) as engine:
        for commit in commits:
            _, receipt = read_receipt(lake, commit.receipt)
            programmes_of(lake, receipt)
            ledger = lake.files("ledger_entry", commit.version)
            engine.view("ledger_now", ledger, contract("ledger_entry"))
            engine.con.execute(
                f"CREATE OR REPLACE TABLE ledger_entry AS SELECT * FROM ledger_now WHERE receipt_digest = '{commit.receipt}'"
            )
            for relation in STATES:
                engine.view(relation, lake.state_files(relation, [commit]), contract(relation))
            for relation in ("ledger_entry", *STATES):
                if _digest(engine, relation, lake.state_path(relation, commit.receipt)) != receipt["outputs"][relation]:
                    raise Refused(f"{relation} of receipt {commit.receipt} is not what came out of that run")
    return f"{len(commits)} ledger commits have their receipts, and hold what came out"


def _digest(engine: Engine, relation: str, path: Path) -> str:
    try:
        return engine.digest(relation, contract(relation))
    except duckdb.Error as error:
        raise Refused(f"{path} cannot be read: restore it from a copy") from error


def _ledger(lake: Lake) -> str:
    with Engine(spill=lake.spill()) as engine:
        engine.view("ledger_entry", lake.files("ledger_entry"), contract("ledger_entry"))
        engine.hold_to(contract("ledger_entry"), "ledger_entry")
        entries = engine.count("SELECT 1 FROM ledger_entry")
        if engine.scalar("SELECT max(seq) FROM ledger_entry") != entries:
            raise Refused("the seq of the ledger has a gap or a repeat")
    closed = hold_closed(lake)
    return f"{entries} ledger entries close" + (
        f", and {closed} closed months are as they were frozen" if closed else ""
    )


def _publications(lake: Lake) -> str:
    if current(lake) is None:
        return "no publication yet"
    published = require_current(lake)
    verify_segments(lake, published.manifest["segments"])
    verify_chains(published.manifest)
    _database(lake)
    _folds(lake)
    kept, gone = _before(lake, published.manifest)
    shards = len(published.manifest["shards"])
    return (
        f"publication {published.manifest['number']} is the fold of its segments in {shards} unbroken chains, and "
        f"{kept + gone} before it form an unbroken chain{f', {gone} of them removed' if gone else ''}"
    )


def _before(lake: Lake, manifest: dict[str, Any]) -> tuple[int, int]:
    """How many earlier publications the manifest follows, kept and removed. Refuses a chain with a gap, and other segments."""
    told: dict[str, dict[str, Any]] = {row["digest"]: row for row in removed(lake)}
    for path in shelf_of(lake).numbered():
        raw = (path / "manifest.json").read_bytes()
        told[hashlib.sha256(raw).hexdigest()] = json.loads(raw)
    digest, kept, gone = manifest["previous_digest"], 0, 0
    while digest is not None:
        if digest not in told:
            raise Refused(f"the chain of publications is broken: none has the digest {digest}")
        before = told[digest]
        segments = before.get("segments", [])
        if segments != manifest["segments"][: len(segments)]:
            raise Refused(f"publication {before['number']} names other segments than publication {manifest['number']}")
        digest, kept, gone = before["previous_digest"], kept + ("segments" in before), gone + ("segments" not in before)
    return kept, gone


def _database(lake: Lake) -> None:
    """Hold the published database against its manifest, relation by relation."""
    published = require_current(lake)
    with Engine() as engine:
        engine.con.execute(f"ATTACH {quoted(published.database)} AS published (READ_ONLY)")
        for relation in published.manifest["database"]:
            engine.con.execute(f"CREATE OR REPLACE VIEW {relation} AS SELECT * FROM published.{relation}")
            if engine.digest(relation, published_contract(relation)) != published.manifest["database"][relation]:
                raise Refused(f"{relation} in {published.database} is not what was published")
        said = engine.rows("SELECT number, last_seq, points, ledger_version FROM publication")[0]
        wrong = [name for name, value in said.items() if published.manifest[name] != value]
        if wrong:
            raise Refused(f"the manifest of {published.path} says another {', '.join(wrong)} than its database")


def _folds(lake: Lake) -> None:
    """Hold what is published in sums against all entries and states, where a publication adds to the one before it."""
    published = require_current(lake)
    version = published.manifest["ledger_version"]
    with Engine(spill=lake.spill()) as engine:
        inputs = Inputs({"batch": lake.table("batch").version()}, version)
        open_inputs(lake, engine, inputs, lake.commits(until=version))
        load_prior(engine)
        show_segments(lake, engine, published.manifest["segments"], None)
        engine.con.execute(f"ATTACH {quoted(published.database)} AS published (READ_ONLY)")
        for relation in ("user_points", "vintage", "period_statement"):
            engine.con.execute(f"CREATE VIEW {relation} AS SELECT * FROM published.{relation}")
        if breaches := breaches_of(engine, ("segment", "whole")):
            raise Refused("what is published is not the fold of the ledger: " + "; ".join(breaches))
