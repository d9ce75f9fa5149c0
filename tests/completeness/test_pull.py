"""A pull: pages become landed files, it goes on where the last whole one ended, and its token stays in nobody's books."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from chargeledger import flow
from chargeledger.errors import NotServed, Refused, UsageError
from chargeledger.lake import Lake
from chargeledger.landing import landing_path
from tests.completeness.ocpi_server import ENCODED, TOKEN, Party, after, records, reset, serving, status
from tests.staging.command_line import assert_says, chargeledger_here
from tests.staging.lake_contents import rows_of
from tests.staging.lake_search import found_in

AT = "2026-03-11T00:00:00Z"
SOURCE = "session_csv"  # a page is landed before anybody reads it, so any source will do


@pytest.fixture(autouse=True)
def landing_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are landed and not read; a test that wants them read puts `flow.ingest` back."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(flow, "ingest", lambda source, paths, lake, at, _: flow.land_files(source, paths, lake, at))


@pytest.fixture
def party() -> Iterator[Party]:
    """A party with 25 records, at most ten on a page."""
    with serving(records(25)) as made:
        yield made


def pull(party: Party, lake: str, **told: Any) -> dict[str, Any]:
    return flow.pull_ocpi(party.address, TOKEN, lake, **{"source": SOURCE, "at": AT, "sleep": lambda _: None, **told})


def landed(lake: str, *, totals: bool = False) -> list[dict[str, Any]]:
    """The landed pages, in the order of landing; or what was noted of totals."""
    files = [row for row in rows_of(lake, "landing_file") if (row["source"] == "ocpi_total") is totals]
    return sorted(files, key=lambda row: row["landing_seq"])


def said_in(lake: str, file: dict[str, Any]) -> Any:
    return json.loads(pa.input_stream(str(landing_path(Lake(lake), file["landing_digest"])), compression="zstd").read())


def ids(lake: str) -> list[str]:
    """Records of the landed pages, in the order of landing."""
    return [record["id"] for page in landed(lake) for record in said_in(lake, page)["data"]]


def registers(lake: str) -> list[dict[str, str]]:
    return [json.loads(path.read_text()) for path in (Path(lake) / "pulls").glob("*.json")]


ALL = [f"C{n:03d}" for n in range(25)]


def test_every_page_is_landed_as_received_and_named_by_where_it_began(party: Party, lake: str) -> None:
    said: list[str] = []
    done = pull(party, lake, since="2026-03-10T00:00:00Z", report=said.append)
    assert done == {"pages": 3, "records": 25, "pulled_until": AT}
    assert ids(lake) == ALL
    assert sorted(row["file_name"] for row in landed(lake)) == [
        f"cdrs_20260310T000000Z_{offset}.json" for offset in (0, 10, 20)
    ]
    assert said == [
        "page 1: 10 records, 10 of 25", "page 2: 10 records, 20 of 25", "page 3: 5 records, 25 of 25",
    ]  # fmt: skip
    assert registers(lake) == [{"source": SOURCE, "address": party.address, "pulled_until": AT}]
    (total,) = landed(lake, totals=True)
    assert total["file_name"] == "total_20260310T000000Z.json" and total["landing_seq"] == 4
    assert said_in(lake, total) == {
        "address": party.address, "date_from": "2026-03-10T00:00:00Z", "date_to": AT, "total": 25,
        "files": [page["landing_digest"] for page in landed(lake)],
    }  # fmt: skip


def test_the_next_pull_goes_on_an_hour_before_the_end_of_the_last(party: Party, lake: str) -> None:
    pull(party, lake)
    # One came late and carries a moment within the hour; one lies before it, and was there already.
    party.held += [{"id": "LATE", "last_updated": "2026-03-10T23:00:00Z"}, {"id": "NEW", "last_updated": AT}]
    party.asked.clear()
    assert pull(party, lake, at="2026-03-12T00:00:00Z")["records"] == 2
    assert party.asked[0] == {
        "date_from": "2026-03-10T23:00:00Z", "date_to": "2026-03-12T00:00:00Z", "offset": "0", "limit": "100",
    }  # fmt: skip
    assert ids(lake) == [*ALL, "LATE", "NEW"]


def test_nothing_new_lands_nothing_and_moves_on(party: Party, lake: str) -> None:
    pull(party, lake)
    assert pull(party, lake, at="2026-03-13T00:00:00Z") == {
        "pages": 1,
        "records": 0,
        "pulled_until": "2026-03-13T00:00:00Z",
    }
    assert ids(lake) == ALL and (len(landed(lake)), len(landed(lake, totals=True))) == (3, 1)


@pytest.mark.parametrize("total", [24, 26], ids=["fewer", "more"])
def test_a_pull_with_another_number_than_announced_is_incomplete_and_starts_again_where_it_did(
    party: Party, lake: str, total: int
) -> None:
    party.total = lambda *_: total
    with pytest.raises(Refused, match=f"incomplete: 25 records came, {total} were announced") as found:
        pull(party, lake)
    assert "Its 3 pages are landed" in str(found.value)
    assert ids(lake) == ALL and registers(lake) == []
    party.total = lambda matching, _: matching
    party.asked.clear()
    pull(party, lake)
    assert "date_from" not in party.asked[0] and registers(lake)[0]["pulled_until"] == AT


def test_a_total_that_falls_while_pages_are_read_hides_a_record(party: Party, lake: str) -> None:
    """A record leaves the list after the first page; the others move up, and the eleventh is on no page that is read."""
    party.total = lambda matching, _: matching
    party.next_answers = [None, after(lambda party: party.held.pop(0))]
    with pytest.raises(Refused, match=r"24 records came, 24 were announced \(X-Total-Count, which fell meanwhile\)"):
        pull(party, lake)
    assert "C010" not in ids(lake) and registers(lake) == []


def test_a_total_that_grows_is_met_by_the_last_page(party: Party, lake: str) -> None:
    more = {"id": "C025", "last_updated": "2026-03-10T00:25:00Z"}
    party.next_answers = [None, after(lambda party: party.held.append(more))]
    assert pull(party, lake)["records"] == 26


def test_a_server_without_a_total_is_believed_and_that_is_said(party: Party, lake: str) -> None:
    party.total = lambda *_: None
    said: list[str] = []
    assert pull(party, lake, report=said.append)["records"] == 25
    assert said[0] == "page 1: 10 records, 10 of ?"
    assert said[-1] == "127.0.0.1 tells no X-Total-Count: nobody knows whether that is all"
    assert landed(lake, totals=True) == []


def test_a_server_that_fails_for_good_leaves_what_came_and_the_next_pull_takes_all(party: Party, lake: str) -> None:
    party.next_answers = [None, *[reset] * 8]
    with pytest.raises(NotServed, match="failed 8 times"):
        pull(party, lake)
    assert ids(lake) == ALL[:10] and registers(lake) == []
    pull(party, lake)
    assert ids(lake) == ALL[:10] + ALL, "the answer carries another moment, so the page is another file"


def test_pages_that_are_refused_are_all_tried_and_move_nothing(
    party: Party, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("CHARGELEDGER_PSEUDONYM_KEY", "5a" * 32)
    monkeypatch.setenv("NO_PROXY", "*")
    with pytest.raises(Refused) as found:
        pull(party, lake)
    assert str(found.value).count("rule columns_present") == 3
    assert len(landed(lake)) == 3 and registers(lake) == []


# Everything up to the eleventh has come. What a pull with --from and --to makes of that.
@pytest.mark.parametrize(
    ("since", "until", "reaches"),
    [
        ("2026-03-01T00:00:00Z", "2026-03-05T00:00:00Z", AT),
        ("2026-03-10T00:00:00Z", "2026-03-12T00:00:00Z", "2026-03-12T00:00:00Z"),
        (AT, "2026-03-12T00:00:00Z", "2026-03-12T00:00:00Z"),
        ("2026-03-11T00:00:01Z", "2026-03-12T00:00:00Z", AT),
    ],
    ids=["earlier", "over the end", "from the end", "with a gap"],
)
def test_what_was_asked_for_moves_the_end_only_where_it_leaves_no_gap(
    party: Party, lake: str, since: str, until: str, reaches: str
) -> None:
    pull(party, lake)
    assert pull(party, lake, since=since, until=until)["pulled_until"] == reaches
    assert registers(lake)[0]["pulled_until"] == reaches


def test_parties_and_sources_are_pulled_each_from_its_own_end(party: Party, lake: str) -> None:
    with serving(records(1)) as other:
        pull(party, lake)
        assert pull(other, lake)["records"] == 1
        assert pull(other, lake, source="acn_csv")["records"] == 1
    assert len(registers(lake)) == 3


def test_a_span_with_nothing_in_it_and_an_unknown_source_are_wrong_calls(party: Party, lake: str) -> None:
    with pytest.raises(UsageError, match="nothing lies between 2026-03-11T00:00:00Z and 2026-03-11T00:00:00Z"):
        pull(party, lake, since=AT)
    with pytest.raises(UsageError, match="unknown source 'ocpi_crd'"):
        pull(party, lake, source="ocpi_crd")
    assert party.asked == []


def test_the_token_is_in_no_file_and_in_nothing_that_is_said(
    party: Party, lake: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a file or from the environment; with a server that says it back."""
    caplog.set_level("DEBUG")
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    call = ("pull", "ocpi", party.address, "--lake", lake, "--source", SOURCE, "--at", AT)
    done = chargeledger_here(*call, "--token-file", str(tmp_path / "token"))
    assert_says(done, 0, "page 3: 5 records, 25 of 25")
    assert done.stdout == f"25 records in 3 pages; everything up to {AT} has come\n"
    party.next_answers = [status(403, f"{TOKEN} {ENCODED} may not")]
    monkeypatch.setenv("CHARGELEDGER_OCPI_TOKEN", TOKEN)
    refused = chargeledger_here(*call)
    assert_says(refused, 1, "refuses the token (HTTP 403): '*** *** may not'")
    for secret in (TOKEN, ENCODED):
        assert secret not in done.stdout + done.stderr + refused.stdout + refused.stderr + caplog.text
        assert found_in(lake, [secret]) == []
        assert all(secret.encode() not in path.read_bytes() for path in Path(lake).rglob("*") if path.is_file())
    assert set(party.tokens) == {f"Token {ENCODED}"}


def test_a_call_without_a_token_says_where_to_put_it(party: Party, lake: str, tmp_path: Path) -> None:
    call = ("pull", "ocpi", party.address, "--lake", lake, "--source", SOURCE)
    assert_says(chargeledger_here(*call), 2, "Give a file with --token-file, or set CHARGELEDGER_OCPI_TOKEN")
    assert_says(chargeledger_here(*call, "--token-file", str(tmp_path / "none")), 2, "cannot read the token file")
    assert party.asked == []
