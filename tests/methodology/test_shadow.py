"""A shadow: both methodologies over the same sessions, counted here by hand, and nothing posted.

The version asked about is a draft of 1.2.1 with a factor of 520 instead of 530.6 g/kWh and an efficiency of 0.85 instead of
0.923: AC gains, DC loses, and what is below the 500 Wh that the programme awards stays 0.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from collections import defaultdict
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from chargeledger import asking, flow, versioning
from chargeledger.errors import Refused, UsageError
from chargeledger.methodology import load
from tests.command_line_lake import chargeledger

AT, LATER = "2026-03-13T16:00:00Z", "2026-05-01T00:00:00Z"
OLD, NEW, CN = "cn_ev_charging@1.2.0", "cn_ev_charging@1.2.1", "cn_green_energy"
HEADER = (
    "operator,order_number,revised_at,account,station_id,region,power_type,metering_point,rated_kw,"
    "started_at,ended_at,energy_kwh\n"
)
B = 912_631_200
KEY = bytes.fromhex("5a" * 32)


class Charge(NamedTuple):
    operator: str
    order: int
    account: str
    region: str
    power: str
    ended: str  # in Shanghai
    wh: int

    def row(self) -> str:
        meter = {"AC": "AC,ac_input", "DC": "DC,dc_output"}[self.power]
        hours = f"{self.ended[:11]}00:00:00+08:00,{self.ended}+08:00"
        return f"{self.operator},{self.order},,{self.account},S,{self.region},{meter},,{hours},{self.wh / 1000:.3f}\n"

    def reductions(self, factor: int, per_mille: int) -> int:
        drawn = Fraction(self.wh * 1000, per_mille if self.power == "DC" else 1000)
        return self.wh * B - ceil(drawn * factor)

    def now(self) -> int:
        return self.reductions(520_000_000, 850)

    def then(self) -> int:
        return self.reductions(530_600_000, 923)

    def points(self, ng: int) -> int:
        return 0 if self.wh < 500 else ng // 10**9


def charges() -> list[Charge]:
    """Twelve users in two regions; five charge by DC too, one below the bound, two alike; one session has no owner."""
    told = []
    for n in range(12):
        account, region = f"driver-{n}", ("CN-GRID-EAST", "CN-GRID-NW")[n % 2]
        wh = 400 if n == 3 else 9_000 if n in (4, 5) else 5_000 + 1_111 * n
        told.append(Charge("OP1", n, account, region, "AC", f"2026-03-09T{8 + n % 3:02}:30:00", wh))
        if n in (0, 4, 5, 6, 9):
            told.append(Charge("OP2", n, account, region, "DC", "2026-03-10T23:59:59", 20_000 - 1_000 * n))
    return [*told, Charge("OP2", 99, "", "CN-GRID-NW", "AC", "2026-03-10T12:00:00", 7_000)]


def user(account: str) -> str:
    return hmac.new(KEY, f"account\0{account}".encode(), hashlib.sha256).hexdigest()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def draft(room: Path) -> Path:
    folder = versioning.new_version(load(OLD), "1.2.1")
    edit(folder / "factors.csv", "530600000", "520000000")
    edit(folder / "parameters.yaml", 'value: "0.923"', 'value: "0.85"')
    edit(folder / "parameters.yaml", "value: 923", "value: 850")
    return folder


def send(lake: str, tmp_path: Path, told: list[Charge], at: str = AT) -> None:
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.csv"
    path.write_text(HEADER + "".join(charge.row() for charge in told), encoding="utf-8")
    flow.ingest("session_csv", [str(path)], lake, at)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake with all charges, accounted."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", KEY.hex())
        send(str(folder / "lake"), folder, charges())
        flow.account(str(folder / "lake"), at=AT)
    return folder / "lake"


@pytest.fixture
def charged(made: Path, lake: str) -> str:
    return str(shutil.copytree(made, lake))


def deciles(told: list[Charge]) -> dict[str, str]:
    """User to decile: by points under the old version, then by pseudonym; twelve users are two, two and ten times one less."""
    points: dict[str, int] = defaultdict(int)
    for charge in told:
        points[charge.account] += charge.points(charge.then())
    ordered = sorted(points, key=lambda account: (points[account], user(account)))
    sizes = [2, 2, *[1] * 8]
    groups = [f"{group:02}" for group, size in enumerate(sizes, start=1) for _ in range(size)]
    return dict(zip(ordered, groups, strict=True))


def counted(told: list[Charge], division: str) -> list[dict[str, Any]]:
    """One table, by hand."""
    decile = deciles(told)
    name = {
        "decile": lambda c: decile[c.account],
        "region": lambda c: c.region,
        "local_hour": lambda c: c.ended[11:13],
        "operator": lambda c: c.operator,
    }[division]
    inside: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    for c in told:
        for place, amount in enumerate((1, c.points(c.now()), c.points(c.then()))):
            inside[name(c)][c.account][place] += amount
    rows = []
    for group, users in sorted(inside.items()):
        sessions, points, against = (sum(held[place] for held in users.values()) for place in range(3))
        change = [held[1] - held[2] for held in users.values()]
        row = {"name": group, "sessions": sessions, "users": len(users), "points": points, "against_points": against}
        up, down = sum(each > 0 for each in change), sum(each < 0 for each in change)
        rows.append(row | {"points_change": points - against, "users_up": up, "users_down": down})
    return rows


@pytest.mark.usefixtures("draft")
def test_winners_and_losers_are_those_counted_by_hand(charged: str) -> None:
    owned = [charge for charge in charges() if charge.account]
    ledger = DeltaTable(f"{charged}/ledger/ledger_entry").version()
    told = asking.shadow(charged, "2026-03-09..2026-03-10", NEW, CN, against=OLD, at=AT)
    for division in ("decile", "region", "local_hour", "operator"):
        assert told["tables"][division] == counted(owned, division), division
    now, then = (sum(c.points(ng(c)) for c in owned) for ng in (Charge.now, Charge.then))
    now_ng, then_ng = (sum(map(ng, owned)) for ng in (Charge.now, Charge.then))
    assert told["totals"] == {
        "sessions": 17, "sessions_missing": 0, "sessions_missing_against": 0,
        "users": 12, "users_up": 6, "users_down": 5, "users_equal": 1,
        "points": now, "against_points": then, "points_change": now - then,
        "emission_reductions_ng": str(now_ng), "against_emission_reductions_ng": str(then_ng),
        "emission_reductions_change_ng": str(now_ng - then_ng),
    }  # fmt: skip
    assert DeltaTable(f"{charged}/ledger/ledger_entry").version() == ledger, "nothing is posted"


def test_the_receipt_says_what_it_rests_on_and_names_nobody(charged: str, draft: Path) -> None:
    told = asking.shadow(charged, "2026-03-09..2026-03-10", NEW, CN, at=AT)
    path = Path(told["path"])
    raw = path.read_bytes()
    assert path == Path(charged) / "shadows" / f"{hashlib.sha256(raw).hexdigest()}.json"
    kept = json.loads(raw)
    assert raw == (json.dumps(kept, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
    assert (kept["methodology"], kept["methodology_digest"]) == (NEW, load(NEW, draft_allowed=True).digest)
    assert kept["against"] == {OLD: load(OLD).digest}, "what is in force, where nothing is named"
    programme = draft.parent / "programmes" / f"{CN}.yaml"
    assert (kept["programme"], kept["programme_digest"]) == (CN, hashlib.sha256(programme.read_bytes()).hexdigest())
    assert (kept["kind"], kept["clock"]) == ("shadow", AT) and kept["inputs"]["ledger_version"] == 1
    assert {"prelude", "transforms", "contracts", "shadow"} <= set(kept["code"])
    names = [name for n in range(12) for name in (f"driver-{n}", user(f"driver-{n}"))]
    assert [name for name in names if name.encode() in raw] == []
    assert asking.shadow(charged, "2026-03-09..2026-03-10", NEW, CN, at=AT)["digest"] == told["digest"]


def test_without_another_version_each_vintage_is_held_against_its_own(lake: str, tmp_path: Path) -> None:
    """1.1.0 is in force until the end of 2025: on that day nothing changes, on the next it is 536.6 instead of 530.6 g/kWh."""
    days, at = ("2025-12-31", "2026-01-01"), "2026-01-05T00:00:00Z"
    told = [Charge(f"OP{n}", n, "d", "CN-GRID-NE", "AC", f"{day}T09:00:00", 10_000) for n, day in enumerate(days)]
    send(lake, tmp_path, told, at)
    found = asking.shadow(lake, "2025-12-31..2026-01-01", "cn_ev_charging@1.1.0", CN, at=at)
    assert list(found["against"]) == ["cn_ev_charging@1.1.0", OLD]
    # 10 000 x (912 631 200 - 536 600 000) = 3 760 312 000 000 ng; with 530 600 000 they are 3 820 312 000 000 ng.
    by_operator = [(row["name"], row["points"], row["against_points"]) for row in found["tables"]["operator"]]
    assert by_operator == [("OP0", 3760, 3760), ("OP1", 3760, 3820)]


def test_an_earlier_commit_knows_less(charged: str, draft: Path, tmp_path: Path) -> None:
    send(charged, tmp_path, [Charge("OP9", 1, "new", "CN-GRID-NE", "AC", "2026-03-09T09:00:00", 10_000)])
    newest, first = (asking.shadow(charged, "2026-03-09", NEW, CN, as_of=as_of, at=AT) for as_of in (None, 1))
    assert (newest["totals"]["users"], first["totals"]["users"]) == (13, 12)
    with pytest.raises(UsageError, match="the ledger has no commit 7: it has 1"):
        asking.shadow(charged, "2026-03-09", NEW, CN, as_of=7, at=AT)


@pytest.mark.usefixtures("draft")
def test_final_awards_under_a_cap_are_computed_anew(room: Path, lake: str, tmp_path: Path) -> None:
    """30 kWh AC twice under a cap of 12 000 points: 11 460 and what is left, 540; under the draft 11 778 and 222."""
    line = "points_per_account_and_vintage: "
    edit(room / "programmes" / f"{CN}.yaml", f"{line}null", f"{line}12000")
    send(
        lake, tmp_path, [Charge(f"OP{n}", n, "d", "CN-GRID-NE", "AC", f"2026-03-09T0{n}:00:00", 30_000) for n in (1, 2)]
    )
    flow.account(lake, at=AT)
    flow.account(lake, "2026-03-09", at=LATER)
    states = Path(lake, "ledger/state/vintage_state").glob("*.parquet")
    assert "final" in {row["state"] for path in states for row in pq.read_table(path).to_pylist()}
    told = asking.shadow(lake, "2026-03-09", NEW, CN, at=LATER)
    found = [(row["name"], row["points"], row["against_points"]) for row in told["tables"]["operator"]]
    assert found == [("OP1", 11_778, 11_460), ("OP2", 222, 540)]
    assert told["totals"]["users_equal"] == 1


@pytest.mark.usefixtures("draft")
@pytest.mark.parametrize(
    ("vintages", "against", "said"),
    [
        ("2026-03-11", None, "no session of cn_green_energy that ended in 2026-03-11 is awarded under either"),
        ("2025-12-31", None, "cn_ev_charging@1.2.1 applies from 2026-01-01: a vintage of 2025-12-31 is refused"),
        ("2026-03-09", "us_ev_charging@1.0.0", "uses us_ev_charging@1.0.0 in CN-GRID-CENTRAL"),
    ],
)
def test_a_shadow_of_nothing_or_of_what_does_not_apply_is_refused(
    charged: str, vintages: str, against: str | None, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        asking.shadow(charged, vintages, NEW, CN, against=against, at=AT)
    assert not list(Path(charged).glob("shadows/*"))


def test_the_command_prints_the_tables_and_the_line_to_paste(charged: str) -> None:
    call = ["shadow", "--methodology", OLD, "--against", "cn_ev_charging@1.1.0", "--vintages", "2026-03-09"]
    told = chargeledger(*call, "--programme", CN, "--lake", charged, "--at", AT)
    assert told.code == 0, told.err
    (path,) = Path(charged).glob("shadows/*.json")
    assert f"  - {{in_force_from: <day>, version: {OLD}, shadow: {path.stem}}}\n" in told.out
    assert "Baseline provisional." in told.out.splitlines()[1]
    assert "Users: 11 get more points, 0 fewer, 1 the same." in told.out
    totals = json.loads(path.read_bytes())["totals"]
    for number in (totals["points"], totals["against_points"]):
        assert f" {number:,} " in told.out


def test_the_receipt_of_a_shadow_is_no_run_that_could_be_computed_again(charged: str) -> None:
    told = asking.shadow(charged, "2026-03-09", OLD, CN, against="cn_ev_charging@1.1.0", at=AT)
    with pytest.raises(UsageError, match="is the receipt of a shadow: receipts of runs, decisions and closes"):
        asking.rerun(told["path"], charged)
