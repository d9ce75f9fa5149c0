"""Pages of an OCPI party over real HTTP: asked with a token that goes nowhere else, asked again, never without an end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from itertools import islice

import pytest

from chargeledger.errors import ChargeledgerError, NotServed, Refused, UsageError
from chargeledger.ocpi import CdrModule, Page
from tests.completeness.ocpi_server import ENCODED, TOKEN, Party, records, reset, serving, status

UNTIL = "2026-03-11T00:00:00Z"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def party() -> Iterator[Party]:
    """A party with 25 records, at most ten on a page."""
    with serving(records(25)) as made:
        yield made


class Fetched:
    """Pages that came, the pauses that were made, and what was said where it ended otherwise."""

    def __init__(self, address: str, token: str = TOKEN, since: str | None = None) -> None:
        self.pages: list[Page] = []
        self.pauses: list[float] = []
        self.error: ChargeledgerError | None = None
        with CdrModule(address, token, self.pauses.append) as module:
            try:
                self.pages.extend(islice(module.pages(since, UNTIL), 20))
            except ChargeledgerError as error:
                self.error = error

    @property
    def ids(self) -> list[str]:
        return [record["id"] for page in self.pages for record in json.loads(page.body)["data"]]


ALL = [f"C{n:03d}" for n in range(25)]


def test_pages_follow_the_next_links_with_the_encoded_token(party: Party) -> None:
    fetched = Fetched(party.address, since="2026-03-10T00:02:00Z")
    assert fetched.error is None and fetched.ids == ALL[2:]
    assert [(page.number, page.offset, page.records, page.total) for page in fetched.pages] == [
        (1, 0, 10, 23), (2, 10, 10, 23), (3, 20, 3, 23),
    ]  # fmt: skip
    assert party.asked[0] == {"date_from": "2026-03-10T00:02:00Z", "date_to": UNTIL, "offset": "0", "limit": "100"}
    assert party.tokens == [f"Token {ENCODED}"] * 3 and fetched.pauses == []


def test_a_relative_next_link_is_followed_and_no_from_means_all(party: Party) -> None:
    party.link = lambda address, offset, matching: (
        f"?{address.partition('?')[2]}&offset={offset}" if offset < matching else None
    )
    assert Fetched(party.address).ids == ALL
    assert "date_from" not in party.asked[0]


@pytest.mark.parametrize(
    ("answers", "pauses"),
    [
        ([status(429, Retry_After="7")], [7]),
        ([status(429, Retry_After="0"), status(503), status(500)], [1, 2, 4]),
        ([reset], [1]),
        ([None, reset, status(502)], [1, 2]),
        ([status(503)] * 7, [1, 2, 4, 8, 16, 32, 60]),
        ([status(503, Retry_After="soon")], [1]),
        ([status(503, Retry_After=formatdate(time.time() - 50, usegmt=True))], [1]),
    ],
    ids=["429", "several", "reset", "reset in the middle", "seven", "unreadable", "a date that has passed"],
)
def test_a_server_that_stumbles_is_asked_again_with_growing_pauses(
    party: Party, answers: list[Callable[..., None] | None], pauses: list[int]
) -> None:
    party.next_answers = list(answers)
    fetched = Fetched(party.address)
    assert fetched.error is None and fetched.ids == ALL and fetched.pauses == pauses
    assert len(party.asked) == 3 + len(pauses)


def test_a_server_that_keeps_failing_is_left(party: Party) -> None:
    party.next_answers = [None, *[status(503)] * 8]
    fetched = Fetched(party.address)
    assert isinstance(fetched.error, NotServed) and "failed 8 times, the last time with 'HTTP 503'" in str(
        fetched.error
    )
    assert fetched.ids == ALL[:10], "what came before came"
    assert len(party.asked) == 9


@pytest.mark.parametrize("told", ["601", formatdate(time.time() + 90_000, usegmt=True)], ids=["seconds", "date"])
def test_a_server_that_asks_for_a_long_pause_gets_it(party: Party, told: str) -> None:
    party.next_answers = [status(429, Retry_After=told)]
    fetched = Fetched(party.address)
    assert isinstance(fetched.error, NotServed) and "asks to be left alone for" in str(fetched.error)
    assert fetched.pauses == [] and len(party.asked) == 1


def test_a_told_pause_of_ten_minutes_is_made(party: Party) -> None:
    party.next_answers = [status(429, Retry_After="600")]
    assert Fetched(party.address).pauses == [600]


def test_nobody_there_is_not_served() -> None:
    with serving([]) as gone:
        address = gone.address
    fetched = Fetched(address)
    assert isinstance(fetched.error, NotServed) and fetched.pauses == [1, 2, 4, 8, 16, 32, 60]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (status(200, "<html>not an API</html>"), "page 1 is not JSON: '<html>not an API</html>'. Is the address"),
        (status(200, "[" * 200_000), "page 1 is not JSON"),
        (status(200, {"status_code": 2001, "status_message": "Invalid\n date"}), "the server says 2001 'Invalid date'"),
        (status(200, {"status_code": 3000, "status_message": "x" * 500, "data": []}), "says 3000 '" + "x" * 200 + "…'"),
        (status(200, {"status_code": 1000}), "page 1 is no list of an OCPI response"),
        (status(200, {"data": []}), "page 1 is no list of an OCPI response"),
        (status(200, []), "page 1 is no list of an OCPI response"),
        (status(404, "no such page"), "page 1: HTTP 404: 'no such page'"),
        (status(204), "page 1: HTTP 204"),
    ],
)  # fmt: skip
def test_what_is_no_page_is_refused_with_what_the_server_said(
    party: Party, answer: Callable[..., None], said: str
) -> None:
    party.next_answers = [answer]
    fetched = Fetched(party.address)
    assert isinstance(fetched.error, Refused) and said in str(fetched.error) and len(str(fetched.error)) < 400
    assert len(party.asked) == 1, "it is not asked again"


def test_a_wrong_token_is_refused_and_not_repeated(party: Party) -> None:
    """The server repeats what it was sent, as some do."""
    wrong = "another-token-4711"
    fetched = Fetched(party.address, wrong)
    assert "refuses the token (HTTP 401)" in str(fetched.error) and "who is Token ***?" in str(fetched.error)
    assert wrong not in str(fetched.error)


@pytest.mark.parametrize("secret", [TOKEN, ENCODED], ids=["plain", "encoded"])
def test_a_page_that_repeats_the_token_is_not_kept(party: Party, secret: str) -> None:
    party.page = lambda found: {"data": found, "status_code": 1000, "you": secret}
    fetched = Fetched(party.address)
    assert "repeats the credentials token" in str(fetched.error) and not fetched.pages
    assert secret not in str(fetched.error) and secret not in repr(CdrModule(party.address, TOKEN))


def test_the_token_does_not_follow_a_redirect_or_a_link_elsewhere(party: Party) -> None:
    with serving(records(3)) as other:
        for there in (
            other.address,
            f"http://localhost:{party.server_port}/cdrs",
            party.address.replace("http", "https"),
        ):
            party.next_answers = [status(302, Location=there)]
            assert "a redirect leads from" in str(Fetched(party.address).error)
            party.link = lambda *_, there=there: there  # type: ignore[misc]
            fetched = Fetched(party.address)
            assert "the next link leads from" in str(fetched.error) and fetched.ids == ALL[:10]
        assert other.asked == []


def test_a_redirect_at_home_is_followed_and_a_circle_of_them_is_not(party: Party) -> None:
    party.next_answers = [lambda module: module.say(307, "", {"Location": module.path})]
    assert Fetched(party.address).ids == ALL
    party.next_answers = [lambda module: module.say(307, "", {"Location": module.path})] * 9
    assert "redirects more than 5 times" in str(Fetched(party.address).error)


@pytest.mark.parametrize("has_total", [True, False])
@pytest.mark.parametrize("kind", ["the same link", "other links to the same", "empty pages"])
def test_next_links_without_an_end_are_refused(party: Party, kind: str, has_total: bool) -> None:
    if not has_total:
        party.total = lambda *_: None
    if kind == "the same link":
        party.link = lambda address, *_: f"{address}&offset=0"
    elif kind == "other links to the same":
        party.link = lambda address, *_: f"{address}&again={len(party.asked)}&offset=0"
    else:
        party.link = lambda address, offset, _: f"{address}&offset={offset + 100}"
    fetched = Fetched(party.address)
    assert "leads on without an end" in str(fetched.error) and len(party.asked) <= 4


def test_a_server_that_has_more_than_it_announces_is_refused(party: Party) -> None:
    party.total = lambda *_: 10
    assert "beyond the 10 that were announced" in str(Fetched(party.address).error)


def test_a_link_from_the_last_page_to_an_empty_one_is_an_end(party: Party) -> None:
    party.link = lambda address, offset, _: f"{address}&offset={offset}"
    fetched = Fetched(party.address)
    assert fetched.error is None and fetched.ids == ALL and len(party.asked) == 4


@pytest.mark.parametrize(
    ("address", "token", "said"),
    [
        ("ftp://host/cdrs", TOKEN, "is like https://"),
        ("host/cdrs", TOKEN, "is like https://"),
        ("https://user:secret@host/cdrs", TOKEN, "no name or password in it"),
        ("https://[::1/cdrs", TOKEN, "is not a URL"),
        ("http://operator.example/cdrs", TOKEN, "would travel unencrypted to operator.example"),
        ("https://host/cdrs", "", "at least 8 characters"),
        ("https://host/cdrs", "two words of it", "no blanks"),
        ("https://host/cdrs", "line\nbroken", "no blanks"),
    ],
)
def test_a_wrong_address_or_token_is_a_wrong_call_before_anything_is_asked(address: str, token: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as found:
        CdrModule(address, token)
    assert "secret" not in str(found.value) and (not token or token not in str(found.value))
