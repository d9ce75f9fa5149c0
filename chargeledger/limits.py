"""Limits: how much a file may ask of this machine before it is refused, each with its reason, in one place.

A source definition may set its own below `reader: limits`; the environment, which speaks for the machine, has the last word.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from chargeledger.errors import Refused, UsageError
from chargeledger.source import Source

PREFIX = "CHARGELEDGER_LIMIT_"
NAME_LENGTH = 200
DEFAULTS = {
    "file_size": 16 << 30,  # bytes unpacked: ten million charge records of an object of 1.6 kB
    "row_count": 100_000_000,  # ten such days; a Parquet file of any number of equal rows has a few bytes
    "column_count": 1_000,  # the widest export known has fewer than a hundred
    "line_size": 1 << 20,  # bytes of one row of CSV: a quote that never closes would take the whole file for one
    "object_size": 16 << 20,  # bytes of one JSON object: a page of ten thousand charge records
    "nesting_depth": 32,  # levels of one JSON object: the deepest known has seven
}


@dataclass(frozen=True)
class Limits:
    """What one file may ask. Every field is the id of the rule that a file beyond it breaks."""

    file_size: int
    row_count: int
    column_count: int
    line_size: int
    object_size: int
    nesting_depth: int

    def hold(self, rule: str, asked: int, file_name: str) -> None:
        """Refuse a file that asks for more than a limit."""
        if asked > (most := getattr(self, rule)):
            raise Refused(beyond(rule, most, file_name, f"{asked:,}{' bytes' if rule.endswith('_size') else ''}"))


def limits_of(source: Source | None = None) -> Limits:
    """The limits for files of a source, or of none yet. Raises UsageError where the environment sets one to what is no number."""
    own = source.reader.get("limits", {}) if source else {}
    return Limits(**{name: _from_environment(name) or int(own.get(name, most)) for name, most in DEFAULTS.items()})


def _from_environment(name: str) -> int | None:
    variable = PREFIX + name.upper()
    text = os.environ.get(variable, "")
    if text and not (text.isascii() and text.isdigit() and int(text) > 0):
        raise UsageError(f"{variable} is '{text}': a limit is a whole number above zero")
    return int(text) if text else None


def beyond(rule: str, most: int, file_name: str, asked: str = "more") -> str:
    """What to say of a file beyond a limit."""
    return (
        f"{file_name}: rule {rule}: {asked}, and at most {most:,} is read. Send less in one file; if it is meant to be so, "
        f"raise {PREFIX}{rule.upper()} or the limit in the reader of its source definition"
    )


def clean_name(name: str) -> str:
    """The name of a received file as it is kept and shown: its base name, without what a terminal would obey, shortened."""
    base = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter if letter.isprintable() else "?" for letter in base)
    return shown if len(shown) <= NAME_LENGTH else f"{shown[: NAME_LENGTH - 1]}…"
