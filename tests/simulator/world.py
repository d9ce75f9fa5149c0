"""What happens outside the lake, drawn from a seed: charges and their tellings, owners, stations, hours of the grid.

Everything lies around one of a few awkward nights: the end of a month, a night in which clocks change. Ends fall on midnights,
a second before or after, on full hours, and on one another.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from tests.simulator.tellings import HourSaid, OwnerSaid, StationSaid, Telling

CN, US = "cn_green_energy", "us_california"
ZONE = {CN: ZoneInfo("Asia/Shanghai"), US: ZoneInfo("America/Los_Angeles")}
EAST, SOUTH, CISO, ELSEWHERE = "CN-GRID-EAST", "CN-GRID-SOUTH", "US-CAL-CISO", "NO"
ACCOUNTS = ("alice-7f3a", "bob-19cc", "carol-e02d")
NIGHTS = (date(2026, 4, 1), date(2026, 3, 8), date(2026, 11, 1), date(2027, 1, 1))
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LENGTHS = (HOUR, HOUR, 2 * HOUR, 30 * MINUTE, 90 * MINUTE, HOUR + SECOND, HOUR - SECOND)
READINGS = ("10", "12", "7.5", "9.999", "20", "3.001", "30", "6", "0.5", "0.499", "0", "200.001")
METERS = (("AC", "ac_input"),) * 3 + (("DC", "dc_output"), ("DC", "ac_input"), ("DC", "unknown"))
MIXES = ("gas", "coal", "solar", "wind", "unknown")


class World:
    """The rules of one life, and whatever is told in it. All of it comes from the `random` that it is given."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.night = random.choice(NIGHTS)
        self.has_connectors = random.random() < 0.5
        self.caps = self._caps()
        self.programmes = random.choice(((CN,), (US,), (CN, US), (CN, US)))
        if self.caps[0] not in ("", *self.programmes):
            self.caps = (self.programmes[0], *self.caps[1:])
        self.favoured = ACCOUNTS[:1] * (14 if self.caps[0] else 0)  # a cap is one only for who reaches it
        self.start = datetime.combine(self.night - 1 * DAY, time(20), UTC)
        self.orders = 0
        self.revisions = 0
        self.tellings: dict[str, list[Telling]] = {}
        self.stations: dict[tuple[object, ...], StationSaid] = {}

    def _caps(self) -> tuple[str, int | None, int | None]:
        """A programme with its cap of points and of Wh per account and vintage; mostly none."""
        if self.random.random() > 0.3:
            return "", None, None
        points, energy = self.random.choice(((3000, None), (None, 9000), (4000, 15000)))
        return self.random.choice((CN, US)), points, energy

    def end(self, programme: str) -> datetime:
        """An end of charging: at or around one of three local midnights, or at a full hour of these days."""
        day = self.night + self.random.choice((-1, 0, 0, 0, 1)) * DAY
        midnight = datetime.combine(day, time(0), ZONE[programme]).astimezone(UTC)
        aside = (timedelta(0), timedelta(0), -SECOND, SECOND, -HOUR, 2 * HOUR, 12 * HOUR, 12 * HOUR)
        return midnight + self.random.choice(aside)

    def charge(self) -> Telling:
        """A charge that was not told before."""
        random, programme = self.random, self.random.choice(self.programmes)
        self.orders += 1
        power_type, metering_point = random.choice(METERS)
        region = random.choice((EAST, EAST, SOUTH)) if programme == CN else CISO
        end, connector = self.end(programme), random.choice(("1", "1", "2", "")) if self.has_connectors else ""
        told = Telling(
            *(
                "OP",
                str(self.orders),
                self._revised(),
                random.choice((*ACCOUNTS, *ACCOUNTS, "", *self.favoured)),
                "ST",
                connector,
                region,
            ),
            *(power_type, metering_point, random.choice((None, None, 7000, 60000))),
            *(end - random.choice(LENGTHS), end, random.choice(READINGS)),
        )
        if random.random() < 0.12:
            told = replace(told, station="SX", region="", power_type="", metering_point="", rated_w=None)
        elif random.random() < 0.04:
            told = replace(told, region=ELSEWHERE)
        return self._kept(told)

    def rival(self) -> Telling | None:
        """An aggregator tells a charge of the operator under an order of its own, nearly as the operator does."""
        known = [t for told in self.tellings.values() for t in told[-1:] if t.connector and t.issuer == "OP"]
        if not known:
            return None
        told, self.orders = self.random.choice(known), self.orders + 1
        later = self.random.choice((0, 120, -120, 121, 60)) * SECOND
        kwh = str(Decimal(told.kwh) * self.random.choice((1000, 1000, 1010, 1011, 990)) / 1000)
        account = self.random.choice((told.account, told.account, *ACCOUNTS))
        other = replace(told, issuer="AGG", order=str(self.orders), account=account, revised=self._revised(), kwh=kwh)
        return self._kept(replace(other, start=told.start + later, end=told.end + later, is_credit=False))

    def correction(self, rather: list[str]) -> Telling | None:
        """Another telling of an order, mostly of one of `rather`; or it is withdrawn."""
        if not self.tellings:
            return None
        random = self.random
        lineages = rather if rather and random.random() < 0.8 else sorted(self.tellings)
        told = random.choice(self.tellings[random.choice(lineages)])
        programme = US if told.region == CISO else CN
        end = self.end(programme)
        changed = random.choice(
            (
                replace(told, kwh=random.choice(READINGS)),
                replace(told, kwh=random.choice(READINGS)),
                replace(told, start=end - (told.end - told.start), end=end),
                replace(told, start=end - (told.end - told.start), end=end),
                replace(told, account=random.choice(ACCOUNTS)),
                replace(told, account=random.choice((*ACCOUNTS, ""))),
                *([replace(told, connector=random.choice(("1", "2", "")))] * 3 if self.has_connectors else [told]),
                replace(told, is_credit=True),
                replace(told, region=random.choice((EAST, SOUTH, CISO)) if told.region else ""),
                replace(told, kwh="-1"),
            )
        )
        return self._kept(replace(changed, revised=self._revised()))

    def _revised(self) -> datetime | None:
        """The next time of a revision; now and then none, or one that another telling has, too."""
        if self.random.random() < 0.12:
            return None
        self.revisions += self.random.choice((0, 1, 1, 1, 2))
        return self.start + (100 - self.revisions if self.random.random() < 0.15 else self.revisions) * MINUTE

    def _kept(self, told: Telling) -> Telling:
        self.tellings.setdefault(told.lineage, []).append(told)
        return told

    def owner(self) -> OwnerSaid | None:
        if not self.tellings:
            return None
        return OwnerSaid(self.random.choice(sorted(self.tellings)), self.random.choice(ACCOUNTS))

    def station(self) -> StationSaid:
        """Station SX, which tells where its sessions are; or a connector of ST, which both parties name."""
        random = self.random
        since = datetime(2026, 1, 1, tzinfo=UTC) if random.random() < 0.7 else self.end(CN) - 2 * HOUR
        power_type, metering_point = random.choice(METERS)
        if self.has_connectors and random.random() < 0.6:
            issuer, connector = random.choice(("OP", "AGG", "AGG")), random.choice(("1", "2", ""))
            meter = (power_type, metering_point, random.choice((None, 7000)))
            return StationSaid(issuer, "ST", connector, since, "OP", EAST, *meter)
        region = random.choice((EAST, EAST, SOUTH, CISO))
        return StationSaid("OP", "SX", "", since, "OP", region, power_type, metering_point, random.choice((None, 7000)))

    def hours(self) -> list[tuple[str, datetime]]:
        """Every hour that a telling of a region with a mix touches."""
        wanted = set()
        for told in (each for tellings in self.tellings.values() for each in tellings):
            if told.region in (CISO, ""):
                hour = told.start.replace(minute=0, second=0)
                while hour < told.end:
                    wanted.add((CISO, hour))
                    hour += HOUR
        return sorted(wanted)

    def hour(self, region: str, hour: datetime) -> HourSaid:
        mix = tuple((source, self.random.randint(1, 60)) for source in sorted(self.random.sample(MIXES, 3)))
        return HourSaid(region, hour, mix)
