"""Engines that do not improve plans: over a few rows that takes longer than the query, and changes no result."""

from __future__ import annotations

from typing import Any

from chargeledger.engine import Engine

start = Engine.__init__


def start_plainly(engine: Engine, *args: Any, **options: Any) -> None:
    """What stands for `Engine.__init__` where many small queries are asked."""
    start(engine, *args, **options)
    engine.con.execute("PRAGMA disable_optimizer")
