"""Which rows tell of one session: the issuer and its order number, however they are spelt."""

from __future__ import annotations

from tests.staging.canonical_files import session_row, session_rows
from tests.staging.conftest import Receive
from tests.staging.lake_contents import fates, rows_of


def test_ids_compare_without_case_and_surrounding_blanks_but_with_leading_zeros(receive: Receive, lake: str) -> None:
    names = ("a1", " A1 ", "01", "1", "é", "É")
    rows = [session_row("x", order_number=name, energy_kwh="10", account="one") for name in names]
    receive(rows)
    told = {row["session_id"]: row["issuer"] for row in rows_of(lake, "charging_session")}
    assert told == {f"INVENTED-A:{order}": "INVENTED-A" for order in ("A1", "01", "1", "É")}
    assert [outcome for outcome, _ in fates(lake)].count("duplicate") == 2


def test_the_same_number_of_two_operators_is_two_sessions(receive: Receive, lake: str) -> None:
    receive([session_row("S1"), session_row("S1", operator="INVENTED-B", energy_kwh="11")])
    assert {row["session_id"] for row in rows_of(lake, "charging_session")} == {"INVENTED-A:S1", "INVENTED-B:S1"}


def test_a_colon_does_not_make_two_orders_one(receive: Receive, lake: str) -> None:
    """INVENTED:A:1 is order A:1 of INVENTED; an issuer INVENTED:A would own the same id with its order 1, and may not."""
    first = session_row("x", operator="INVENTED", order_number="A:1", energy_kwh="10")
    second = session_row("x", operator="INVENTED:A", order_number="1", energy_kwh="11")
    receive([first], [*session_rows(20), second])
    assert fates(lake, "INVENTED:A:1") == [("accepted", None), ("quarantined", "issuer_plain")]
