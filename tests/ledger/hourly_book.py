"""A book of the Chinese programme under one version of the method: what it is told is kept as plain data for the oracle, too.

Instants are UTC; a share is the fossil one of an hour, in percent.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ledger import altered
from tests.ledger.book import CN, SOURCES, Book
from tests.ledger.told import charged
from tests.oracle import hourly
from tests.oracle.given import Given, MixHour, Session

EAST = "CN-GRID-EAST"
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
NOON = datetime(2026, 3, 9, 4, tzinfo=UTC)  # 12:00 in Shanghai
EVENING = NOON + 11 * HOUR  # 23:00: the vintage of 9 March is not over
VINTAGE = (CN, "2026-03-09")
WINDOW = datetime(2026, 4, 8, 16, tzinfo=UTC)  # the 30 days after the vintage have passed
AMOUNTS = ("energy_wh", "baseline_emissions_ng", "project_emissions_ng", "emission_reductions_ng")


def use_version(patch: pytest.MonkeyPatch, folder: Path, version: str) -> None:
    """The Chinese programme with this version alone, from the first day of 2026; a first line needs no shadow."""
    path = altered.copy_of_methodology(patch, folder) / "programmes" / f"{CN}.yaml"
    text = path.read_text(encoding="utf-8")
    lines = f"methodology:\n  - {{in_force_from: 2026-01-01, version: {version}}}\n"
    changed, found = re.subn(r"^methodology:\n(?:  - .*\n)+", lines, text, flags=re.MULTILINE)
    assert found == 1
    path.write_text(changed, encoding="utf-8")


def of_version(version: str) -> Any:
    """A fixture: the Chinese programme has this version alone for all tests of the module that keeps it."""

    @pytest.fixture(scope="module", autouse=True)
    def adopted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            use_version(patch, tmp_path_factory.mktemp("room"), version)
            yield

    return adopted


def mixed(percent: int, *, is_estimated: bool = False) -> MixHour:
    """An hour of 100 MWh of coal and wind."""
    return MixHour({"coal": percent, "wind": 100 - percent}, is_estimated)


def ac(
    order: str, hour: datetime, kwh: int = 10, *, hours: int = 1, region: str = EAST, owner: str | None = "alice"
) -> Session:
    """An AC charge of whole hours of operator OP; its owner is told by account."""
    return Session(f"OP:{order}", hour, hour + hours * HOUR, kwh * 1000, region=region, user_id=owner)


def deadline(hour: datetime) -> datetime:
    """45 days after the end of an hour."""
    return hour + HOUR + 45 * DAY


class HourlyBook(Book):
    """A lake, and what was sent to it: sessions (the latest telling), mixes, and each file with its clock."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.told: dict[str, Session] = {}
        self.mix: dict[tuple[str, datetime], MixHour] = {}
        self.files: list[tuple[str, tuple[dict[str, str], ...], datetime]] = []

    def copy(self, folder: Path) -> HourlyBook:
        shutil.copytree(self.folder, folder)
        book = HourlyBook(folder)
        book.told, book.mix, book.files = dict(self.told), dict(self.mix), list(self.files)
        return book

    def tell(self, source: str, *rows: dict[str, str], at: datetime) -> None:
        """Send rows of any source."""
        self.files.append((source, rows, at))
        self.send(source, *rows, at=at.isoformat())

    def charge(self, *sessions: Session, at: datetime = EVENING, **more: str) -> None:
        """Send sessions in one file; `more` are further columns of all of them."""
        self.told |= {session.session_id: session for session in sessions}
        self.tell("session_csv", *(as_told(session) | more for session in sessions), at=at)

    def grid(self, mix: Mapping[tuple[str, datetime], MixHour], at: datetime = EVENING) -> None:  # type: ignore[override]
        """Send hours of the mix, by region and hour, in one file."""
        self.mix |= mix
        rows = [
            {"region": region, "hour_start": hour.isoformat(), "is_estimated": str(told.is_estimated).lower()}
            | {f"{source}_mwh": str(told.generation.get(source, "")) for source in SOURCES}
            for (region, hour), told in mix.items()
        ]
        self.tell("grid_mix_csv", *rows, at=at)

    def run(self, at: datetime = EVENING) -> dict[str, Any]:
        """Account at a clock."""
        return self.account(at=at.isoformat())

    def changes(self, order: str) -> list[tuple[Any, ...]]:
        """What every entry of a session says: points, kind and reason; an order without an issuer is of OP."""
        lineage = order if ":" in order else f"OP:{order}"
        mine = [entry for entry in self.entries() if entry["session_id"] == lineage]
        return [(entry["points"], entry["kind"], entry["reason"]) for entry in mine]

    def assessed(self) -> dict[str, tuple[Any, ...]]:
        """Published amounts, tier and open end of every assessed session."""
        rows = self.published("session_assessment")
        return {
            row["session_id"]: (*(int(row[name]) for name in AMOUNTS), row["data_quality_tier"], _utc(row))
            for row in rows
        }

    def intensities(self) -> dict[tuple[str, datetime], tuple[int, datetime | None]]:
        """Published intensity and open end by region and hour."""
        rows = self.published("grid_intensity_hour")
        return {(r["region"], r["hour_start"].astimezone(UTC)): (r["intensity_ug_per_kwh"], _utc(r)) for r in rows}

    def is_as_the_oracle_says(self, at: datetime, *apart: str) -> None:
        """Publish; every session but those `apart`, and every hour that they touch, is as the second opinion has it."""
        self.publish(at=at.isoformat())
        sessions = tuple(each for name, each in self.told.items() if name not in apart)
        found, hours = self.assessed(), self.intensities()
        for name, owed in hourly.assess(Given(sessions, self.mix, (), at)).items():
            if owed.amounts is None:
                assert name not in found and self.session(name)["state"] == "awaiting grid", name
                continue
            amounts = tuple(getattr(owed.amounts, each) for each in AMOUNTS)
            assert found[name] == (*amounts, owed.data_quality_tier, owed.provisional_until), name
            for hour, told in owed.hours.items():
                assert told and hours[self.told[name].region, hour] == (
                    told.intensity_ug_per_kwh,
                    told.provisional_until,
                )

    def is_as_on_time(self, at: datetime, folder: Path) -> None:
        """A fresh lake that is sent the same files and accounted once, at this clock, holds the same as was published here."""
        fresh = HourlyBook(folder)
        for source, rows, landed in self.files:
            fresh.send(source, *rows, at=landed.isoformat())
        fresh.run(at)
        fresh.publish(at=at.isoformat())
        assert fresh.sums() == self.sums()
        for relation in ("session_assessment", "session_status"):
            assert fresh.published(relation) == self.published(relation), relation
        assert fresh.vintages() == self.vintages()


def as_told(session: Session) -> dict[str, str]:
    """A session as its operator tells it, in the columns of told.py."""
    times = {"started_at": session.started_at.isoformat(), "ended_at": session.ended_at.isoformat()}
    order, kwh = session.session_id.removeprefix("OP:"), f"{session.reading_wh // 1000}.{session.reading_wh % 1000:03}"
    return charged(order, kwh, account=session.user_id or "", region=session.region, **times)


def _utc(row: dict[str, Any]) -> datetime | None:
    until: datetime | None = row["provisional_until"]
    return until and until.astimezone(UTC)
