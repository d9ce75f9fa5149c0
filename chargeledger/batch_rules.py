"""Batch rules: Great Expectations runs the expectations of a contract on the batch's profile, or on a small relation whole."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from chargeledger.contract import BatchRule

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")


@dataclass(frozen=True)
class Finding:
    """What one batch rule found. `observed` is Great Expectations' own short result."""

    rule_id: str
    passed: bool
    observed: str
    description: str


def check_batch(rules: tuple[BatchRule, ...], relations: dict[str, pa.Table]) -> list[Finding]:
    """Run every rule on the relation that it names (`profile` has one row)."""
    import great_expectations as gx
    import great_expectations.expectations as gxe

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    store = context.data_sources.add_pandas("relations")
    findings = []
    for name, rows in relations.items():
        mine = [rule for rule in rules if rule.on == name]
        if not mine:
            continue
        asset = store.add_dataframe_asset(name)
        batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": rows.to_pandas()})
        for rule in mine:
            expectation = getattr(gxe, _class_name(rule.expectation))(**rule.kwargs)
            result = batch.validate(expectation, result_format="BASIC")
            seen = _observed(result.result) if result.result else str(result.exception_info)[-600:]
            seen += "".join(f", {column} {rows.column(column)[0]}" for column in rule.tells)
            findings.append(Finding(rule.rule_id, bool(result.success), seen, rule.description))
    return findings


def _class_name(expectation: str) -> str:
    return "".join(part.capitalize() for part in expectation.split("_"))


def _observed(result: dict[str, Any]) -> str:
    if "observed_value" in result:
        return str(result["observed_value"])
    unexpected = result.get("partial_unexpected_list") or []
    return f"unexpected {unexpected[:5]}" if unexpected else "as expected"
