"""What the session files of operators and cities say: the fate of every row, and what an accepted one tells.

Norway (2018-2021), Boulder (to 2020), Dundee (2018), a workplace dataset (2014-2015). Times are those of a clock on the wall of
the place: an hour shown twice is its second showing, an hour that is skipped is none. Wh are floored.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

MIDNIGHT, DAY = " 00:00:00+00", timedelta(days=1)
AC = {"APT 7kW Single Outlet", "APT 7kW Dual Outlet", "APT 22kW Dual Outlet"}
RAPID = {"APT Dual Rapid Charger", "APT Triple Rapid Charger", "APT 50kW Raption"}


@dataclass(frozen=True)
class ToldSession:
    """One row of a file. `starts` and `ends` are on the wall's clock; `rule` is the first that the row breaks."""

    session_id: str
    starts: datetime | None
    ends: datetime | None
    zone: str
    is_open: bool = False
    reading_wh: int | None = None
    region: str | None = None
    station_id: str | None = None
    connector_id: str | None = None
    power_type: str | None = "AC"
    metering_point: str | None = "ac_input"
    driver: str | None = None
    longest_stay: timedelta | None = None
    rule: str | None = None

    @property
    def started_at(self) -> datetime | None:
        return instant(self.starts, self.zone)

    @property
    def ended_at(self) -> datetime | None:
        return instant(self.ends, self.zone)


def instant(wall: datetime | None, zone: str) -> datetime | None:
    """The second of the instants at which a clock on the wall shows a time; None where it never does."""
    if wall is None:
        return None
    told = wall.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
    return told if told.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall else None


def wh(kwh: str) -> int | None:
    try:
        return int((Decimal(kwh) * 1000).to_integral_value(ROUND_FLOOR))
    except InvalidOperation:
        return None


def judged(row: ToldSession) -> ToldSession:
    """The row with the first rule that it breaks."""
    return replace(row, rule=next(broken(row), None))


def broken(row: ToldSession) -> Iterator[str]:
    start, end, energy = row.started_at, row.ended_at, row.reading_wh
    if row.is_open:
        yield "session_closed"
    if energy is None:
        yield "energy_readable"
    elif energy < 0:
        yield "energy_not_negative"
    elif energy > 1_000_000:
        yield "energy_possible"
    if start is None:
        yield "start_readable"
    if end is None:
        yield "end_readable"
    if start and end and end <= start:
        yield "end_after_start"
    if start and end and end - start > 62 * DAY:
        yield "window_possible"
    if start and end and row.longest_stay and end - start > row.longest_stay:
        yield "stay_possible"
    if start and not 2000 <= start.year <= 2099:
        yield "year_possible"
    if row.region is None:
        yield "region_known"
    if row.power_type is None:
        yield "power_type_known"


def rows(path: Path, delimiter: str = ",") -> Iterator[dict[str, str]]:
    with open(path, encoding="utf-8-sig", newline="") as text:
        yield from csv.DictReader(text, delimiter=delimiter)


def norway(path: Path) -> list[ToldSession]:
    form = "%Y-%m-%d %H:%M:%S"
    return [
        judged(
            ToldSession(
                f"NO-RESIDENTIAL:{row['session_id']}",
                datetime.strptime(row["plugin_time"], form),
                None if row["plugout_time"] == "NA" else datetime.strptime(row["plugout_time"], form),
                "Europe/Oslo",
                is_open=row["plugout_time"] == "NA",
                reading_wh=wh(row["energy_session"].replace(",", ".")),
                region="NO",
                driver=row["user_id"],
            )
        )
        for row in rows(path, ";")
    ]


