"""The state that a traced lineage is in, in plain words: what it means, what would end it, and which telling counts and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chargeledger.document import read_yaml
from chargeledger.errors import some_keys
from chargeledger.holding import REJECTED
from chargeledger.lake import instant_text
from chargeledger.programme import Programme
from chargeledger.quarantine import meaning

SHOWN = 16  # of a receipt
Row = dict[str, Any]


@dataclass(frozen=True)
class About:
    """What is known of one lineage: the state that the ledger holds, where it belongs now, its rows, tellings and hours.

    `history` are the states that runs gave it, `proposal` the changes of it that wait for a decision, each with its receipt.
    """

    session_id: str
    state: Row | None
    scope: Row | None
    rows: list[Row]
    revisions: list[Row]
    hours: list[Row]
    history: list[Row]
    proposal: list[Row]
    vintage: Row | None
    programme: Programme | None
    deadline_s: int | None


@cache
def words() -> dict[str, dict[str, str]]:
    """What is said of a state: means and resolves."""
    return dict(read_yaml(Path(__file__).parent / "trace_words.yaml"))


def standing(about: About) -> Row:
    """state, reason, means, resolves, and newer: what has come since and no run has taken up."""
    state, reason = _state(about)
    said, is_rejected = _without_rejection(reason)
    say = [words().get(f"{state}: {said}", words()[state]), *([words()["rejected"]] if is_rejected else [])]
    figures = _figures(about, said)
    return {
        "state": state,
        "reason": reason,
        "means": "".join(each["means"] for each in say).format(**figures),
        "resolves": "".join(each["resolves"] for each in say).format(**figures),
        "newer": _newer(about),
        "has_quarantined_revision": bool(about.revisions) and bool(_refused(about)),
    }


def _state(about: About) -> tuple[str, str | None]:
    if about.state:
        awarded = about.state["state"] == "awarded" and about.vintage
        return (about.vintage["state"] if awarded and about.vintage else about.state["state"]), about.state["reason"]
    if about.scope:
        return "not accounted", None
    refused = _refused(about)
    return ("quarantined", refused[-1]["rule"]) if refused else ("not received", None)


def _without_rejection(reason: str | None) -> tuple[str | None, bool]:
    """What stands behind a state, and whether a change of it was rejected besides."""
    if reason is None or not reason.endswith(REJECTED):
        return reason, False
    return reason.removesuffix(REJECTED).removesuffix("; ") or None, True


def _refused(about: About) -> list[Row]:
    """Rows that wait in quarantine."""
    return [row for row in about.rows if row["is_last_fate"] and row["outcome"] == "quarantined"]


def _figures(about: About, reason: str | None) -> dict[str, object]:
    state, scope = about.state or {}, about.scope or {}
    told = about.revisions[0] if about.revisions else {}
    missing = [instant_text(hour["hour_start"]) for hour in about.hours if hour["intensity_ug_per_kwh"] is None]
    until = [hour["provisional_until"] for hour in about.hours if hour["provisional_until"]]
    until += [state["provisional_until"]] if state.get("provisional_until") else []
    return {
        "reason": reason,
        "vintage": state.get("vintage"),
        "programme": state.get("programme"),
        "region": state.get("region") or scope.get("region"),
        "says": meaning("charging_session", reason) if reason else "",
        "holder": (reason or "").rpartition(" ")[2],
        "station": scope.get("station_id") or "(not told)",
        "issuer": about.session_id.partition(":")[0],
        "start": instant_text(told["started_at"]) if told else "",
        "missing": f"the hours {some_keys(missing)}" if len(missing) > 1 else f"the hour {some_keys(missing)}",
        "deadline": _deadline(about, told),
        "window_end": _window_end(about),
        "open": f", and once an hour that is estimated, bridged or open is settled, by {instant_text(min(until))} at the latest"
        if until
        else "",
        "open_until": f" ({instant_text(min(until))})" if until else "",
        "change": f"{sum(row['points'] for row in about.proposal):+,} points",
        "cause": "; ".join(sorted({row["cause"] for row in about.proposal})),
        "proposal": about.proposal[0]["receipt"][:SHOWN] if about.proposal else "",
        "rejected_by": next(
            (run["receipt"][:SHOWN] for run in about.history if run["reason"] == state.get("reason")), ""
        ),
        "or_token": " or by its token" if told.get("has_token") else "",
    }


def _deadline(about: About, told: Row) -> str:
    if about.deadline_s is None or not told:
        return ""
    at = told["started_at"] + timedelta(seconds=about.deadline_s)
    return f"; from {instant_text(at)} on it is assessed without them"


def _window_end(about: About) -> str:
    """The instant at which the correction window of the vintage has passed."""
    if not about.state or not about.state["vintage"] or not about.programme:
        return ""
    after = about.state["vintage"] + timedelta(days=1)
    start = datetime.combine(after, time(), ZoneInfo(about.programme.zone))
    return instant_text(_later(start, about.programme.correction_window_s))


def _later(start: datetime, seconds: int) -> datetime:
    """So many seconds later by the clock of the world, whatever the local one does between."""
    return datetime.fromtimestamp(start.timestamp() + seconds, start.tzinfo)


def _newer(about: About) -> list[str]:
    """What the newest staged tables say otherwise than the ledger's state, while nothing waits for approval or was rejected."""
    state, scope = about.state, about.scope
    if not state or not scope or state["state"] == "awaiting approval" or _without_rejection(state["reason"])[1]:
        return []
    told = {
        "the session": state["content_digest"] != scope["content_digest"],
        "its owner": state["user_id"] != scope["user_id"],
        "its station": state["station_digest"] != scope["station_digest"],
        "a credit": scope["is_withdrawn"] and state["state"] not in ("withdrawn", "awaiting original"),
        "an enrolment": state["reason"] == "not enrolled" and scope["is_enrolled"],
    }
    return [name for name, differs in told.items() if differs]


def counts_because(revisions: list[Row]) -> str | None:
    """Why the first of the accepted tellings counts."""
    if not revisions:
        return None
    first, others = revisions[0], revisions[1:]
    if first["is_credit"]:
        return "a credit alone: what it withdraws has not come"
    withdrawn = ", and a credit withdraws it" if any(row["is_credit"] for row in others) else ""
    rivals = [row for row in others if not row["is_credit"]]
    if not rivals:
        return f"the only telling accepted{withdrawn}"
    told, after = first["revised_at"], rivals[0]["revised_at"]
    if told and told != after:
        return f"its revision time {instant_text(told)} is the latest{withdrawn}"
    why = "of the same revision time" if told else "none tells a revision time"
    return f"{why}: it landed last{withdrawn}"
