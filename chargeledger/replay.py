"""Replay: compute a receipt again from the same inputs and say whether every byte is the same, or which value is not."""

from __future__ import annotations

from typing import Any

from chargeledger.computation import FOLDED, compute, run_document
from chargeledger.contract import contract
from chargeledger.engine import Engine, parquet
from chargeledger.errors import UsageError, some_keys
from chargeledger.holding import PROPOSED
from chargeledger.lake import Lake, parse_instant
from chargeledger.period_replay import rerun_close
from chargeledger.receipt import code_digests, programmes_of, read_receipt
from chargeledger.scope import Decision, Inputs, Question, Scope
from chargeledger.verify import changed_rows

# What a run keeps, in the order in which a difference would spread.
KEPT = (
    "grid_intensity_state",
    "match_hour",
    "energy_match",
    "match_state",
    "session_state",
    "vintage_state",
    *PROPOSED,
    "ledger_entry",
    *FOLDED,
)


def rerun(lake: Lake, name: str) -> dict[str, Any]:
    """Compute the receipt again; nothing is posted. Returns receipt, same, difference (or None) and notes on changed code."""
    digest, receipt = read_receipt(lake, name)
    if receipt.get("kind") == "period":
        return rerun_close(lake, digest, receipt)
    if receipt.get("kind") != "accounting":
        raise UsageError(
            f"{name} is the receipt of a {receipt.get('kind')}: receipts of runs, decisions and closes are computed again. "
            "The receipt of a comparison says vintages, version and clock; ask the same again, and the files are equal."
        )
    said = receipt["inputs"]
    inputs = Inputs(said["staged"], said["ledger_version"])
    scope, clock = Scope.from_json(receipt["scope"]), parse_instant(receipt["clock"])
    with Engine(spill=lake.spill()) as engine:
        decided = Decision.from_json(receipt["decision"]) if "decision" in receipt else None
        question = Question(decision=decided)
        run = compute(lake, engine, scope, clock, inputs, programmes_of(lake, receipt), question)
        again = run_document(run, receipt["key_fingerprint"])
        notes = [
            f"{part} is now {now[:16]}, the receipt says {receipt['code'][part][:16]}"
            for part, now in code_digests(engine.engine).items()
            if now != receipt["code"][part]
        ]
        owed = {key: value for key, value in receipt.items() if key != "code"}
        difference = None if again == owed else _first_difference(lake, engine, digest, owed, again)
    return {"receipt": digest, "same": difference is None, "difference": difference, "notes": notes}


def _first_difference(lake: Lake, engine: Engine, digest: str, owed: dict[str, Any], again: dict[str, Any]) -> str:
    for relation in KEPT:
        if owed["outputs"][relation] != again["outputs"][relation]:
            if found := _differing_value(lake, engine, relation, digest):
                return found
    if again["inputs"] != owed["inputs"]:
        with Engine(spill=lake.spill()) as fresh:
            changed = changed_rows(lake, fresh)
        if changed:
            return f"staged rows are not what was landed: {some_keys(changed)}"
    for part in ("inputs", "outputs"):
        told, now = owed[part].get("digests", owed[part]), again[part].get("digests", again[part])
        for relation in told:
            if told[relation] != now[relation]:
                return f"{relation}: its digest is {now[relation]}, the receipt says {told[relation]}"
    parts = [part for part in owed if owed[part] != again.get(part)]
    return f"{', '.join(parts)}: not what the receipt says"


def _differing_value(lake: Lake, engine: Engine, relation: str, digest: str) -> str | None:
    """The first key, in order, whose row is not as kept, with the column and both values."""
    owed = contract(relation)
    if relation == "ledger_entry":
        kept = f"SELECT * FROM ({_log(lake)}) WHERE receipt_digest = '{digest}'"
        key = ["session_id", "programme", "vintage", "user_id"]
    else:
        parts = lake.state_parts(relation, digest)
        kept = f"SELECT * FROM {parquet(parts)}" if parts else f"SELECT * FROM {relation} WHERE false"
        key = list(owed.key)
    columns = [column.name for column in owed.digest_columns if column.name not in key]
    names = sorted(columns, key=lambda name: name.endswith("_digest"))  # a digest says only that something else differs
    same_key = " AND ".join(f'k."{name}" = n."{name}"' for name in key)
    checks = ", ".join(f'k."{name}" IS DISTINCT FROM n."{name}"' for name in names)
    shown = " || ' ' || ".join(f'CAST(coalesce(k."{name}", n."{name}") AS VARCHAR)' for name in key)
    values = ", ".join(f'CAST(k."{n}" AS VARCHAR), CAST(n."{n}" AS VARCHAR)' for n in names)
    found = engine.con.execute(
        f"""SELECT {shown} AS key, k."{key[0]}" IS NULL AS is_new, n."{key[0]}" IS NULL AS is_gone, [{values}] AS pairs
        FROM ({kept}) AS k FULL OUTER JOIN {relation} AS n ON {same_key}
        WHERE k."{key[0]}" IS NULL OR n."{key[0]}" IS NULL OR list_contains([{checks}], true)
        ORDER BY 1 LIMIT 1"""
    ).fetchall()
    if not found:
        return None
    ((row_key, is_new, is_gone, pairs),) = found
    if is_new or is_gone:
        return f"{relation}, key {row_key}: the row {'is new' if is_new else 'is gone'}"
    place = next(i for i in range(len(names)) if pairs[2 * i] != pairs[2 * i + 1])
    told, now = pairs[2 * place], pairs[2 * place + 1]
    return f"{relation}, key {row_key}, column {names[place]}: the receipt's run gave {told}, now {now}"


def _log(lake: Lake) -> str:
    """The whole ledger, whatever version a run started from."""
    files = lake.files("ledger_entry")
    return f"SELECT * FROM {parquet(files)}" if files else "SELECT * FROM ledger_entry_log"
