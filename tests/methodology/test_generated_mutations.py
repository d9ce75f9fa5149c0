"""What somebody could get wrong in the SQL of the later versions is noticed on generated sessions (`generated_mutants.yaml`)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from chargeledger import awarding, rooms
from chargeledger.errors import Refused
from chargeledger.methodology import Methodology, load
from tests.methodology import test_settled_matches as settled
from tests.methodology.edge_hours import with_edges
from tests.methodology.generated_owed import OWED, Owed, Paper, differences
from tests.methodology.generated_run import Told, ran
from tests.methodology.sql_mutants import NOT_SQL, mutated
from tests.oracle import generated
from tests.oracle.reward import NO_RULES

SEED, COUNT = 3, 300
GROUPS = yaml.safe_load(Path(__file__).with_name("generated_mutants.yaml").read_text(encoding="utf-8"))
EACH = [
    pytest.param(
        f"cn_ev_charging@{group['version']}",
        group["scene"],
        step,
        mutant,
        id=f"{group['version']}-{step}-{mutant['what']}",
    )
    for group in GROUPS
    for step, mutants in group["steps"].items()
    for mutant in mutants
]
LATER: dict[str, Callable[[], settled.Later]] = {scene.__name__: scene for scene in settled.SCENES}


published = cache(load)


@cache
def paper() -> tuple[Paper, Told]:
    given = with_edges(generated.given(SEED, COUNT))
    return Paper(given, NO_RULES), Told.of(given)


@cache
def owed(name: str) -> Owed:
    return OWED[name](paper()[0])


def found(version: Methodology, scene: str) -> Iterator[str]:
    if scene in LATER:
        yield from settled.found(version, LATER[scene]())
        return
    with ran(version, paper()[1]) as engine:
        yield from differences(engine, owed(version.name))


def other_room(step: str, mutant: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account room with another text in one of its files."""
    shutil.copytree(rooms.TRANSFORMS / "account", folder / "account")
    path = folder / f"{step}.sql"
    text = path.read_text(encoding="utf-8")
    assert mutant["old"] in text, f"{step}.sql does not say {mutant['old']}"
    path.write_text(text.replace(mutant["old"], mutant["new"]), encoding="utf-8")
    monkeypatch.setattr(awarding, "ACCOUNT_SQL", folder / "account")


@pytest.mark.parametrize("name", [name for name in OWED if name != "cn_ev_charging@1.2.0"])
def test_the_versions_themselves_hold(name: str) -> None:
    assert list(found(published(name), "first")) == []


@pytest.mark.parametrize(("name", "scene", "step", "mutant"), EACH)
def test_a_mutant_is_noticed(
    name: str, scene: str, step: str, mutant: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = published(name)
    if step.startswith("account/"):
        other_room(step, mutant, tmp_path, monkeypatch)
    else:
        version = mutated(version, step, mutant, tmp_path)
    try:
        assert next(found(version, scene), None)
    except Refused as refused:
        assert not NOT_SQL.search(str(refused)), f"no mutant, but no SQL: {refused}"
