"""The command line. Each command calls one function of `flow`; the DAGs call the same."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from chargeledger import __version__, asking, flow
from chargeledger.cli_approval import app as approval_app
from chargeledger.cli_approval import approve as approve_command
from chargeledger.cli_approval import print_proposal
from chargeledger.cli_approval import reject as reject_command
from chargeledger.cli_completeness import print_completeness
from chargeledger.cli_feed import app as feed_app
from chargeledger.cli_methodology import app as methodology_app
from chargeledger.cli_options import LakeOption
from chargeledger.cli_period import app as period_app
from chargeledger.cli_pull import app as pull_app
from chargeledger.cli_quarantine import app as quarantine_app
from chargeledger.cli_sample import sample as sample_command
from chargeledger.cli_shadow import shadow as shadow_command
from chargeledger.cli_source import app as source_app
from chargeledger.cli_trace import trace as trace_command
from chargeledger.engines import DUCKDB
from chargeledger.errors import ApprovalNeeded, ChargeledgerError, UsageError, some_keys
from chargeledger.lake import Lake

INTERRUPTED = 130
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""Exact accounting of estimated CO2 avoided and green-energy points for electric-vehicle charging.

    Sessions and the hourly generation mix go in; a frozen methodology version turns them into reductions and points; a ledger
    takes the difference between what is due and what is posted; a publication comes out that a reward service reads.

    Exit codes: 0 done, 1 refused, missing, different, not writable or not served, 2 usage, 3 approval needed,
    130 interrupted.""",
)
app.add_typer(methodology_app, name="methodology")
app.add_typer(period_app, name="period")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(source_app, name="source")
app.add_typer(pull_app, name="pull")
app.add_typer(feed_app, name="feed")
app.add_typer(approval_app, name="proposal")
app.command("approve")(approve_command)
app.command("reject")(reject_command)
app.command("sample")(sample_command)
app.command("shadow")(shadow_command)
app.command("trace")(trace_command)
out = Console(soft_wrap=True, highlight=False)
progress = Console(stderr=True, soft_wrap=True, highlight=False)

AtOption = Annotated[
    str | None,
    typer.Option("--at", help="The clock of this run, like 2026-03-13T16:00:00Z. It never goes back. [default: now]"),
]
ProgrammeOption = Annotated[
    str | None, typer.Option("--programme", help="Only sessions of this programme. [default: all]")
]
EngineOption = Annotated[
    str, typer.Option("--engine", help="What computes the SQL: duckdb, or spark on the machines of its master.")
]


def _report(line: str) -> None:
    progress.print(line, markup=False)


def _pairs(given: list[str], option: str) -> list[tuple[str, str]]:
    pairs = []
    for text in given:
        source, equals, path = text.partition("=")
        if not equals or not path:
            raise UsageError(f"{option} takes SOURCE=PATH, such as acn_csv=sessions.csv; got '{text}'")
        pairs.append((source, path))
    return pairs


def _held(done: dict[str, Any], lake: str | None) -> None:
    """Show what this run proposes, and exit with 3 as long as anything waits for a decision."""
    if done["proposed"]:
        out.print(f"\nProposed by receipt {done['receipt']}:", markup=False)
        print_proposal(done["proposed"], asking.proposal(done["receipt"], lake)[1], out)
    if held := done["held"]:
        raise ApprovalNeeded(
            f"{len(held)} sessions would change and are held: {some_keys(held)}. All the rest is posted. "
            "They wait until somebody decides: see 'chargeledger proposal list', then 'chargeledger approve RECEIPT' "
            "or 'chargeledger reject RECEIPT', --by NAME --because TEXT."
        )


