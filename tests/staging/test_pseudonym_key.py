"""The key of the pseudonyms: where it lies, what it makes of an identity, and that no other key may take its place."""

from __future__ import annotations

import hashlib
import hmac
import stat
from pathlib import Path

import pytest

from chargeledger import flow
from chargeledger.errors import Refused
from tests.staging.canonical_files import AT, csv_text, session_csv, session_row, session_rows
from tests.staging.command_line import assert_says, chargeledger_here
from tests.staging.conftest import Receive
from tests.staging.lake_contents import files_of, ledger_of, rows_of
from tests.staging.lake_search import found_in

VARIABLE = "CHARGELEDGER_PSEUDONYM_KEY"
KEY = bytes.fromhex("5a" * 32)


def _pseudonym(namespace: str, identity: str) -> str:
    """By the definition: HMAC-SHA-256 over the namespace, a zero byte and the identity."""
    return hmac.new(KEY, namespace.encode() + b"\0" + identity.encode(), hashlib.sha256).hexdigest()


def _owners(lake: str) -> dict[str, str]:
    return {row["session_id"]: row["user_id"] for row in rows_of(lake, "session_owner")}


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing in the environment, and where the key file is to be."""
    monkeypatch.delenv(VARIABLE)
    return tmp_path / "config" / "chargeledger" / "pseudonym.key"


# --- what it makes of an identity ---


def test_leading_zeros_and_case_count_and_surrounding_blanks_do_not(receive: Receive, lake: str) -> None:
    told = ("7", "007", " 7 ", "Anna", "anna", "7 7", "é")
    receive([session_row(f"S{n}", account=account) for n, account in enumerate(told)])
    assert _owners(lake) == {f"INVENTED-A:S{n}": _pseudonym("account", a.strip()) for n, a in enumerate(told)}
    assert len(set(_owners(lake).values())) == 6


def test_no_account_is_nobody(receive: Receive, lake: str) -> None:
    receive([session_row("S1", account=""), session_row("S2", account="   "), session_row("S3", account="0")])
    assert set(_owners(lake)) == {"INVENTED-A:S3"}


def test_one_user_at_two_operators_is_one_and_at_another_site_is_another(
    receive: Receive, lake: str, tmp_path: Path
) -> None:
    receive([session_row("S1", account="42")], [session_row("S1", operator="INVENTED-B", account="42")])
    columns = ("Session", "ChargingStartDateTime", "ChargingEndDateTime", "Energy", "ChargingStation", "UserID")
    row = dict(zip(columns, ("J1", "2019-01-02 08:00:00", "2019-01-02 09:00:00", "6.31", "1-1", "42"), strict=True))
    (tmp_path / "acn.csv").write_text(csv_text(columns, [row]))
    flow.ingest("acn_csv", [str(tmp_path / "acn.csv")], lake, AT)
    account, site = _pseudonym("account", "42"), _pseudonym("ACN-JPL", "42")
    assert _owners(lake) == {"INVENTED-A:S1": account, "INVENTED-B:S1": account, "ACN-JPL:J1": site}
    assert account != site


# --- where it lies ---


def test_a_key_is_made_once_for_the_user_alone(no_key: Path, lake: str, tmp_path: Path) -> None:
    flow.ingest("session_csv", [session_csv(tmp_path / "1.csv", *session_rows(3))], lake, AT)
    kept = no_key.read_text().strip()
    assert stat.S_IMODE(no_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(no_key.parent.stat().st_mode) == 0o700
    assert len(bytes.fromhex(kept)) == 32
    flow.ingest("session_csv", [session_csv(tmp_path / "2.csv", *session_rows(3, first=11))], lake, AT)
    assert no_key.read_text().strip() == kept
    assert [path.name for path in no_key.parent.iterdir()] == ["pseudonym.key"]
    assert found_in(lake, [kept, kept.upper(), str(bytes.fromhex(kept), "latin-1")]) == []


def test_two_new_lakes_of_one_user_share_the_key(no_key: Path, lake: str, tmp_path: Path) -> None:
    sessions = session_csv(tmp_path / "1.csv", *session_rows(3))
    flow.ingest("session_csv", [sessions], lake, AT)
    flow.ingest("session_csv", [sessions], f"{lake}-2", AT)
    assert _owners(lake) == _owners(f"{lake}-2")
    assert len(list(no_key.parent.iterdir())) == 1


def test_the_environment_comes_before_the_key_file(
    no_key: Path, monkeypatch: pytest.MonkeyPatch, receive: Receive, lake: str
) -> None:
    no_key.parent.mkdir(parents=True)
    no_key.write_text("b7" * 32)
    monkeypatch.setenv(VARIABLE, "5A" * 32 + "\n")
    receive([session_row("S1", account="42")])
    assert _owners(lake) == {"INVENTED-A:S1": _pseudonym("account", "42")}


@pytest.mark.parametrize("text", ["5a" * 31, "not hexadecimal", "5a" * 31 + "5"])
def test_a_key_that_is_none(text: str, monkeypatch: pytest.MonkeyPatch, lake: str, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, text)
    sessions = session_csv(tmp_path / "1.csv", *session_rows(3))
    done = chargeledger_here("ingest", "session_csv", sessions, "--lake", lake)
    assert_says(done, 2, f"the pseudonym key in {VARIABLE} must be at least 32 bytes in hexadecimal digits")
    assert text not in done.stderr


# --- no other key ---


@pytest.mark.parametrize("command", ["ingest", "account", "run"])
def test_another_key_is_refused_before_anything_is_read(
    command: str, good_lake: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sessions, before = session_csv(tmp_path / "1.csv", *session_rows(3, first=101)), files_of(good_lake)
    arguments = {"ingest": ("session_csv", sessions), "account": (), "run": (f"--sessions=session_csv={sessions}",)}
    monkeypatch.setenv(VARIABLE, "b7" * 32)
    done = chargeledger_here(command, *arguments[command], "--lake", good_lake, "--at", AT)
    assert_says(done, 1, "pseudonym key at hand has fingerprint", "restore the key, or use another lake")
    assert "b7b7" not in done.stderr
    assert files_of(good_lake) == before
    monkeypatch.setenv(VARIABLE, KEY.hex())
    assert_says(chargeledger_here(command, *arguments[command], "--lake", good_lake, "--at", AT), 0)


def test_a_lost_key_is_not_replaced_by_a_new_one(good_lake: str, no_key: Path, tmp_path: Path) -> None:
    posted = ledger_of(good_lake)
    with pytest.raises(Refused, match=r"there is none in CHARGELEDGER_PSEUDONYM_KEY or .*restore the key"):
        flow.ingest("session_csv", [session_csv(tmp_path / "1.csv", *session_rows(3))], good_lake, AT)
    assert not no_key.exists()
    assert ledger_of(good_lake) == posted
