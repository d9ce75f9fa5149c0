"""Pages of the CDR module of OCPI 2.2.1 and later, over HTTP.

The credentials token goes to one origin and nowhere else: not to a redirect, not to a next link, not into a message. A server
that stumbles is asked again, a server that goes round in circles is not. Paging, and the header `Authorization: Token <base64>`:
OCPI 2.2.1, part "Transport and format".
"""

from __future__ import annotations

import base64
import email.utils
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from chargeledger.errors import NotServed, Refused, UsageError

PAGE_RECORDS = 100
ATTEMPTS = 8
FIRST_WAIT_S, LONGEST_WAIT_S, LONGEST_ASKED_S = 1, 60, 600
TIMEOUT_S = 60
HOPS = 5
SHOWN = 200
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
FIRST_ERROR = 2000  # OCPI status codes from here on are errors
Origin = tuple[str, str, int | None]


@dataclass(frozen=True)
class Page:
    """One page as received: so many records from `offset` on, of `total` where the server tells it."""

    number: int
    offset: int
    body: bytes
    records: int
    total: int | None


@dataclass
class CdrModule:
    """The CDR endpoint of one party. Use as a context manager."""

    address: str
    token: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        self.url = _checked(self.address)
        if len(self.token) < 8 or not self.token.isprintable() or " " in self.token:
            raise UsageError("the credentials token has no blanks and at least 8 characters: look at the token file")
        self._encoded = base64.b64encode(self.token.encode()).decode()
        headers = {"Authorization": f"Token {self._encoded}", "Accept": "application/json"}
        self._client = httpx.Client(headers=headers, timeout=TIMEOUT_S, follow_redirects=False)

    def __enter__(self) -> CdrModule:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def pages(self, date_from: str | None, date_to: str) -> Iterator[Page]:
        """Records last updated from an instant on and before another, page by page along the next links."""
        query = {"date_to": date_to, "offset": "0", "limit": str(PAGE_RECORDS)}
        url = self.url.copy_merge_params(query | ({"date_from": date_from} if date_from else {}))
        seen: set[str] = set()
        number, offset = 0, 0
        while True:
            number += 1
            answer = self._get(url)
            records = self._records(answer, number)
            total = answer.headers.get("X-Total-Count", "")
            page = Page(number, offset, answer.content, len(records), int(total) if total.isdecimal() else None)
            offset += page.records
            yield page
            following = answer.links.get("next", {}).get("url")
            if following is None:
                return
            if not records and offset == page.total:
                return  # all that was announced has come; some servers lead on from their last page too
            said = hashlib.sha256(json.dumps(records, sort_keys=True).encode()).hexdigest()
            if not records or said in seen or (page.total is not None and offset > page.total):
                raise Refused(
                    f"{self.host}: page {number} leads on without an end: it is empty, says what another page said, or is "
                    f"beyond the {total or 'records'} that were announced. What came is landed; tell the operator"
                )
            seen.add(said)
            url = self._same_origin(answer.url, following, "the next link")

    @property
    def host(self) -> str:
        return self.url.host

    def _get(self, url: httpx.URL) -> httpx.Response:
        """The answer to a request, asked for again with growing pauses while the server or the way to it fails."""
        wait, why = FIRST_WAIT_S, ""
        for attempt in range(1, ATTEMPTS + 1):
            asked = None
            try:
                answer = self._follow(url)
                if answer.status_code != 429 and answer.status_code < 500:
                    return answer
                why, asked = f"HTTP {answer.status_code}", _retry_after(answer)
            except httpx.RequestError as error:
                why = f"{type(error).__name__}: {error}"
            if asked is not None and asked > LONGEST_ASKED_S:
                raise NotServed(f"{self.host} asks to be left alone for {asked:,} s. Run the same command again then")
            if attempt < ATTEMPTS:
                self.sleep(max(wait, asked or 0))
                wait = min(2 * wait, LONGEST_WAIT_S)
        raise NotServed(
            f"{self.host} failed {ATTEMPTS} times, the last time with {self._shown(why)}. What came before is landed; "
            "run the same command again"
        )

    def _follow(self, url: httpx.URL) -> httpx.Response:
        for _ in range(HOPS):
            answer = self._client.get(url)
            if not answer.has_redirect_location:
                return answer
            url = self._same_origin(url, answer.headers["Location"], "a redirect")
        raise Refused(f"{self.host} redirects more than {HOPS} times")

    def _same_origin(self, base: httpx.URL, target: str, what: str) -> httpx.URL:
        try:
            url = base.join(target)
        except httpx.InvalidURL:
            raise Refused(f"{self.host}: {what} is not an address: {self._shown(target)}") from None
        if _origin(url) != _origin(self.url) or url.userinfo:
            there = f"{url.scheme}://{url.host}" + (f":{url.port}" if url.port else "")
            raise Refused(
                f"{what} leads from {self.url.scheme}://{self.host} to {self._shown(there)}: the token does not go there. "
                "If the operator has moved, give the new address"
            )
        return url

    def _records(self, answer: httpx.Response, number: int) -> list[Any]:
        """The list of a page. Refuses what is no page, with what the server said, and a page that repeats the token."""
        where = f"{self.host}: page {number}"
        if answer.status_code in (401, 403):
            raise Refused(f"{self.host} refuses the token (HTTP {answer.status_code}): {self._shown(answer.text)}")
        if answer.status_code != 200:
            raise Refused(f"{where}: HTTP {answer.status_code}: {self._shown(answer.text)}")
        try:
            said = json.loads(answer.content)
        except (ValueError, RecursionError):
            raise Refused(
                f"{where} is not JSON: {self._shown(answer.text)}. Is the address that of the CDRs?"
            ) from None
        status = said.get("status_code") if isinstance(said, dict) else None
        if isinstance(status, int) and status >= FIRST_ERROR:
            raise Refused(f"{where}: the server says {status} {self._shown(str(said.get('status_message', '')))}")
        if not isinstance(status, int) or not isinstance(said.get("data"), list):
            raise Refused(f"{where} is no list of an OCPI response: {self._shown(answer.text)}")
        body = answer.content.replace(b"\\/", b"/")
        if self.token.encode() in body or self._encoded.encode() in body:
            raise Refused(
                f"{where} repeats the credentials token: it was not kept. Tell the operator, and change the token"
            )
        return list(said["data"])

    def _shown(self, text: str) -> str:
        """What a server said, on one line, short and without the token."""
        for secret in (self.token, self._encoded):
            text = text.replace(secret, "***")
        line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
        return f"'{line[:SHOWN]}…'" if len(line) > SHOWN else f"'{line}'"


def _checked(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise UsageError(
            "the address of the CDR module is not a URL: write it like https://host/ocpi/2.2.1/cdrs"
        ) from None
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise UsageError(
            "the address of the CDR module is like https://host/ocpi/2.2.1/cdrs, with no name or password in it"
        )
    if url.scheme == "http" and url.host not in LOOPBACK:
        raise UsageError(f"the token would travel unencrypted to {url.host}: give its https address")
    return url


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host, url.port  # the default port of a scheme is None


def _retry_after(answer: httpx.Response) -> int | None:
    """Seconds that the server asks to wait, told as a number or as a date."""
    told = answer.headers.get("Retry-After", "")
    if told.isdecimal():
        return int(told)
    try:
        until = email.utils.parsedate_to_datetime(told)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0, int((until - datetime.now(UTC)).total_seconds()) + 1)