def boulder(path: Path) -> list[ToldSession]:
    """The day of Transaction_Date, the time of day of Transaction_Start_Time; instants, not walls, are added up."""
    told = []
    for row in rows(path):
        assert row["Transaction_Date"].endswith(MIDNIGHT) and row["Transaction_Start_Time"].endswith("+00")
        wall = row["Transaction_Date"].removesuffix(MIDNIGHT) + row["Transaction_Start_Time"][10:].removesuffix("+00")
        starts = datetime.strptime(wall, "%Y/%m/%d %H:%M:%S")
        minutes, ends = row["Charging_Time__minutes_"].strip().replace(",", ""), None
        if minutes != "-":
            begun = instant(starts, "America/Denver")
            assert begun
            passed = timedelta(seconds=int(Decimal(minutes) * 60))
            ends = (begun + passed).astimezone(ZoneInfo("America/Denver")).replace(tzinfo=None)
        told.append(
            judged(
                ToldSession(
                    f"BOULDER:{row['ObjectId']}",
                    starts,
                    ends,
                    "America/Denver",
                    is_open=minutes == "-",
                    reading_wh=wh(row["Energy__kWh_"]),
                    region="US-NW-PSCO",
                    station_id=row["Station_Name"].upper(),
                )
            )
        )
    return told


def dundee(path: Path, form: str = "%d/%m/%Y") -> list[ToldSession]:
    told = []
    for row in rows(path):
        power_type = "AC" if row["Model"] in AC else "DC" if row["Model"] in RAPID else None
        starts, ends = (f"{row[f'{side} Date']} {row[f'{side} Time']}" for side in ("Start", "End"))
        told.append(
            judged(
                ToldSession(
                    f"DUNDEE:{row['Charging event']}",
                    datetime.strptime(starts, f"{form} %H:%M"),
                    datetime.strptime(ends, f"{form} %H:%M") if ends.strip() else None,
                    "Europe/London",
                    is_open=not ends.strip(),
                    reading_wh=wh(row["Total kWh"]),
                    region="GB",
                    station_id=row["CP ID"],
                    connector_id=row["Connector"],
                    power_type=power_type,
                    metering_point="ac_input" if power_type == "AC" else "unknown",
                    driver=row.get("User ID") or None,
                    longest_stay=7 * DAY,
                )
            )
        )
    return told


def workplace(path: Path) -> list[ToldSession]:
    form = "%Y-%m-%d %H:%M:%S"
    return [
        judged(
            ToldSession(
                f"US-WORKPLACE:{row['sessionId']}",
                datetime.strptime(row["created"], form),
                datetime.strptime(row["ended"], form),
                "UTC",
                reading_wh=wh(row["kwhTotal"]),
                power_type=None,
                metering_point=None,
            )
        )
        for row in rows(path)
    ]


def exchanged(moment: datetime | None) -> datetime | None:
    """The same time on the date whose day and month are exchanged."""
    return moment.replace(month=moment.day, day=moment.month) if moment and moment.day <= 12 else None


def date_figures(told: list[ToldSession]) -> dict[str, int]:
    """How many sessions end before they start, lie outside the file's own period, start to the twelfth, fit only exchanged."""
    sure = [row.starts.date() for row in told if row.rule is None and row.starts and row.starts.day > 12]
    first, last = (min(sure) - 12 * DAY, max(sure) + 12 * DAY) if sure else (datetime.min.date(), datetime.max.date())
    outside = [row.starts for row in told if row.starts and not first <= row.starts.date() <= last]
    back = [start for start in outside if (other := exchanged(start)) and first <= other.date() <= last]
    strays = set(back) if len(back) >= 0.9 * len(outside) and len({start.month for start in back}) >= 3 else set()
    found = dict.fromkeys(("dated", "backwards", "outside", "early", "exchanged"), 0)
    for start, end in [(row.starts, row.ends) for row in told if row.starts]:
        other, other_end = exchanged(start), exchanged(end)
        pairs = [(other, end), (start, other_end), (other, other_end)]
        is_no_charge = end is not None and not timedelta() <= end - start <= 7 * DAY
        fits = is_no_charge and any(a and b and timedelta() <= b - a <= DAY for a, b in pairs)
        found["dated"] += 1
        found["backwards"] += end is not None and end < start
        found["outside"] += not first <= start.date() <= last
        found["early"] += start.day <= 12
        found["exchanged"] += start in strays or fits
    return found


def per_mille(counted: dict[str, int]) -> dict[str, int]:
    """The same as shares of the dated sessions, rounded up."""
    shares = {name: -(-1000 * count // counted["dated"]) for name, count in counted.items()}
    return shares | {"dated": counted["dated"]}
