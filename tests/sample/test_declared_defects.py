"""What expected.json declares is what stands in the files, found by rules alone; without it the clean sample is left."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from itertools import pairwise

import pytest

from tests.sample.written_sample import AGGREGATOR, Order, Written


def broken(order: Order) -> str | None:
    """The defect for which this row alone is refused."""
    if order.number == "":
        return "no_number"
    if order.energy is None:
        return "unreadable_energy"
    if order.end is None:
        return "unreadable_time"
    if order.energy < 0:
        return "negative_energy"
    if order.energy > 1000:
        return "impossible_energy"
    if order.end == order.start:
        return "no_length"
    if order.end < order.start:
        return "end_before_start"
    return "sum_beyond_tolerance" if details_differ(order) == "beyond" else None


def details_differ(order: Order) -> str | None:
    details = order.told["ChargeDetails"]
    assert order.energy is not None
    by = abs(sum((d["DetailPower"] for d in details), Decimal(0)) - order.energy)
    if not details or by == 0:
        return None
    return "within" if by <= max(Decimal("0.1"), order.energy / 100) else "beyond"


def odd_details(order: Order) -> str | None:
    """A defect that leaves the row sound as a whole."""
    if order.pairs_twice:
        return "end_key"
    if details_differ(order):
        return "sum_within_tolerance"
    told = order.told
    if any(
        d["DetailStartTime"] < told["StartTime"] or d["DetailEndTime"] > told["EndTime"] for d in told["ChargeDetails"]
    ):
        return "details_outside"
    return "sub_period" if "SubPeriod" in told else None


def told_again(tellings: list[Order]) -> tuple[str, int] | None:
    """What the tellings of one order number show together, and in how many rows."""
    first, last = tellings[0], tellings[-1]
    if len(tellings) == 1:
        return ("late", 1) if first.delivery == 2 else None
    assert len(tellings) == 2
    if first.line == last.line:
        return ("duplicate_same_file" if first.file == last.file else "duplicate_later_file"), 1
    if first.file == last.file:
        return "conflicting_order", 2
    assert (first.delivery, last.delivery) == (1, 2)
    return ("corrected_energy" if first.start == last.start else "corrected_day"), 1


def by_number(orders: list[Order]) -> dict[str, list[Order]]:
    told: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        if not broken(order):
            told[order.number].append(order)
    return told


def overlapping(orders: list[Order]) -> set[str]:
    """Numbers of orders that share time on one connector."""
    found, by_connector = set(), defaultdict(list)
    for order in orders:
        by_connector[order.connector].append(order)
    for each in by_connector.values():
        each.sort(key=lambda o: (o.start, o.number))
        for before, after in pairwise(each):
            assert before.end is not None
            if before.end > after.start:
                found |= {before.number, after.number}
    return found


def final_orders(written: Written) -> list[Order]:
    """The last telling of every order that is not refused; conflicting ones are."""
    told = by_number(written.orders)
    return [each[-1] for each in told.values() if told_again(each) != ("conflicting_order", 2)]


def live_orders(written: Written) -> list[Order]:
    """Of them those that stand: told by the operator itself, alone at its time on its connector."""
    own = [order for order in final_orders(written) if not order.number.startswith(AGGREGATOR)]
    aside = overlapping(own)
    return [order for order in own if order.number not in aside]


def found_defects(written: Written) -> Counter[str]:
    found = Counter(filter(None, map(broken, written.orders)))
    for tellings in by_number(written.orders).values():
        if again := told_again(tellings):
            found[again[0]] += again[1]
    final = final_orders(written)
    own = [order for order in final if not order.number.startswith(AGGREGATOR)]
    found.update(filter(None, map(odd_details, final)))
    found["aggregator_copy"] = len(final) - len(own)
    found["connector_overlap"] = len(overlapping(own))
    live = live_orders(written)
    found["unknown_station"] = sum(order.connector not in written.stations for order in live)
    found["no_owner"] = sum(order.number not in written.owners for order in live)
    return found


def test_every_defect_is_there_as_often_as_declared(dirty: Written) -> None:
    declared = {name: told["rows"] for name, told in dirty.expected["defects"].items()}
    assert len(declared) == 22 and min(declared.values()) > 0
    assert dict(found_defects(dirty)) == declared


def test_the_clean_sample_has_none(clean: Written) -> None:
    assert +found_defects(clean) == Counter()
    assert not clean.expected["defects"] and not clean.expected["control_totals"] and not clean.expected["grid"]
    assert {row["standing"] for row in clean.expected["standings"]} == {"sound"}
    assert {file for file, delivery in clean.files("tcec_charge_order") if delivery == 2} == set()


def test_the_same_sessions_stand_in_the_end(dirty: Written, clean: Written) -> None:
    """0 sessions and 0 Wh of difference."""
    live = live_orders(dirty)
    assert sorted(order.content for order in live) == sorted(order.content for order in clean.orders)
    energy_wh = sum(order.energy * 1000 for order in live if order.energy is not None)
    assert dirty.expected["sessions"] == clean.expected["sessions"] == {"sessions": 3000, "energy_wh": energy_wh}


def test_details_with_a_defect_are_worth_what_the_clean_ones_are(dirty: Written, clean: Written) -> None:
    """Outside the charge: none in the clean sample. Another key or sum: one interval, the whole charge, in one hour or long."""
    sound = {order.number: order.told for order in clean.orders}
    for order in final_orders(dirty):
        defect = odd_details(order)
        details = (
            sound[order.number]["ChargeDetails"]
            if defect in ("end_key", "sum_within_tolerance", "details_outside")
            else []
        )
        assert len(details) == (defect in ("end_key", "sum_within_tolerance"))
        for detail in details:
            assert order.end is not None
            assert (detail["DetailStartTime"], detail["DetailEndTime"]) == (str(order.start), str(order.end))
            same_hour = order.end.replace(minute=0, second=0) == order.start.replace(minute=0, second=0)
            assert same_hour or (order.end - order.start).total_seconds() > 3600


def test_shares_are_those_that_are_stated(dirty: Written) -> None:
    """Of 3,000 sessions: 5 % told again, 2 % corrected, 1 % late, within two rows."""
    rows = {name: told["rows"] for name, told in dirty.expected["defects"].items()}
    assert abs(rows["duplicate_same_file"] + rows["duplicate_later_file"] - 150) <= 2
    assert abs(rows["corrected_energy"] + rows["corrected_day"] - 60) <= 2
    assert abs(rows["late"] - 30) <= 2


def test_no_file_is_so_broken_that_it_would_be_refused_whole(dirty: Written) -> None:
    received = Counter(order.file for order in dirty.orders)
    refused = Counter(order.file for order in dirty.orders if broken(order))
    for tellings in by_number(dirty.orders).values():
        if told_again(tellings) == ("conflicting_order", 2):
            refused[tellings[0].file] += 2
    assert refused and all(refused[file] * 10 <= received[file] for file in received)


def test_an_aggregator_tells_the_same_charge(dirty: Written) -> None:
    own = defaultdict(list)
    for order in live_orders(dirty):
        own[order.connector].append(order)
    copies = [order for order in dirty.orders if order.number.startswith(AGGREGATOR)]
    aggregated = {r["connector_id"]: r["operator"] for r in dirty.rows("station_csv") if r["issuer"] == AGGREGATOR}
    assert copies
    for copy in copies:
        assert aggregated[copy.connector] == copy.connector[:9]
        (charge,) = (o for o in own[copy.connector] if abs((o.start - copy.start).total_seconds()) <= 120)
        assert charge.energy is not None and copy.energy is not None
        assert abs(charge.energy - copy.energy) * 100 <= charge.energy


@pytest.mark.parametrize("column", ["rows", "energy_wh"])
def test_fates_close(dirty: Written, column: str) -> None:
    """Received = accepted + quarantined + duplicate, and the same for Wh where they can be read."""
    energy_wh = sum(int(order.energy * 1000) for order in dirty.orders if order.energy is not None)
    received = {"rows": len(dirty.orders), "energy_wh": energy_wh}
    assert sum(row[column] for row in dirty.expected["fates"]) == received[column]
