"""How anything is held to what is owed."""

from __future__ import annotations


class Broken(AssertionError):
    """Something that must hold does not; `invariant` names it."""

    def __init__(self, invariant: str, said: str) -> None:
        super().__init__(f"{invariant}: {said}")
        self.invariant = invariant


def hold(invariant: str, told: object, owed: object, where: str = "") -> None:
    """Raise where two things are not the same."""
    if told != owed:
        raise Broken(invariant, f"{where}\n    found {told!r}\n    owed  {owed!r}")
