"""What can be said to the person at the keyboard. Each kind has its exit code; none is shown with a traceback."""

from __future__ import annotations

from collections.abc import Sequence

KEYS_SHOWN = 5


class ChargeledgerError(Exception):
    """A message for people: what happened, which rows, which rule, and what to do next."""

    exit_code = 1


class Refused(ChargeledgerError):
    """Data, a file or a frozen text is not as it must be. Nothing of it was used."""

    exit_code = 1


class LakeUnwritable(ChargeledgerError):
    """The lake cannot be written: no permission, or no space. What was not finished does not count."""

    exit_code = 1


class NotServed(ChargeledgerError):
    """A server did not give what it was asked for, however often. What it gave before is kept."""

    exit_code = 1


class UsageError(ChargeledgerError):
    """The call itself is wrong: an unknown name, a path that is not there, an instant that cannot be read."""

    exit_code = 2


class ApprovalNeeded(ChargeledgerError):
    """Everything that may post has posted; changes to final awards, or beyond a threshold, are held and listed."""

    exit_code = 3


class LostRace(ChargeledgerError):
    """Another writer committed first. The caller reads its inputs again and computes again."""


def some_keys(keys: Sequence[object]) -> str:
    """At most five keys and the count of all, for an error message."""
    shown = ", ".join(str(key) for key in keys[:KEYS_SHOWN])
    rest = len(keys) - KEYS_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown
