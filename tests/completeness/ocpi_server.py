"""A CDR module of OCPI 2.2.1 on loopback, made by hand: real HTTP, records in memory, and what a test makes it do wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "credentials-token-0815"
ENCODED = base64.b64encode(TOKEN.encode()).decode()
Record = dict[str, str]


def records(count: int, day: str = "2026-03-10") -> list[Record]:
    """So many records, one a minute from midnight on."""
    return [{"id": f"C{n:03d}", "last_updated": f"{day}T{n // 60:02d}:{n % 60:02d}:00Z"} for n in range(count)]


class Party(ThreadingHTTPServer):
    """The server of an operator. `next_answers` are what the next requests get instead of a page, first one first."""

    daemon_threads = True

    def __init__(self, held: list[Record], limit: int) -> None:
        super().__init__(("127.0.0.1", 0), Module)
        self.held, self.limit = held, limit
        self.asked: list[dict[str, str]] = []
        self.tokens: list[str | None] = []
        self.next_answers: list[Callable[[Module], None] | None] = []
        self.total: Callable[[int, int], int | str | None] = lambda matching, _: matching
        self.link: Callable[[str, int, int], str | None] = lambda address, offset, matching: (
            f"{address}&offset={offset}" if offset < matching else None
        )
        self.page: Callable[[list[Record]], Any] = lambda found: {
            "data": found, "status_code": 1000, "timestamp": f"2026-03-11T00:00:{len(self.asked):02d}Z",
        }  # fmt: skip

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/ocpi/cpo/2.2.1/cdrs"


class Module(BaseHTTPRequestHandler):
    """`GET /cdrs?date_from&date_to&offset&limit`: from is inclusive, to is exclusive."""

    server: Party

    def do_GET(self) -> None:
        query = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self.server.asked.append(query)
        self.server.tokens.append(self.headers.get("Authorization"))
        instead = self.server.next_answers.pop(0) if self.server.next_answers else None
        if instead is not None:
            instead(self)
        elif self.headers.get("Authorization") != f"Token {ENCODED}":
            self.say(401, {"status_code": 2001, "status_message": f"who is {self.headers.get('Authorization')}?"})
        else:
            self.give_page(query)

    def give_page(self, query: dict[str, str]) -> None:
        """The records that are asked for, as far as they go on a page."""
        first, last = query.get("date_from", ""), query["date_to"]
        matching = [record for record in self.server.held if first <= record["last_updated"] < last]
        offset, limit = int(query["offset"]), min(int(query["limit"]), self.server.limit)
        found = matching[offset : offset + limit]
        headers: dict[str, str] = {"X-Limit": str(self.server.limit)}
        if (total := self.server.total(len(matching), len(self.server.asked))) is not None:
            headers["X-Total-Count"] = str(total)
        kept = "&".join(f"{name}={value}" for name, value in query.items() if name != "offset")
        if link := self.server.link(f"{self.server.address}?{kept}", offset + limit, len(matching)):
            headers["Link"] = f'<{link}>; rel="next"'
        self.say(200, self.server.page(found), headers)

    def say(self, status: int, said: Any, headers: dict[str, str] | None = None) -> None:
        """Answer with JSON, or with text as it is."""
        body = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """A test reads what a server was asked from `asked`."""


def status(code: int, said: Any = "", **headers: str) -> Callable[[Module], None]:
    """Answer with this status; `Retry_After` is the header Retry-After."""
    return lambda module: module.say(code, said, {name.replace("_", "-"): told for name, told in headers.items()})


def after(change: Callable[[Party], object]) -> Callable[[Module], None]:
    """Answer as ever, after something has changed."""

    def answer(module: Module) -> None:
        change(module.server)
        module.give_page(module.server.asked[-1])

    return answer


def reset(module: Module) -> None:
    """Break the connection in the middle of the answer."""
    module.send_response(200)
    module.send_header("Content-Length", "1000")
    module.end_headers()
    module.wfile.write(b'{"data": [')
    module.close_connection = True


@contextmanager
def serving(held: list[Record], limit: int = 10) -> Iterator[Party]:
    """The server while a test needs it."""
    party = Party(held, limit)
    thread = Thread(target=party.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield party
    finally:
        party.shutdown()
        party.server_close()
        thread.join()
