"""Three small worlds that are told piecemeal: files by a letter each, the last word on everything, and what is owed in the end.

Sessions are late, corrected and told twice; owners, stations and hours come after them. The files may come in any order in which
the one that counts of two tellings without a revision time is the last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tests.ledger import book, green_book, hourly_book, owed
from tests.ledger.book import CN, NEXT, SOURCES, US, Key, user
from tests.ledger.green_book import Charge, GreenBook, Supply
from tests.ledger.hourly_book import EAST, ac
from tests.ledger.told import charged, owner, station
from tests.oracle import green, hourly
from tests.oracle.given import Given, MixHour

EARLY, LATE = "2026-03-10T01:00:00Z", "2026-03-10T02:00:00Z"
NINTH, TENTH = "2026-03-09", "2026-03-10"
HOUR, GRAM = timedelta(hours=1), 10**9
CAP = 6000  # points per account and vintage, in the first world
Send = Callable[[GreenBook], Any]


@dataclass(frozen=True)
class World:
    """All files land and are accounted at `told_at`, and what is owed is owed at `clock`."""

    version: str
    files: dict[str, Send]
    last_word: tuple[Send, ...]
    told_at: str
    clock: str
    owed: dict[Key, tuple[int, ...]]
    cap: int | None = None


def rows(source: str, *told: dict[str, str], at: str = book.NOON) -> Send:
    """A file of any source."""
    return lambda lake: lake.send(source, *told, at=at)


def hour(start: str, region: str = EAST, estimated: str = "false", **mwh: str) -> dict[str, str]:
    """A row of grid_mix_csv."""
    return {"region": region, "hour_start": start, "is_estimated": estimated} | {
        f"{source}_mwh": mwh.get(source, "") for source in SOURCES
    }


def whole(ng: int, points: int | None = None) -> tuple[int, ...]:
    """PARTS of an award of so many ng, of which a cap leaves so many points."""
    due = ng // GRAM
    left = due if points is None else points
    return left, ng, 0, 0, ng % GRAM, (due - left) * GRAM


def annual_and_california() -> World:
    """R Wh are R x 382 031 200 ng under 1.2.0; in California R x (905 091 303 - EF), EF of gas 370 000 000, half gas 185 000 000.

    AGG:9 is what another party says of OP:8, as shows when their connector is known. The cap leaves OP:8 2 180 of 3 820 points.
    """
    end, calif = "2026-03-10T19:00:00Z", {"region": "US-CAL-CISO"}
    gas, half, cn = 905_091_303 - 370_000_000, 905_091_303 - 185_000_000, 382_031_200
    corrected = [
        charged("1", "12", account="bob", revised_at=LATE),
        charged("4", "0.4", revised_at=LATE),
        charged("5", ended_at="2026-03-10T00:00:00+08:00", revised_at=LATE),  # midnight belongs to the new day
        charged("12", started_at=NEXT, ended_at=end, revised_at=LATE, **calif),
        charged("13", account="bob", started_at=NEXT, ended_at=end, revised_at=LATE, **calif),
    ]
    once = [
        charged("2", "10.001"),
        charged("3", "9", account=""),
        charged("9", operator="AGG", connector_id="8"),
        charged("11", "17.777", started_at="2026-03-10T17:20:00Z", ended_at="2026-03-10T18:40:00Z", **calif),
    ]
    first = [charged(order, revised_at=EARLY) for order in ("1", "4", "5", "13")]
    first += [*once, charged("6"), charged("12", started_at=book.HOUR, ended_at=NEXT, revised_at=EARLY, **calif)]
    late = [charged("10", "12", account="dora"), charged("8", connector_id="8")]
    places = rows("station_csv", station(connector_id="8"), station(connector_id="8", issuer="AGG"))
    owners = rows("session_owner_csv", owner(order_number="3", account="carol"))
    hours = hour(book.HOUR, "US-CAL-CISO", gas="100"), hour(NEXT, "US-CAL-CISO", gas="50", solar="50")
    files = {
        "f": rows("session_csv", *first),
        "c": rows("session_csv", *corrected, charged("6", is_credit="true")),
        "l": rows("session_csv", *late, once[0], charged("4", revised_at=EARLY)),  # two of them again
        "p": places,
        "o": owners,
        "g": rows("grid_mix_csv", hours[0]),
        "n": rows("grid_mix_csv", hours[1]),
    }
    alice, bob, carol, dora = map(user, ("alice", "bob", "carol", "dora"))
    due = {
        (CN, "OP:1", NINTH, bob): whole(12_000 * cn),
        (CN, "OP:2", NINTH, alice): whole(10_001 * cn),
        (CN, "OP:3", NINTH, carol): whole(9_000 * cn),
        (CN, "OP:4", NINTH, alice): (0, 400 * cn, 400 * cn, 0, 0, 0),  # too little
        (CN, "OP:5", TENTH, alice): whole(10_000 * cn),
        (CN, "OP:8", NINTH, alice): whole(10_000 * cn, CAP - 3820),
        (CN, "OP:10", NINTH, dora): whole(12_000 * cn),
        (US, "OP:11", TENTH, alice): whole(8_888 * gas + 8_889 * half),  # 40 minutes in each hour
        (US, "OP:12", TENTH, alice): whole(10_000 * half),
        (US, "OP:13", TENTH, bob): whole(10_000 * half),
    }
    word = (places, owners, rows("grid_mix_csv", *hours), rows("session_csv", *corrected, *once, *late))
    return World("cn_ev_charging@1.2.0", files, word, book.NOON, book.NOON, due, CAP)


def hourly_mix() -> World:
    """2.0.0: an hour that is estimated before it is measured, one that comes late, one that never comes."""
    noon, at = hourly_book.NOON, hourly_book.EVENING
    told = {
        "1": ac("1", noon, 12, owner="bob"),
        "2": ac("2", noon + HOUR, 201),  # too much
        "3": ac("3", noon, 8, owner=None),
        "4": ac("4", noon - HOUR, 9, hours=2),
        "5": ac("5", noon + 2 * HOUR, 7),
    }
    before = {"1": ac("1", noon, 10), "4": ac("4", noon + HOUR, 9)}
    percents = {noon - HOUR: 80, noon: 40, noon + HOUR: 100}

    def sessions(*charges: Any, revised: str) -> Send:
        return rows(
            "session_csv",
            *({**hourly_book.as_told(each), "revised_at": revised} for each in charges),
            at=at.isoformat(),
        )

    def fossil(*hours: datetime, **estimates: int) -> Send:
        mixes = [hour(each.isoformat(), coal=str(percents[each]), wind=str(100 - percents[each])) for each in hours]
        mixes += [hour(noon.isoformat(), estimated="true", coal=str(p), wind=str(100 - p)) for p in estimates.values()]
        return rows("grid_mix_csv", *mixes, at=at.isoformat())

    owners = rows("session_owner_csv", owner(order_number="3", account="carol"), at=at.isoformat())
    files = {
        "f": sessions(*(told | before).values(), revised=EARLY),
        "c": sessions(told["1"], told["4"], revised=LATE),
        "o": owners,
        "b": fossil(noon - HOUR),
        "e": fossil(noon=60),
        "m": fossil(noon),
        "n": fossil(noon + HOUR),
    }
    mix = {(EAST, each): MixHour({"coal": p, "wind": 100 - p}) for each, p in percents.items()}
    found = hourly.assess(Given(tuple(told.values()), mix, (), at))
    due = owed.by_rules(
        (each, found[each.session_id].amounts, "carol" if order == "3" else each.user_id or "")
        for order, each in told.items()
    )
    word = (owners, fossil(*percents), sessions(*told.values(), revised=LATE))
    return World("cn_ev_charging@2.0.0", files, word, at.isoformat(), at.isoformat(), due)


def green_power() -> World:
    """3.0.0, all before the hour is matched, which is once. A battery that loses half counts more than gasoline: clamped."""
    one, few = Charge(1, (12_000,), place="A"), Charge(5, (400,), account="carol", place="F")
    told = (one, Charge(2, (20_000,), account="bob", place="B"), Charge(3, (3_000,), account="dora", place="D"))
    told += (Charge(4, (5_000,), account="", place="E"), few)
    supply = (
        Supply("ROOF", 1_000, kind="pv", scope="station", scope_id="A"),
        Supply("BOX", 3_000, kind="battery", scope="station", scope_id="D", charged_wh=9_000, round_trip=500),
        Supply("C", 9_000),
    )
    files: dict[str, Send] = {
        "p": lambda lake: lake.places(*told),
        "o": lambda lake: lake.owners(*told),
        "f": lambda lake: lake.orders(replace(one, parts=(10_000,)), *told[1:4]),
        "c": lambda lake: lake.orders(one),
        "l": lambda lake: lake.orders(few, told[1]),  # one late, one again
        "s": lambda lake: lake.supply(*supply[:2], replace(supply[2], wh=14_500)),
        "r": lambda lake: lake.supply(supply[2]),
    }
    found = green.assess(green_book.given(told, supply, green_book.CLOSE))
    due = owed.by_rules((each.given(), found[each.session_id].amounts, each.account) for each in told)
    word = (lambda lake: lake.supply(*supply), lambda lake: lake.charges(*told))
    told_at, clock = green_book.SOON.isoformat(), green_book.CLOSE.isoformat()
    return World("cn_ev_charging@3.0.0", files, word, told_at, clock, due)


WORLDS = {"annual": annual_and_california, "hourly": hourly_mix, "green": green_power}
# Letters of the files as they arrive.
ORDERS = {
    "annual": ("fclpogn", "ngoplcf"),
    "hourly": ("fcobemn", "necfmob"),
    "green": ("pofclsr", "srlfcop"),
}
