"""Somebody decides on what a run proposed; and every receipt of a book, computed again."""

from __future__ import annotations

from typing import Any

from chargeledger import asking, flow
from chargeledger.approval import Proposal
from tests.ledger.book import AT, Book

Row = dict[str, Any]


def decide(book: Book, kind: str, receipt: str, at: str = AT) -> Row:
    """Approve, reject or renew what a receipt proposes."""
    return flow.decide(kind, receipt, "auditor", "read again", book.lake, at)


def approve(book: Book, done: Row, at: str = AT) -> Row:
    return decide(book, "approve", done["receipt"], at)


def reject(book: Book, done: Row, at: str = AT) -> Row:
    return decide(book, "reject", done["receipt"], at)


def proposal(book: Book, receipt: str) -> Proposal:
    """What became of a proposal."""
    (found,) = [each for each in asking.proposals(book.lake) if each.receipt == receipt]
    return found


def proposed(book: Book, receipt: str, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of the changes that a receipt proposes; amounts as integers, days as text."""
    rows = asking.proposal(receipt, book.lake)[1]
    return [
        tuple(int(r[c]) if c.endswith("_ng") else str(r[c]) if c == "vintage" else r[c] for c in columns) for r in rows
    ]


def all_receipts_are_the_same(book: Book) -> int:
    """Compute every receipt again; returns how many."""
    receipts = [commit["receipt"] for commit in book.commits()]
    assert [(asking.rerun(name, book.lake)["difference"]) for name in receipts] == [None] * len(receipts)
    return len(receipts)
