"""A daily check of T/CEC orders becomes a control total where it covers one whole day, and nothing else does."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chargeledger import flow
from tests.staging.canonical_files import AT
from tests.staging.lake_contents import fates, rows_of

SEQ = "INVENTED1000000000000000001"
SOUND = {
    "CheckOrderSeq": SEQ,
    "StartTime": "2026-03-10 00:00:00",
    "EndTime": "2026-03-10 23:59:59",
    "OrderCount": 12,
    "TotalOrderPower": 240.51,
    "TotalOrderMoney": 100.10,
}
BOUNDARIES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("check_number_form", {"CheckOrderSeq": SEQ.lower()}, {"CheckOrderSeq": SEQ[:-1]}),
    ("whole_day", {"EndTime": "2026-03-11 00:00:00"}, {"EndTime": "2026-03-11 00:00:01"}),
    ("whole_day", {}, {"EndTime": "2026-03-10 23:59:58"}),
    ("whole_day", {}, {"StartTime": "2026-03-10 00:00:01", "EndTime": "2026-03-11 00:00:01"}),
    ("whole_day", {}, {"StartTime": "2026/03/10 00:00:00"}),
    ("sessions_readable", {"OrderCount": 0}, {"OrderCount": "12.5"}),
    ("energy_readable", {"TotalOrderPower": None}, {"TotalOrderPower": -1}),
]


def written(path: Path, *checks: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(check) + "\n" for check in checks), encoding="utf-8")
    return str(path)


def numbered(count: int) -> list[dict[str, Any]]:
    """Sound checks of so many days."""
    days = [date(2026, 1, 1).fromordinal(date(2026, 1, 1).toordinal() + n) for n in range(count)]
    return [SOUND | {"StartTime": f"{day} 00:00:00", "EndTime": f"{day} 23:59:59"} for day in days]


def test_a_check_is_a_control_total(lake: str, tmp_path: Path) -> None:
    flow.ingest("tcec_check", [written(tmp_path / "checks.jsonl", SOUND)], lake, AT)
    (row,) = rows_of(lake, "delivery_control")
    assert (row["issuer"], row["day"], row["region"], row["sessions"], row["energy_wh"]) == (
        *("INVENTED1", date(2026, 3, 10), None),
        *(12, 240_510),
    )


@pytest.mark.parametrize(("rule", "passing", "failing"), BOUNDARIES, ids=[f"{b[0]} {b[2]}" for b in BOUNDARIES])
def test_a_check_at_the_boundary(
    rule: str, passing: dict[str, Any], failing: dict[str, Any], lake: str, tmp_path: Path
) -> None:
    told = written(tmp_path / "checks.jsonl", SOUND | passing, SOUND | failing | {}, *numbered(20))
    flow.ingest("tcec_check", [told], lake, AT)
    assert fates(lake)[:2] == [("accepted", None), ("quarantined", rule)]


def test_a_check_sent_again_supersedes(lake: str, tmp_path: Path) -> None:
    for count in (12, 13):
        flow.ingest("tcec_check", [written(tmp_path / f"{count}.jsonl", SOUND | {"OrderCount": count})], lake, AT)
    assert sorted(row["sessions"] for row in rows_of(lake, "delivery_control")) == [12, 13]
