"""Verification of a whole lake: what is named by a digest has it, and what must sum, sums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from chargeledger.computation import open_inputs
from chargeledger.contract import contract
from chargeledger.engine import Engine
from chargeledger.errors import Refused
from chargeledger.lake import Lake
from chargeledger.landing import unpacked
from chargeledger.publication import current, require_current, verify_segments
from chargeledger.receipt import read_receipt
from chargeledger.scope import Inputs


def verify(lake: Lake) -> Iterator[str]:
    """Yield one line for each property that holds. Raises Refused with all breaches where some do not."""
    breaches: list[str] = []
    for check in (_landing, _batches, _receipts, _ledger, _publications):
        try:
            yield f"ok  {check(lake)}"
        except Refused as refusal:
            breaches.append(str(refusal))
    if breaches:
        raise Refused("the lake does not verify:\n  " + "\n  ".join(breaches))


def _landing(lake: Lake) -> str:
    digests = lake.table("landing_file").to_pyarrow_table(columns=["landing_digest"]).column(0).to_pylist()
    for digest in digests:
        with unpacked(lake, digest) as path:
            if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                raise Refused(f"landed file {digest} is not the bytes that it is named by")
    return f"{len(digests)} landed files have their digests"


def _batches(lake: Lake) -> str:
    with Engine() as engine:
        engine.view("batch", lake.files("batch"), contract("batch"))
        engine.hold_to(contract("batch"), "batch")
        staged = engine.count("SELECT 1 FROM batch WHERE state = 'staged'")
    return f"{staged} staged batches close: received = accepted + quarantined + duplicate + superseded, in rows and Wh"


def _receipts(lake: Lake) -> str:
    commits = lake.commits()
    for commit in commits:
        read_receipt(lake, commit.receipt)
    return f"{len(commits)} ledger commits have their receipts"


def _ledger(lake: Lake) -> str:
    inputs = Inputs.newest(lake)
    with Engine(spill=lake.spill()) as engine:
        last_seq, _ = open_inputs(lake, engine, inputs, lake.commits())
        engine.hold_to(contract("ledger_entry"), "ledger_entry_log")
        if engine.count("SELECT 1 FROM ledger_entry_log") != last_seq:
            raise Refused("the ledger does not hold as many entries as its log says")
    return f"{last_seq} ledger entries close"


def _publications(lake: Lake) -> str:
    if current(lake) is None:
        return "no publication yet"
    published, checked = require_current(lake), 0
    verify_segments(lake, published.manifest)
    digest = published.manifest["previous_digest"]
    for path in sorted(
        (p for p in published.path.parent.iterdir() if p.name.isdigit() and int(p.name) < published.manifest["number"]),
        key=lambda p: -int(p.name),
    ):
        raw = (path / "manifest.json").read_bytes()
        if hashlib.sha256(raw).hexdigest() == digest:
            digest, checked = json.loads(raw)["previous_digest"], checked + 1
    if digest is not None:
        raise Refused(f"the chain of publications is broken: none has the digest {digest}")
    return (
        f"publication {published.manifest['number']} has its segments, and {checked} before it form an unbroken chain"
    )
