"""The project with one thing changed, in a copy: a rule of a programme, a line of SQL, a line of a version folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from chargeledger import awarding, computation, methodology, publication, rooms, staging


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (
        f"'{old}' stands {text.count(old)} times in {path.name}: the alteration needs another anchor"
    )
    path.write_text(text.replace(old, new), encoding="utf-8")


def copy_of_methodology(patch: pytest.MonkeyPatch, folder: Path) -> Path:
    """A copy of methodology/, in which the package now looks."""
    copy = folder / "methodology"
    if not copy.exists():
        shutil.copytree(rooms.METHODOLOGY, copy)
        patch.setattr(rooms, "METHODOLOGY", copy)
    return copy


def programme_line(patch: pytest.MonkeyPatch, folder: Path, programme: str, old: str, new: str) -> None:
    """Another line in a programme file."""
    _replace(copy_of_methodology(patch, folder) / "programmes" / f"{programme}.yaml", old, new)


def points_cap(patch: pytest.MonkeyPatch, folder: Path, programme: str, points: int) -> None:
    """At most so many points per account and vintage."""
    line = "points_per_account_and_vintage: "
    programme_line(patch, folder, programme, f"{line}null", f"{line}{points}")


def energy_cap(patch: pytest.MonkeyPatch, folder: Path, programme: str, energy_wh: int) -> None:
    """At most so many Wh per account and vintage."""
    line = "energy_wh_per_account_and_vintage: "
    programme_line(patch, folder, programme, f"{line}null", f"{line}{energy_wh}")


def version_sql(patch: pytest.MonkeyPatch, folder: Path, version: str, step: str, old: str, new: str) -> None:
    """Other SQL in a published version, frozen again, so that only what it computes can give it away."""
    copy = copy_of_methodology(patch, folder)
    changed = copy / version.replace("@", "_")
    _replace(changed / f"{step}.sql", old, new)
    frozen = yaml.safe_load((copy / "published.yaml").read_text(encoding="utf-8"))
    found = methodology.read_folder(changed)
    frozen[version] |= {"digest": found.digest, "prelude_digest": found.prelude_digests}
    (copy / "published.yaml").write_text(yaml.safe_dump(frozen), encoding="utf-8")


def account_sql(patch: pytest.MonkeyPatch, folder: Path, relation: str, old: str, new: str) -> None:
    """Other SQL in transforms/account."""
    copy = folder / "account"
    if not copy.exists():
        shutil.copytree(computation.ACCOUNT_SQL, copy)
    _replace(copy / f"{relation}.sql", old, new)
    for module in (computation, awarding):
        patch.setattr(module, "ACCOUNT_SQL", copy)


def staging_sql(patch: pytest.MonkeyPatch, folder: Path, relation: str, old: str, new: str) -> None:
    """Other SQL in transforms/staging."""
    copy = folder / "staging"
    shutil.copytree(staging.STAGING_SQL, copy)
    _replace(copy / f"{relation}.sql", old, new)
    patch.setattr(staging, "STAGING_SQL", copy)


def publish_sql(patch: pytest.MonkeyPatch, folder: Path, relation: str, old: str, new: str) -> None:
    """Other SQL in transforms/publish."""
    copy = folder / "transforms"
    shutil.copytree(rooms.TRANSFORMS, copy)
    _replace(copy / "publish" / f"{relation}.sql", old, new)
    patch.setattr(publication, "rooms", SimpleNamespace(TRANSFORMS=copy, ROOT=folder))
