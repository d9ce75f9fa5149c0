"""A programme adopts another version with a shadow that it names: kept, unchanged, of this programme and of these versions."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from chargeledger import asking, flow, versioning
from chargeledger.adoption import needs_shadow
from chargeledger.errors import Refused, UsageError
from chargeledger.methodology import load, published
from chargeledger.programme import programmes
from tests.command_line_lake import HEADER, SESSIONS, write

AT = "2026-03-13T16:00:00Z"
CN, OLD, NEW = "cn_green_energy", "cn_ev_charging@1.1.0", "cn_ev_charging@1.2.0"
LAST = "  - {in_force_from: 2026-01-01, version: cn_ev_charging@1.2.0, adopted: at the start}\n"


def set_last_line(room: Path, line: str) -> None:
    """The programme with another last line."""
    path = room / "programmes" / f"{CN}.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(LAST) == 1
    path.write_text(text.replace(LAST, line), encoding="utf-8")


def line(shadow: str, version: str = NEW) -> str:
    return f"  - {{in_force_from: 2026-01-01, version: {version}{shadow and f', shadow: {shadow}'}}}\n"


def receipt(**changed: Any) -> dict[str, Any]:
    """What a shadow of 1.2.0 against 1.1.0 says, as far as adoption looks."""
    frozen = published()
    told = {"kind": "shadow", "programme": CN, "methodology": NEW, "methodology_digest": frozen[NEW]["digest"]}
    return told | {"against": {OLD: frozen[OLD]["digest"]}} | changed


def kept(room: Path, document: dict[str, Any]) -> str:
    raw = json.dumps(document, sort_keys=True).encode()
    digest = hashlib.sha256(raw).hexdigest()
    (room / "shadows").mkdir(exist_ok=True)
    (room / "shadows" / f"{digest}.json").write_bytes(raw)
    return digest


def refusal() -> str:
    with pytest.raises(Refused) as refused:
        programmes()
    return str(refused.value)


def test_a_line_that_names_its_shadow_is_taken(room: Path) -> None:
    set_last_line(room, line(kept(room, receipt())))
    (china,) = [programme for programme in programmes() if programme.name == CN]
    assert china.versions[-1][2] == NEW


def test_a_line_without_a_shadow_is_refused_and_the_way_out_is_told(room: Path) -> None:
    set_last_line(room, line(""))
    said = refusal()
    assert f"the line of 2026-01-01 puts {NEW} in the place of {OLD} and names no shadow" in said
    assert f"chargeledger shadow --methodology {NEW} --against {OLD} --programme {CN}" in said and "--keep" in said


WRONG = [
    ({"kind": "comparison"}, "the receipt that it names is not of a shadow"),
    ({"programme": "us_california"}, "the shadow that it names is of programme us_california"),
    ({"methodology": OLD}, f"the shadow that it names is of {OLD}, not of {NEW}"),
    ({"methodology_digest": "0" * 64}, f"the shadow that it names is of a draft of {NEW}"),
    ({"against": {}}, f"the shadow that it names is not held against {OLD}"),
    ({"against": {OLD: "0" * 64}}, f"the shadow that it names is not held against {OLD}"),
    ({"against": {"cn_ev_charging@1.0.0": "0" * 64}}, f"the shadow that it names is not held against {OLD}"),
]


@pytest.mark.parametrize(("changed", "said"), WRONG)
def test_a_shadow_of_something_else_is_refused(room: Path, changed: dict[str, Any], said: str) -> None:
    set_last_line(room, line(kept(room, receipt(**changed))))
    assert said in refusal()


def test_a_shadow_that_was_changed_or_is_not_there_is_refused(room: Path) -> None:
    digest = kept(room, receipt())
    set_last_line(room, line(digest))
    path = room / "shadows" / f"{digest}.json"
    path.write_bytes(path.read_bytes() + b"\n")
    assert f"methodology/shadows/{digest}.json was changed: its digest is " in refusal()
    path.unlink()
    assert f"methodology/shadows has no receipt {digest}" in refusal()


@pytest.mark.parametrize("name", ["../published", "42", "a" * 63])
def test_a_name_that_is_no_digest_is_refused(room: Path, name: str) -> None:
    set_last_line(room, line(name))
    assert f"methodology/shadows has no receipt {name}" in refusal()


@pytest.mark.parametrize(
    ("since", "said"),
    [("2026-01-02", None), ("2026-01-01", "is not in force before the programme's day 'since' (2026-01-01)"),
     ("soon", "is not in force before"), (None, "which is not told")],
)  # fmt: skip
def test_at_the_start_is_before_the_programmes_first_day(room: Path, since: str | None, said: str | None) -> None:
    path = room / "programmes" / f"{CN}.yaml"
    text = path.read_text(encoding="utf-8")
    assert "since: 2026-11-23\n" in text
    path.write_text(text.replace("since: 2026-11-23\n", f"since: {since}\n" if since else ""), encoding="utf-8")
    if said is None:
        assert len(programmes()) == 2
    else:
        assert said in refusal()


@pytest.mark.parametrize("adopted", ["at the end", "yes", "at the start, shadow: aa"])
def test_a_line_says_at_the_start_or_names_a_shadow_and_nothing_else(room: Path, adopted: str) -> None:
    set_last_line(room, LAST.replace("at the start", adopted))
    assert "may say 'adopted: at the start', or name a shadow, and nothing else" in refusal()


@pytest.mark.parametrize(
    ("before", "version", "owed"),
    [
        ("a@1.2.0", "a@1.2.1", False),
        ("a@1.2.9", "a@1.2.10", False),
        ("a@1.2.0", "a@1.3.0", True),
        ("a@1.2.0", "a@1.20.0", True),
        ("a@1.2.0", "a@2.2.0", True),
        ("a@1.2.0", "b@1.2.0", True),
        ("a@1.3.0", "a@1.2.0", True),
    ],
)
def test_only_other_words_need_no_shadow(before: str, version: str, owed: bool) -> None:
    assert needs_shadow(before, version) is owed


def test_a_version_with_other_words_alone_is_adopted_without_one(room: Path) -> None:
    versioning.new_version(load(NEW), "1.2.1")
    later = "  - {in_force_from: 2027-01-01, version: cn_ev_charging@1.2.1}\n"
    set_last_line(room, LAST + later)
    assert len(programmes()) == 2
    (room / "programmes" / f"{CN}.yaml").write_text(
        (room / "programmes" / f"{CN}.yaml").read_text(encoding="utf-8").replace("1.2.1}", "1.3.0}"), encoding="utf-8"
    )
    assert "puts cn_ev_charging@1.3.0 in the place of cn_ev_charging@1.2.0 and names no shadow" in refusal()


@pytest.fixture
def charged(lake: str, tmp_path: Path) -> str:
    path = write(tmp_path / "sessions.csv", [HEADER, *SESSIONS[:3]])
    flow.ingest("session_csv", [path], lake, AT)
    return lake


def test_from_the_refused_line_to_the_adopted_version(room: Path, charged: str) -> None:
    """The shadow is made while the line that waits for it stands in the file, and kept where the line finds it."""
    set_last_line(room, line(""))
    told = asking.shadow(charged, "2026-03-09..2026-03-10", NEW, CN, against=OLD, at=AT, keep=True)
    assert told["kept"] == room / "shadows" / f"{told['digest']}.json"
    assert told["kept"].read_bytes() == Path(told["path"]).read_bytes()
    with pytest.raises(Refused, match="names no shadow"):
        flow.account(charged, at=AT)
    path = room / "programmes" / f"{CN}.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(line(""), line(told["digest"])), encoding="utf-8")
    # 30 kWh AC are 11 460 points and 30 kWh at a DC output 10 132 under 1.2.0; the third is below 500 Wh.
    assert flow.account(charged, at=AT)["posted_points"] == 11_460 + 10_132


def test_the_shadow_of_a_draft_is_not_kept(room: Path, charged: str) -> None:
    versioning.new_version(load(NEW), "1.2.1")
    before = sorted(room.glob("shadows/*"))
    with pytest.raises(UsageError, match="is a draft, and its digest will change: publish it first"):
        asking.shadow(charged, "2026-03-09", "cn_ev_charging@1.2.1", CN, at=AT, keep=True)
    assert sorted(room.glob("shadows/*")) == before and not (Path(charged) / "shadows").exists()
