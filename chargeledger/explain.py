"""Explain: one session, step by step, from the received row to the ledger, with formulas, numbers and cited sources.

The numbers are computed again by the version's own SQL from the inputs of the run that set the session's state.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from chargeledger import explain_numbers
from chargeledger.computation import compute
from chargeledger.engine import Engine, quoted
from chargeledger.errors import UsageError
from chargeledger.explain_driver import LANGUAGES, paragraph, words
from chargeledger.holding import REJECTED
from chargeledger.lake import Lake, instant_text, parse_instant
from chargeledger.methodology import Methodology
from chargeledger.receipt import programmes_of, read_receipt
from chargeledger.scope import Decision, Inputs, Question, Scope
from chargeledger.table import file_rows_where, rows_where

Row = dict[str, Any]


def explain(lake: Lake, session_id: str, out: Console, language: str = "en") -> None:
    """Print the explanation. Raises UsageError where the ledger has no state for the session, or for another language."""
    if language not in LANGUAGES:
        raise UsageError(f"unknown language '{language}': {', '.join(LANGUAGES)}")
    say, session_id = words(language), session_id.upper()
    digest, receipt, waits = _receipt_of(lake, session_id)
    said = receipt["inputs"]
    inputs = Inputs(said["staged"], said["ledger_version"])
    scope = Scope.from_json(receipt["scope"])
    with Engine(spill=lake.spill()) as engine:
        decided = Decision.from_json(receipt["decision"]) if "decision" in receipt else None
        question = Question(session_id=session_id, decision=decided)
        clock = parse_instant(receipt["clock"])
        run = compute(lake, engine, scope, clock, inputs, programmes_of(lake, receipt), question)
        zone = engine.rows("SELECT programme, zone FROM programme")
        zones = {str(row["programme"]): str(row["zone"]) for row in zone}
        for relation in ("session_hour", "interval_hour", "session_match", "session_assessment", "session_award"):
            engine.con.execute(f"DELETE FROM {relation} WHERE session_id <> {quoted(session_id)}")
        scoped = engine.rows(f"SELECT * FROM session_scope WHERE session_id = {quoted(session_id)}")
        _heading(out, session_id, digest, receipt, waits)
        version = run.versions[str(scoped[0]["methodology"])] if scoped and scoped[0]["methodology"] else None
        if scoped:
            now = _state_of(engine, session_id) | ({"state": "awaiting approval"} if waits else {})
            zone_of = zones.get(str(scoped[0]["programme"]), "UTC")
            out.print(paragraph(engine, language, zone_of, scoped[0], now, version), markup=False)
            out.print(f"\n{say['numbers_follow']}")
        _received(lake, out, session_id, say)
        if version is None:
            _state(lake, engine, out, session_id, say)
            return
        _belongs(out, scoped[0], zones, version, say)
        explain_numbers.hours(engine, out, version, say)
        explain_numbers.mix(engine, out, version)
        explain_numbers.green(engine, out, say)
        explain_numbers.equations(engine, out, version, scoped[0], say)
        explain_numbers.parameters(engine, out, version, scoped[0], say)
        _state(lake, engine, out, session_id, say)
        for sentence in version.identity.get("provisional", []):
            out.print(f"Provisional: {sentence}", markup=False)


def _receipt_of(lake: Lake, session_id: str) -> tuple[str, dict[str, Any], bool]:
    """The receipt of the last run that set what stands for the session, and whether a change waits for approval since."""
    waits: bool | None = None
    for commit in reversed(lake.commits()):
        files = lake.state_files("session_state", [commit])
        state = file_rows_where(files, session_id=session_id).to_pylist() if files else []
        if not state:
            continue
        is_held = state[0]["state"] == "awaiting approval"
        waits = is_held if waits is None else waits
        if not is_held and not str(state[0]["reason"]).endswith(REJECTED):
            return *read_receipt(lake, commit.receipt), waits
    raise UsageError(
        f"no session '{session_id}' in the ledger of {lake.root}. Ids are <ISSUER>:<ORDER>, as in session_status of the "
        "publication; a session that was staged but not yet accounted is not there"
    )


def _heading(out: Console, session_id: str, digest: str, receipt: dict[str, Any], waits: bool) -> None:
    synthetic = "  (synthetic: part of the built-in sample)" if session_id.startswith("SYNTH") else ""
    out.print(f"Session {session_id}{synthetic}", style="bold", markup=False)
    out.print(f"As accounted at {receipt['clock']}, receipt {digest}", markup=False)
    if waits:
        out.print("A change has arrived since, and waits for approval", markup=False)
    out.print("")


def _received(lake: Lake, out: Console, session_id: str, say: dict[str, str]) -> None:
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
    out.print(say["heading_received"], style="bold")
    for _, number, release_seq, file, row in sorted(rows, key=lambda told: told[:3]):
        rule = f", rule {row['rule']}" if row["rule"] else ""
        again = f", released from quarantine by batch {release_seq}" if release_seq else ""
        out.print(
            f"   {file['file_name']} row {number} (source {file['source']}, SHA-256 {file['landing_digest'][:16]}), "
            f"landed {instant_text(file['landed_at'])}{again}: {row['outcome']}{rule}",
            markup=False,
        )


def _belongs(out: Console, row: Row, zones: dict[str, str], version: Methodology, say: dict[str, str]) -> None:
    zone = zones[str(row["programme"])]
    local = row["ended_at"].astimezone(ZoneInfo(zone))
    out.print("\n" + say["heading_belongs"], style="bold")
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


def _state_of(engine: Engine, session_id: str) -> Row:
    """The state that the computation gives, or that stood before it."""
    mine = f"WHERE session_id = {quoted(session_id)}"
    told = f"SELECT state, reason FROM session_state {mine}", f"SELECT state, reason FROM prior_state {mine}"
    return next((rows[0] for sql in told if (rows := engine.rows(sql))), {"state": "", "reason": None})


def _state(lake: Lake, engine: Engine, out: Console, session_id: str, say: dict[str, str]) -> None:
    out.print("\n" + say["heading_ledger"], style="bold")
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