@app.command()
def run(
    sessions: Annotated[
        list[str] | None, typer.Option("--sessions", help="SOURCE=PATH of charging sessions; may be repeated.")
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option("--grid", help="SOURCE=PATH of generation mix, green supply or certificates; may be repeated."),
    ] = None,
    programme: ProgrammeOption = None,
    engine: EngineOption = DUCKDB,
    lake: LakeOption = None,
    at: AtOption = None,
) -> None:
    """The whole flow: land, check, stage, account, publish. Without files, on the built-in sample (synthetic).

    The sample is accounted for cn_green_energy and at its own clock, unless others are named. Run it again and it posts nothing.

    Example: `chargeledger run --lake lake --programme us_california --sessions acn_csv=sessions.csv --grid ciso_mix_csv=mix.csv`
    """
    session_files, grid_files = _pairs(sessions or [], "--sessions"), _pairs(grid or [], "--grid")
    with tempfile.TemporaryDirectory(prefix="chargeledger-sample-") as folder:
        if not session_files and not grid_files:
            from chargeledger.synthetic import write_built_in

            written = write_built_in(Path(folder))
            _report(written["says"])
            session_files = [(source, path) for source, paths in written["sources"].items() for path in paths]
            programme, at = programme or "cn_green_energy", at or written["at"]
        done = flow.run(session_files, grid_files, lake, programme, at, _report, engine)
    asking.summary(lake, programme)
    _held(done["account"], lake)


@app.command()
def ingest(
    source: Annotated[
        str, typer.Argument(help="Source definition, such as acn_csv. Unknown names list the known ones.")
    ],
    paths: Annotated[list[str], typer.Argument(help="Files of that source.")],
    lake: LakeOption = None,
    at: AtOption = None,
) -> None:
    """Land files as received, check them against their contract and stage what may pass; the rest stands in quarantine.

    A file that was refused as a whole is tried again by the same command, after its definition is mended. Single rows in
    quarantine are taken up again by `chargeledger quarantine release`.
    """
    flow.ingest(source, paths, lake, at, _report)


@app.command()
def account(
    vintages: Annotated[
        str | None, typer.Argument(help="2026-03-09 or 2026-03-09..2026-03-11; without it, every vintage.")
    ] = None,
    programme: ProgrammeOption = None,
    methodology: Annotated[
        str | None,
        typer.Option("--methodology", help="ID@VERSION: compute with it and compare, post nothing. Needs --programme."),
    ] = None,
    engine: EngineOption = DUCKDB,
    lake: LakeOption = None,
    at: AtOption = None,
) -> None:
    """Assess what was touched and post the difference between due and posted, in one commit."""
    if methodology:
        if not programme:
            raise UsageError("--methodology needs --programme: say whose sessions are computed")
        told = asking.compare_methodology(lake, vintages, methodology, programme, at=at)
        out.print(
            f"{told['sessions']:,} sessions under {methodology}: {told['points']:,} points, "
            f"{told['ledger_points']:,} in the ledger"
        )
        out.print(f"Comparison: {told['comparison']}")
        return
    done = flow.account(lake, vintages, programme, at, _report, engine)
    out.print(
        f"{done['posted_entries']:,} entries, {done['posted_points']:,} points posted"
        + (f"; receipt {done['receipt']}" if done["receipt"] else "; nothing changed")
    )
    _held(done, lake)


@app.command()
def completeness(
    vintages: Annotated[
        str | None, typer.Argument(help="2026-03-09 or 2026-03-09..2026-03-11; without it, the last seven days.")
    ] = None,
    programme: ProgrammeOption = None,
    lake: LakeOption = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Judge the days that had ended at this instant. [default: now]")
    ] = None,
) -> None:
    """Is yesterday in? Sessions received against sessions expected, per operator, grid region and day, worst first.

    Expected is the operator's newest control total of the day (`delivery_control`); without one, the median of what came on the
    same weekday of up to four earlier weeks. A total must be met; a weekday may fall short by a fifth, and by chance: three
    times the square root (data_contracts/reference/completeness_rule.csv). What was refused has come: it stands in quarantine.

    A total of a delivery (X-Total-Count of a pull) speaks of no day: deliveries that came short are listed by themselves, until a
    later pull covers them.

    Exit code 1 where something is missing, so that a pipeline stops on it.

    Example: `chargeledger completeness 2026-03-09..2026-03-15 --programme cn_green_energy`
    """
    told = asking.completeness(lake, vintages, programme, at)
    print_completeness(told, Console(highlight=False))
    if told.missing:
        raise typer.Exit(1)


