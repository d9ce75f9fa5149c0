"""What the pages share: the environment of their templates, how they spell numbers, and how a page is written."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from chargeledger.errors import UsageError
from chargeledger.lake import instant_text
from chargeledger.report_plot import per_cent
from chargeledger.whole_file import write_file


def page_template(name: str) -> Template:
    """A template of the package; a name that it is not given is an error."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": lambda value: f"{int(value):,}",
        "kwh": lambda wh: f"{Decimal(wh).scaleb(-3):,.3f}",
        "mwh": lambda wh: f"{Decimal(wh).scaleb(-6):,.3f}",
        "kg": lambda ng: f"{Decimal(ng).scaleb(-12):,.3f}",
        "instant": lambda instant: instant_text(instant).replace("T", " ").replace("Z", " UTC"),
        "share": per_cent,
    }
    return environment.get_template(name)


def write_page(path: Path, page: str, elsewhere: str) -> Path:
    """Write a page whole or not at all; `elsewhere` says how to name another file."""
    try:
        write_file(path.resolve(), page.encode())
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}. Name another file {elsewhere}") from error
    return path
