"""Options that more than one command takes."""

from __future__ import annotations

from typing import Annotated

import typer

LakeOption = Annotated[
    str | None,
    typer.Option("--lake", help="A folder, or s3://bucket/prefix. [default: CHARGELEDGER_LAKE, else ./lake]"),
]
