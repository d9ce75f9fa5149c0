"""`chargeledger methodology`: list, show, check, new-version, publish."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chargeledger import methodology as versions
from chargeledger import sensitivity, version_check, versioning
from chargeledger.errors import Refused, UsageError

app = typer.Typer(no_args_is_help=True, help="Methodology versions: list, show, check, make and publish them.")
out = Console(soft_wrap=True, highlight=False)
Name = Annotated[str, typer.Argument(help="ID@VERSION, such as cn_ev_charging@1.2.0.")]


@app.command("list")
def list_versions() -> None:
    """Every version with its status, where it is in force, and whether its folder is what was published."""
    broken = []
    for row in versioning.overview():
        out.print(f"{row.name:24} {row.status:10} {row.integrity:12} {row.digest[:16]}  in force: {row.in_force}")
        if row.integrity == "changed":
            broken.append(row.name)
    if broken:
        raise Refused(f"not what was published: {', '.join(broken)}")


@app.command()
def show(
    name: Name,
    html: Annotated[bool, typer.Option("--html", help="Write one self-contained page, for an auditor.")] = False,
    file: Annotated[
        Path | None,
        typer.Argument(help="The page to write with --html. [default: ID_VERSION.html]", show_default=False),
    ] = None,
) -> None:
    """Applicability, equations, parameters with their sources, factors, sensitivity and cases of a version.

    Example: `chargeledger methodology show cn_ev_charging@1.2.0 --html page.html`
    """
    version = versions.load(name, draft_allowed=True)
    if file and not html:
        raise UsageError(f"'{file}' is a page to write: say --html {file}")
    if html:
        from chargeledger.version_page import write_version_page

        out.print(f"page: {write_version_page(version, file or Path(f'{version.folder.name}.html'))}", markup=False)
    else:
        versioning.show(version, out)


@app.command()
def check(
    name: Name,
    write_sensitivity: Annotated[
        bool, typer.Option("--write-sensitivity", help="Write the recomputed table into METHODOLOGY.md of a draft.")
    ] = False,
) -> None:
    """Check a version: derivations, units, dates, references, sources, SQL, the sensitivity table, every case to the ng."""
    version = versions.load(name, draft_allowed=True)
    if write_sensitivity:
        sensitivity.write_sensitivity(version)
    findings = version_check.check(version)
    for finding in findings:
        out.print(f"{'ok    ' if finding.passed else 'BROKEN'}  {finding.what}: {finding.said}", markup=False)
    broken = [finding.what for finding in findings if not finding.passed]
    if broken:
        raise Refused(f"{name} does not pass: {', '.join(broken)}")


@app.command("new-version")
def new_version(
    name: Name, number: Annotated[str, typer.Argument(help="The new version, MAJOR.MINOR.PATCH, later than the old.")]
) -> None:
    """Copy a version to a draft of the next one."""
    folder = versioning.new_version(versions.load(name, draft_allowed=True), number)
    out.print(f"draft: {folder}")
    out.print("Change it, check it with 'chargeledger methodology check', then publish it.")


@app.command()
def publish(name: Name) -> None:
    """Check a draft and freeze it: its digest goes into methodology/published.yaml."""
    digest = versioning.publish(name)
    out.print(f"published {name}, digest {digest}. Not a byte of its folder may change from now on.")
