"""What `trace` is asked: a user and a day, checked; and what is answered where nothing is found."""

from __future__ import annotations

import re
from datetime import date

from chargeledger import rooms
from chargeledger.engine import Engine, quoted
from chargeledger.errors import UsageError, some_keys
from chargeledger.lake import Lake
from chargeledger.pseudonym import load_key, pseudonym
from chargeledger.source import load_source

NEAREST = 5
TOKEN = "token"  # a card is not a user: its owner may change


def user_of(lake: Lake, account: str, namespace: str) -> str:
    """The pseudonym of a raw account, under the lake's key. The account itself is nowhere written."""
    known = {name for source in rooms.source_names() for name in load_source(source).identity.values()} - {TOKEN}
    if namespace not in known:
        raise UsageError(f"unknown namespace '{namespace}'. Known: {', '.join(sorted(known))}")
    return pseudonym(load_key(lake), namespace, account.strip(" "))


def checked_user(user: str | None) -> str:
    """A pseudonym. Raises UsageError for anything else, which is not repeated: it may be somebody's account."""
    if not user or not re.fullmatch(r"[0-9a-f]{64}", user):
        raise UsageError(
            "--user takes a pseudonym, 64 hexadecimal digits as in session_status; a raw account goes to --account"
        )
    return user


def checked_day(day: str | None) -> date:
    """A calendar day. Raises UsageError where it is none."""
    try:
        return date.fromisoformat(day or "")
    except ValueError as error:
        raise UsageError(
            f"--day takes the local day on which the charge ended, like 2026-03-09; got '{day or ''}'"
        ) from error


def unknown_order(engine: Engine, lake: Lake, order: str) -> str:
    """That an order is not known: what was searched, and the ids most like it."""
    asked = order.strip().upper()
    name = "session_id" if ":" in asked else "order_number"
    near = engine.rows(
        f"""SELECT session_id FROM (SELECT session_id, levenshtein({name}, {quoted(asked)}) AS steps FROM known_lineage)
        WHERE steps <= {max(2, len(asked) // 3)} ORDER BY steps, session_id LIMIT {NEAREST}"""
    )
    count = engine.count("SELECT 1 FROM known_lineage")
    hint = f"nearest: {', '.join(str(row['session_id']) for row in near)}" if near else "none is like it"
    return (
        f"no order '{order}' in {lake.root}: searched the {count:,} orders of all rows ever received, those in quarantine and "
        f"those only told to be somebody's included; {hint}. A row whose order number could not be read is in "
        "'chargeledger quarantine list'; a file refused as a whole was not read"
    )


def no_such_day(engine: Engine, user_id: str, day: date) -> str:
    """That a user has no charge of a day, and the days nearest to it."""
    near = engine.rows(
        f"""SELECT DISTINCT vintage, abs(vintage - DATE {quoted(day)}) FROM main.session_state_log
        WHERE user_id = {quoted(user_id)} AND vintage IS NOT NULL ORDER BY 2, 1 LIMIT {NEAREST}"""
    )
    days = f"nearest days with one: {some_keys([row['vintage'] for row in near])}" if near else "nor of any other day"
    return (
        f"no charge of user {user_id[:12]}… on {day}: searched states, ledger, told owners and quarantine; {days}. "
        "Perhaps nobody has told yet whose it is: trace it by its order number"
    )
