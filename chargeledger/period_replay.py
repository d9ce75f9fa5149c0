"""What an auditor asks of closed months: computed again from the same ledger, and held against the ledger of today."""

from __future__ import annotations

from typing import Any

from chargeledger import rooms
from chargeledger.contract import contract
from chargeledger.engine import Engine
from chargeledger.errors import Refused
from chargeledger.lake import Lake, parse_instant
from chargeledger.period import PERIOD_SQL, check_statements, load_frozen, open_statements, statement_document
from chargeledger.receipt import code_digests, programmes_of, read_receipt, text_digest

Row = dict[str, Any]


def rerun_close(lake: Lake, digest: str, receipt: Row) -> Row:
    """Compute a close again; see `replay.rerun` for what is returned."""
    (programme,) = programmes_of(lake, receipt)
    clock, version = parse_instant(receipt["clock"]), receipt["inputs"]["ledger_version"]
    with Engine(spill=lake.spill()) as engine:
        again = statement_document(lake, engine, version, programme, receipt["period"], clock, receipt["by"])
    now = code_digests(Engine.engine) | {"period": text_digest(PERIOD_SQL)}
    notes = [
        f"{part} is now {now[part][:16]}, the receipt says {said[:16]}"
        for part, said in receipt["code"].items()
        if now[part] != said
    ]
    owed = {key: value for key, value in receipt.items() if key != "code"}
    difference = None if again == owed else _first_difference(owed, again)
    return {"receipt": digest, "same": difference is None, "difference": difference, "notes": notes}


def _first_difference(owed: Row, again: Row) -> str:
    for place, (told, now) in enumerate(zip(owed["statement"], again["statement"], strict=False), start=1):
        for column in told:
            if told[column] != now[column]:
                return f"period_statement, line {place}, column {column}: the receipt says {told[column]}, now {now[column]}"
    if len(owed["statement"]) != len(again["statement"]):
        return f"period_statement: {len(again['statement'])} lines, the receipt says {len(owed['statement'])}"
    return f"{', '.join(part for part in owed if owed[part] != again.get(part))}: not what the receipt says"


def hold_closed(lake: Lake) -> int:
    """Hold every closed month against its receipt and against the ledger as it is, and return how many there are."""
    version = lake.table("ledger_entry").version()
    with Engine(spill=lake.spill()) as engine:
        closes = open_statements(lake, engine, version, [])
        load_frozen(lake, engine, closes)
        engine.table("period_statement", rooms.TRANSFORMS / "publish" / "period_statement.sql")
        engine.con.execute("CREATE VIEW segment_ledger_entry AS SELECT * FROM ledger_entry_log")
        check_statements(engine, ("publish/period_statement_closes", "whole/period_statement_is_the_fold"))
        for close in closes:
            engine.con.execute(
                "CREATE OR REPLACE TABLE closed_statement AS SELECT * FROM period_statement WHERE receipt_digest = "
                f"'{close.receipt}'"
            )
            owed = read_receipt(lake, close.receipt)[1]["outputs"]["period_statement"]
            if engine.digest("closed_statement", contract("period_statement")) != owed:
                raise Refused(f"the statement of {close.programme} {close.period} is not what its receipt says")
    return len(closes)
