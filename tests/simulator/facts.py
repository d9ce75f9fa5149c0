"""What has landed, as plain Python knows it: the fate of every row, and what holds of all tellings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.ledger.book import user
from tests.simulator.tellings import HourSaid, OwnerSaid, Said, StationSaid, Telling
from tests.simulator.worth import Placed

NEVER = datetime(1, 1, 1, tzinfo=UTC)
FATES = ("accepted", "quarantined", "duplicate", "superseded")
Fates = dict[str, list[int]]  # rows, and Wh in them


@dataclass(frozen=True)
class Sent:
    """A file that was sent: what its rows say, in order, and where it came in the order of landing."""

    name: str
    rows: tuple[Said, ...]
    landing_seq: int
    landed_at: datetime


@dataclass(frozen=True)
class Revision:
    """An accepted row of sessions, with its place: landed last is greatest."""

    telling: Telling
    place: tuple[int, int]
    landed_at: datetime

    def rank(self) -> tuple[bool, datetime, tuple[int, int]]:
        """What counts is the greatest: no credit before a credit, the latest revision time, none last, then the last landed."""
        return not self.telling.is_credit, self.telling.revised or NEVER, self.place


@dataclass
class Facts:
    """Everything staged."""

    revisions: dict[str, list[Revision]] = field(default_factory=dict)
    received: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    owner_of: dict[str, str] = field(default_factory=dict)
    stations: dict[tuple[object, ...], StationSaid] = field(default_factory=dict)
    grid: dict[tuple[str, datetime], HourSaid] = field(default_factory=dict)
    restated: set[tuple[str, datetime]] = field(default_factory=set)

    def stage(self, sent: Sent) -> Fates | None:
        """Take up a file; returns the fates of its rows where they are sessions."""
        if sent.rows and isinstance(sent.rows[0], Telling):
            fates: Fates = {fate: [0, 0] for fate in FATES}
            for fate, said in zip(self._sessions(sent), sent.rows, strict=True):
                fates[fate][0] += 1
                fates[fate][1] += said.wh if isinstance(said, Telling) else 0
            return fates
        for said in sent.rows:
            if isinstance(said, OwnerSaid):
                self.owner_of[said.lineage] = said.account
            elif isinstance(said, StationSaid):
                self.stations[said.key] = said
            elif isinstance(said, HourSaid):
                if self.grid.get(said.key, said) != said:
                    self.restated.add(said.key)
                self.grid[said.key] = said
        return None

    def _sessions(self, sent: Sent) -> list[str]:
        told = [each for each in sent.rows if isinstance(each, Telling)]
        known = {r.telling for lineage in {t.lineage for t in told} for r in self.revisions.get(lineage, [])}
        sound = [each for each in told if each.wh >= 0]
        clash = {
            (a.lineage, a.revised)
            for a in sound
            for b in sound
            if a != b and (a.lineage, a.revised) == (b.lineage, b.revised) and not a.is_credit and not b.is_credit
        }
        latest = {each.lineage: NEVER for each in told}
        for each in [*known, *(t for t in sound if t.is_credit or (t.lineage, t.revised) not in clash)]:
            latest[each.lineage] = max(latest[each.lineage], each.revised or NEVER)
        fates, seen = [], set()
        for number, each in enumerate(told, 1):
            self.received.add(each.lineage)
            if each not in sound or (not each.is_credit and (each.lineage, each.revised) in clash):
                self.refused.add(each.lineage)
                fates.append("quarantined")
            elif each in known or each in seen:
                fates.append("duplicate")
            else:
                revision = Revision(each, (sent.landing_seq, number), sent.landed_at)
                self.revisions.setdefault(each.lineage, []).append(revision)
                fates.append("superseded" if (each.revised or NEVER) < latest[each.lineage] else "accepted")
            seen.add(each)
        return fates

    def placed(self, lineage: str) -> Placed | None:
        """The lineage as it counts, or None where nothing of it was accepted."""
        revisions = self.revisions.get(lineage)
        return self.completed(max(revisions, key=Revision.rank).telling) if revisions else None

    def completed(self, told: Telling) -> Placed:
        revisions = self.revisions[told.lineage]
        station = self._station(told)
        operator = station.operator if station else told.issuer
        from_station = station if not told.region else None
        rated = told.rated_w or (station.rated_w if station else None)
        is_asked = station is not None and (not told.region or rated != told.rated_w)
        return Placed(
            telling=told,
            user=self._user(told.lineage),
            is_withdrawn=any(r.telling.is_credit for r in revisions),
            region=from_station.region if from_station else told.region or None,
            power_type=from_station.power_type if from_station and not told.power_type else told.power_type,
            metering_point=from_station.metering_point
            if from_station and not told.metering_point
            else told.metering_point,
            rated_w=rated,
            place=_place(station if is_asked else None),
            connector=f"{operator}|{told.station}|{told.connector}" if told.connector else None,
            is_own=operator == told.issuer,
            first_landed=min(r.landed_at for r in revisions),
        )

    def _station(self, told: Telling) -> StationSaid | None:
        """The connector's own telling before that of the whole station, and of these the last that holds at the start."""
        for connector in ([told.connector] if told.connector else []) + ["*"]:
            holding = [
                said
                for said in self.stations.values()
                if said.key[:3] == (told.issuer, told.station, connector) and said.valid_from <= told.start
            ]
            if holding:
                return max(holding, key=lambda said: said.valid_from)
        return None

    def _user(self, lineage: str) -> str | None:
        """A statement that came by itself before what the tellings say, and of these the latest."""
        if lineage in self.owner_of:
            return user(self.owner_of[lineage])
        owned = [r for r in self.revisions[lineage] if r.telling.account]
        said = max(owned, key=lambda r: (r.telling.revised or NEVER, r.place), default=None)
        return user(said.telling.account) if said else None

    def is_credit_alone(self, lineage: str) -> bool:
        return all(r.telling.is_credit for r in self.revisions[lineage])


def _place(station: StationSaid | None) -> tuple[object, ...]:
    return (station.region, station.power_type, station.metering_point, station.rated_w) if station else ()
