"""Batch rules: Great Expectations runs the expectations of a contract on the batch's profile, or on a small relation whole."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa

from chargeledger.contract import BatchRule
from chargeledger.errors import KEYS_SHOWN

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")


@dataclass(frozen=True)
class Finding:
    """What one batch rule found. `observed` is Great Expectations' own short result. Only `refuse_batch` keeps a batch out."""

    rule_id: str
    passed: bool
    observed: str
    description: str
    severity: str = "refuse_batch"


def warnings_of(validation: str) -> list[str]:
    """What the stored findings of a staged batch warn of."""
    broken = [finding for finding in json.loads(validation) if not finding["passed"]]
    return [f"rule {found['rule_id']}: {found['description']}: {found['observed']}" for found in broken]


def check_batch(rules: tuple[BatchRule, ...], relations: dict[str, pa.Table]) -> list[Finding]:
    """Run every rule on the relation that it names (`profile` has one row)."""
    import great_expectations.expectations as gxe

    findings = []
    for name, rows in relations.items():
        mine = [rule for rule in rules if rule.on == name]
        if not mine:
            continue
        batch = _whole(name).get_batch({"dataframe": rows.to_pandas()})
        for rule in mine:
            expectation = getattr(gxe, _class_name(rule.expectation))(**rule.kwargs)
            named = {"unexpected_index_column_names": [rule.key]} if rule.key else {}
            result = batch.validate(expectation, result_format={"result_format": "SUMMARY", **named})
            seen = _observed(result.result, rule.key) if result.result else str(result.exception_info)[-600:]
            seen += "".join(f", {column} {rows.column(column)[0]}" for column in rule.tells if rows.num_rows)
            findings.append(Finding(rule.rule_id, bool(result.success), seen, rule.description, rule.severity))
    return findings


@cache
def _relations() -> Any:
    """Great Expectations' own idea of where relations are: made once in a process, since it takes longer than a rule."""
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context.data_sources.add_pandas("relations")


@cache
def _whole(name: str) -> Any:
    return _relations().add_dataframe_asset(name).add_batch_definition_whole_dataframe("whole")


def _class_name(expectation: str) -> str:
    return "".join(part.capitalize() for part in expectation.split("_"))


def _observed(result: dict[str, Any], key: str | None) -> str:
    if "observed_value" in result:
        return str(result["observed_value"])
    if key and (rows := result.get("partial_unexpected_index_list")):
        shown = dict.fromkeys(f"{row.pop(key)}: {', '.join(map(str, row.values()))}" for row in map(dict, rows))
        return f"{result['unexpected_count']} rows, such as {', '.join(list(shown)[:KEYS_SHOWN])}"
    unexpected = result.get("partial_unexpected_list") or []
    return f"unexpected {unexpected[:5]}" if unexpected else "as expected"
