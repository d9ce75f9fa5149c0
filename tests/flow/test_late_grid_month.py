"""A month in which a tenth of the grid hours comes two days late: points every evening, all settled in the end (2.0.0).

What is owed on each evening is computed from the feed by tests/oracle/hourly.py and tests/oracle/reward.py. The share of
provisional awards that fell when they settled is printed (pytest -s). CHARGELEDGER_MONTH_SESSIONS and CHARGELEDGER_MONTH_DAYS
ask for another size than 600 sessions in 12 days; 3 000 in 30 take four times as long.
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from chargeledger import flow
from chargeledger.synthetic import FIRST_DAY
from tests.ledger.book import SOURCES, Book
from tests.ledger.hourly_book import use_version
from tests.oracle import hourly, reward
from tests.oracle.given import PROGRAMME_ZONE, Interval, MixHour, Session, local_day, reward_row
from tests.sample.written_sample import Order, Written
from tests.staging.interval_oracle import scaled

SESSIONS = int(os.environ.get("CHARGELEDGER_MONTH_SESSIONS", "600"))
DAYS = int(os.environ.get("CHARGELEDGER_MONTH_DAYS", "12"))
LATE, DAY = timedelta(days=2), timedelta(days=1)
Key = tuple[str, datetime]


def evening(day: date) -> datetime:
    """The end of a local day."""
    return datetime.combine(day + DAY, datetime.min.time(), PROGRAMME_ZONE).astimezone(UTC)


def charge(order: Order, station: dict[str, str], owner: str | None) -> Session:
    """What an order says, for the oracle: Beijing time, energy floored to the Wh, details scaled to it."""

    def seconds(text: str) -> int:
        return int(datetime.fromisoformat(text).replace(tzinfo=PROGRAMME_ZONE).timestamp())

    start, end = (seconds(order.told[name]) for name in ("StartTime", "EndTime"))
    reading_wh = int(Fraction(str(order.told["TotalPower"])) * 1000)
    details = [
        (seconds(each["DetailStartTime"]), seconds(each["DetailEndTime"]), str(each["DetailPower"]))
        for each in order.told["ChargeDetails"]
    ]
    intervals = tuple(
        Interval(datetime.fromtimestamp(since, UTC), datetime.fromtimestamp(until, UTC), wh)
        for since, until, wh in scaled(details, start, end, reading_wh) or ()
    )
    return Session(
        f"{order.number[:9]}:{order.number[9:]}".upper(),
        datetime.fromtimestamp(start, UTC),
        datetime.fromtimestamp(end, UTC),
        reading_wh,
        station["power_type"],
        station["metering_point"],
        intervals,
        station["region"],
        user_id=owner,
        rated_w=int(Fraction(station["rated_kw"]) * 1000),
    )


@dataclass
class Feed:
    """The sample by the day on which it arrives, as text and as plain data."""

    folder: Path
    orders: dict[date, list[str]] = field(default_factory=lambda: defaultdict(list))
    sessions: dict[date, list[Session]] = field(default_factory=lambda: defaultdict(list))
    rows: dict[date, list[str]] = field(default_factory=lambda: defaultdict(list))
    mix: dict[date, dict[Key, MixHour]] = field(default_factory=lambda: defaultdict(dict))
    once: list[tuple[str, str]] = field(default_factory=list)
    head: str = ""

    def send(self, day: date, lake: str) -> None:
        """Land what arrives on a day: the hours, then the charges."""
        for source, lines, suffix in (
            ("grid_mix_csv", [self.head, *self.rows[day]], "csv"),
            ("tcec_charge_order", self.orders[day], "jsonl"),
        ):
            if self.mix[day] if suffix == "csv" else lines:
                path = self.folder / f"{day}.{suffix}"
                path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
                flow.ingest(source, [str(path)], lake, evening(day).isoformat())


def read_feed(folder: Path) -> Feed:
    written = Written(folder / "sample", sessions=SESSIONS, days=DAYS, seed=11, clean=True)
    feed, owners = Feed(folder), written.owners
    for order in written.orders:
        told = charge(order, written.stations[order.connector], owners.get(order.number))
        feed.orders[local_day(told.ended_at)].append(order.line)
        feed.sessions[local_day(told.ended_at)].append(told)
    hours: dict[Key, str] = {}
    for path, _ in written.files("grid_mix_csv"):
        feed.head, *lines = (written.folder / path).read_text(encoding="utf-8").splitlines()
        for row, line in zip(csv.DictReader([feed.head, *lines]), lines, strict=True):
            hours[row["region"], datetime.fromisoformat(row["hour_start"])] = line
    of_the_month = [key for key in sorted(hours) if FIRST_DAY <= local_day(key[1]) < FIRST_DAY + DAYS * DAY]
    late = set(Random(11).sample(of_the_month, len(of_the_month) // 10))
    for key, line in hours.items():
        day = max(FIRST_DAY, local_day(key[1])) + (LATE if key in late else 0 * DAY)
        row = next(csv.DictReader([feed.head, line]))
        feed.rows[day].append(line)
        feed.mix[day][key] = MixHour({s: Fraction(row[f"{s}_mwh"]) for s in SOURCES if row[f"{s}_mwh"]})
    feed.once = [
        (s, str(written.folder / p)) for s in ("station_csv", "session_owner_csv") for p, _ in written.files(s)
    ]
    return feed


def points(session: Session, told: hourly.Assessed) -> int:
    assert told.amounts is not None, f"{session.session_id} awaits the grid"
    refused = reward.refusal(reward_row(session, told.amounts), reward.DEFAULT_RULES)
    return 0 if refused else told.amounts.points


@dataclass
class Month:
    """What was owed at first, whether it was provisional then, and what is owed in the end; by lineage."""

    book: Book
    first: dict[str, int] = field(default_factory=dict)
    provisional: set[str] = field(default_factory=set)
    last: dict[str, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """Every evening is accounted, and every session of the last days is held against the oracle."""
    folder = tmp_path_factory.mktemp("month")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", "5a" * 32)
        patch.setenv("CHARGELEDGER_THREADS", "1")
        patch.setattr(yaml, "SafeLoader", getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # the same YAML, faster
        use_version(patch, folder, "cn_ev_charging@2.0.0")
        feed, month = read_feed(folder), Month(Book(folder / "book"))
        for source, path in feed.once:
            flow.ingest(source, [path], month.book.lake, evening(FIRST_DAY - DAY).isoformat())
        known: dict[Key, MixHour] = {}
        for day in (FIRST_DAY + n * DAY for n in range(DAYS + LATE.days)):
            feed.send(day, month.book.lake)
            known |= feed.mix[day]
            month.book.account(at=evening(day).isoformat())
            look(month, [s for back in range(4) for s in feed.sessions[day - back * DAY]], known, evening(day))
        yield month


def look(month: Month, sessions: list[Session], mix: dict[Key, MixHour], clock: datetime) -> None:
    """State, points and open end of these sessions are as the oracle has them at this clock."""
    grid, states = hourly.Grid(mix, clock), month.book.states("session_state", "session_id")
    for session in sessions:
        told, state = hourly.assess_session(session, grid), states[session.session_id]
        assert state["state"] != "awaiting grid", session.session_id
        if session.user_id is None:
            assert state["state"] == "awaiting owner"
            continue
        owed = points(session, told)
        assert (state["points"], state["data_quality_tier"]) == (owed, told.data_quality_tier), session.session_id
        until: Any = state["provisional_until"]
        assert (until and until.astimezone(UTC)) == told.provisional_until, session.session_id
        if session.reading_wh == 0:
            continue  # nothing is due, so nothing is posted
        if session.session_id not in month.first:
            month.first[session.session_id] = owed
            month.provisional |= {session.session_id} if told.provisional_until else set()
        month.last[session.session_id] = owed


def test_every_session_has_its_points_on_its_own_evening(month: Month) -> None:
    entries = month.book.entries()
    first = {entry["session_id"]: entry["points"] for entry in reversed(entries)}
    assert first == month.first and len(first) > SESSIONS * 0.9


def test_all_of_them_settle_and_the_share_that_fell_is_told(month: Month) -> None:
    states = month.book.states("session_state", "session_id").values()
    assert [state["session_id"] for state in states if state["provisional_until"]] == []
    held: dict[str, int] = defaultdict(int)
    first: dict[str, int] = {}
    for entry in month.book.entries():
        held[entry["session_id"]] += entry["points"]
        first.setdefault(entry["session_id"], entry["points"])
        assert entry["reason"] in ("first assessment", "settled grid data")
    assert held == month.last
    fell, rose = (
        {name for name in month.provisional if sign * (month.last[name] - month.first[name]) > 0} for sign in (-1, 1)
    )
    assert month.provisional and {name for name in first if held[name] < first[name]} == fell
    assert {name for name in first if held[name] > first[name]} == rose
    share = Fraction(100 * len(fell), len(month.provisional))
    print(
        f"\n{len(month.first)} sessions in {DAYS} days: {len(month.provisional)} provisional awards, of which "
        f"{len(rose)} rose and {len(fell)} fell after settling, {float(share):.1f} %"
    )