@app.command()
def publish(
    lake: LakeOption = None,
    at: AtOption = None,
    keep_days: Annotated[
        int | None,
        typer.Option(
            "--keep-days",
            help="Days for which a superseded publication is kept. [default: CHARGELEDGER_KEEP_PUBLICATIONS_DAYS, else 7]",
        ),
    ] = None,
) -> None:
    """Publish the ledger: a verified DuckDB file and segments, then the pointer published/CURRENT.

    Publications superseded for longer than they are kept are removed; the current one stays, and every
    segment that a kept one names.
    """
    done = flow.publish(lake, at, _report, keep_days)
    out.print(f"publication {done['number']}{'' if done['is_new'] else ' (nothing new)'}: {done['path']}")
    asking.certificates_shown(lake, out.print)


@app.command()
def explain(
    session_id: Annotated[str, typer.Argument(help="ISSUER:ORDER, as in session_status.")],
    lang: Annotated[
        str, typer.Option("--lang", help="en or zh: the language of the words; formulas and sources stay.")
    ] = "en",
    lake: LakeOption = None,
) -> None:
    """How a session's points came about: in plain words, then every step with its formula, numbers and their sources."""
    from chargeledger.explain import explain as explain_session

    explain_session(Lake(lake, must_exist=True), session_id, out, lang)


@app.command()
def rerun(
    receipt: Annotated[
        str,
        typer.Argument(help="Digest of the receipt of a run, a decision or a close, its first digits, or its path."),
    ],
    lake: LakeOption = None,
) -> None:
    """Compute a receipt again from the same inputs: prints "same", or the first differing relation, key and column."""
    told = asking.rerun(receipt, lake)
    for note in told["notes"]:
        _report(f"note: {note}")
    if told["same"]:
        out.print("same")
        return
    out.print(f"different: {told['difference']}")
    raise typer.Exit(1)


@app.command()
def verify(lake: LakeOption = None) -> None:
    """Check the whole lake, from landed files to publications.

    Landed files, receipts and segments by digest; staged rows, states and entries as they were written; closed months; the
    chains of publications and of shards; and that what is published is the fold of the ledger, without a gap.
    """
    from chargeledger.verify import verify as verify_lake

    for line in verify_lake(Lake(lake, must_exist=True)):
        out.print(line)


@app.command()
def report(
    programme: ProgrammeOption = None,
    lake: LakeOption = None,
    to: Annotated[Path, typer.Option("--out", help="The page to write.")] = Path("report.html"),
) -> None:
    """One self-contained HTML page of the current publication: what is in, what waits, what was refused, with plots."""
    from chargeledger.report import write_report

    out.print(f"report: {write_report(Lake(lake, must_exist=True), programme, to)}")


@app.command()
def summary(programme: ProgrammeOption = None, lake: LakeOption = None) -> None:
    """The table of a programme from the current publication: sessions, kWh, CO2 avoided, points, what waits."""
    asking.summary(lake, programme)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        out.print(__version__)
        raise typer.Exit


def main() -> NoReturn:
    """Entry point: errors of the package print without a traceback and set the exit code."""
    try:
        code = app(standalone_mode=False)
    except ChargeledgerError as error:
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:
        if isinstance(error, RuntimeError) and "Query interrupted" in str(error):
            _interrupted()
        if not hasattr(error, "show"):
            raise
        error.show()
        sys.exit(2)
    if code == INTERRUPTED:
        _interrupted()
    sys.exit(code if isinstance(code, int) else 0)


def _interrupted() -> NoReturn:
    _fail("interrupted; nothing is half posted. Run the same command again to go on.", INTERRUPTED)


def _fail(message: str, code: int) -> NoReturn:
    progress.print(f"chargeledger: {message}", markup=False)
    sys.exit(code)


if __name__ == "__main__":
    main()
