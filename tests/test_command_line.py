"""The command line as a person meets it: help that teaches, exit codes, and errors that say what to do next."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from chargeledger import __version__, flow
from chargeledger.cli import app
from tests.command_line_lake import AT, HEADER, KEY, MIX_HEADER, SESSIONS, chargeledger, make, write


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The lake with five sessions. Read it, never write it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARGELEDGER_PSEUDONYM_KEY", KEY)
        return make(tmp_path_factory.mktemp("command_line"))


@pytest.fixture
def copy(made: str, tmp_path: Path) -> str:
    """A copy of the lake, to be written."""
    return str(shutil.copytree(made, tmp_path / "copy"))


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_every_command_of_the_design_is_there() -> None:
    owed = {"run", "ingest", "account", "publish", "explain", "trace", "rerun", "verify"}
    owed |= {"period show", "period close"}
    owed |= {f"methodology {name}" for name in ("list", "show", "check", "new-version", "publish")}
    assert owed <= {" ".join(name) for name in COMMANDS}


@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_help_describes_the_command_and_each_of_its_arguments(name: tuple[str, ...]) -> None:
    command = COMMANDS[name]
    assert re.match(r"[A-Z].+\.$", command.help.splitlines()[0]), "a sentence"
    for parameter in command.params:
        said = getattr(parameter, "help", None)
        assert said and len(said) > 10, f"{' '.join(name)} {parameter.name} says nothing"


def test_help_shows_the_exit_codes_and_every_command() -> None:
    told = chargeledger("--help")
    assert told.code == 0
    codes = "0 done, 1 refused, missing, different, not writable or not served, 2 usage, 3 approval needed, 130 interrupted."
    assert f"Exit codes: {codes}" in re.sub(r"\s+", " ", told.out)
    for name in {first for first, *_ in COMMANDS}:
        assert re.search(rf"^│ {name} ", told.out, re.MULTILINE), name
    account = chargeledger("account", "--help")
    assert account.code == 0
    assert "2026-03-09 or 2026-03-09..2026-03-11; without it, every vintage." in re.sub(r"[│\s]+", " ", account.out)
    assert chargeledger("--version").out == f"{__version__}\n"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["run", "--bogus"], "No such option: --bogus"),
        (["account", "--at"], "requires an argument"),
        (["explain"], "Missing argument"),
        (["methodology", "burn"], "No such command 'burn'"),
        (["run", "--sessions", "session_csv"], "takes SOURCE=PATH, such as acn_csv=sessions.csv; got 'session_csv'"),
        (["run", "--sessions", "sesion_csv=a.csv"], "unknown source 'sesion_csv'. Did you mean session_csv?"),
        (["run", "--programme", "us_oregon"], "unknown programme 'us_oregon'. Known: cn_green_energy, us_california"),
        (["ingest", "session_csv", "nowhere.csv"], "no such file: nowhere.csv. Nothing was landed"),
        (["account", "--engine", "abacus"], "unknown engine 'abacus': duckdb"),
        (["account", "2026-03-09", "--methodology", "cn_ev_charging@1.1.0"], "--methodology needs --programme"),
        (["methodology", "show", "cn_ev_charging"], "write it like cn_ev_charging@1.2.0"),
        (["methodology", "check", "cn_ev_charging@9.0.0"], "unknown methodology 'cn_ev_charging@9.0.0'. Known: cn_ev"),
        (["methodology", "new-version", "cn_ev_charging@1.2.0", "1.1.9"], "1.1.9 is not later than 1.2.0"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_call_exits_2_and_says_what_is_right(call: list[str], said: str, lake: str) -> None:
    told = chargeledger(*call, *(["--lake", lake] if call[0] in ("run", "ingest") and call[-1] != "--bogus" else []))
    assert told.code == 2, told
    assert said in told.err and "Traceback" not in told.err and told.out == ""


def test_nothing_at_all_is_answered_with_the_help() -> None:
    told = chargeledger()
    assert (told.code, told.err.strip()) == (2, "") and re.search(r"Usage: .+ COMMAND \[ARGS\]", told.out)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["explain", "PAPER:6"], "no session 'PAPER:6' in the ledger of"),
        (["explain", "paper 1"], "Ids are <ISSUER>:<ORDER>, as in session_status"),
        (["rerun", "0000"], "no receipt '0000': the lake has: "),
        (["account", "--programme", "us_oregon"], "unknown programme 'us_oregon'. Known: cn_green_energy"),
        (["account", "--at", "2026-03-13T16:00:00"], "has no offset: write it like 2026-03-13T16:00:00Z or"),
        (["account", "--at", "tomorrow"], "'tomorrow' is not an instant: write it like 2026-03-13T16:00:00Z"),
        (["account", "2026-02-30"], "'2026-02-30' is not a vintage: write 2026-03-09 or 2026-03-09..2026-03-11"),
        (["account", "9 March"], "'9 March' is not a vintage"),
        (["account", "2026-03-10..2026-03-09"], "ends before it starts"),
    ],
)
def test_a_wrong_name_day_or_instant_for_a_lake_exits_2_with_a_hint(made: str, call: list[str], said: str) -> None:
    told = chargeledger(*call, "--lake", made)
    assert told.code == 2 and said in told.err and "Traceback" not in told.err


def test_publishing_nothing_new_by_a_clock_that_is_none_exits_2(made: str) -> None:
    assert chargeledger("publish", "--at", "tomorrow", "--lake", made).code == 2


def test_a_summary_of_an_unknown_programme_exits_2(made: str) -> None:
    assert chargeledger("summary", "--programme", "us_oregon", "--lake", made).code == 2


@pytest.mark.parametrize("call", [["explain", "PAPER:1"], ["verify"], ["summary"], ["rerun", "0"]], ids=" ".join)
def test_a_lake_that_is_not_there_exits_2_and_is_not_made(call: list[str], tmp_path: Path) -> None:
    told = chargeledger(*call, "--lake", str(tmp_path / "none"))
    assert told.code == 2 and "there is no lake at" in told.err and "--lake" in told.err
    assert not (tmp_path / "none").exists()


def test_refused_data_exits_1_and_names_file_rule_and_definition(lake: str, tmp_path: Path) -> None:
    path = write(tmp_path / "short.csv", [HEADER.replace(",energy_kwh", ",energy"), SESSIONS[0]])
    told = chargeledger("ingest", "session_csv", path, "--lake", lake, "--at", AT)
    assert told.code == 1 and "Traceback" not in told.err
    assert "short.csv: rule columns_present: column energy_kwh (is it 'energy' here?)" in told.err
    assert "data_contracts/sources/session_csv.yaml" in told.err


def test_a_change_to_a_final_award_exits_3_and_names_the_session(copy: str, tmp_path: Path) -> None:
    """PAPER:4 is final, since its programme has no correction window; one Wh more needs approval."""
    path = write(tmp_path / "more.csv", [HEADER, SESSIONS[3].replace("27.001", "27.002")])
    flow.ingest("session_csv", [path], copy, AT)
    told = chargeledger("account", "--lake", copy, "--at", AT)
    assert told.code == 3, told
    assert "1 sessions would change and are held: PAPER:4" in told.err
    assert told.out.startswith("0 entries, 0 points posted")


def test_account_and_publish_say_what_they_did_and_do_it_once(copy: str, tmp_path: Path) -> None:
    hour = "US-CAL-CISO,2026-03-09T23:00:00Z,0,1,0,0,0,0,0,0,0,0"
    path = write(tmp_path / "late.csv", [MIX_HEADER, hour])
    flow.ingest("grid_mix_csv", [path], copy, AT)
    # 5,000 Wh over 1,200 and 600 s: 3,333 and 1,667. 5,000 x 905,091,303 - 3,333 x 127,565,877 - 1,667 x 370,000,000 ng.
    points = (5_000 * 905_091_303 - 3_333 * 127_565_877 - 1_667 * 370_000_000) // 10**9
    told = chargeledger("account", "--lake", copy, "--at", AT)
    assert told.code == 0 and re.match(rf"1 entries, {points:,} points posted; receipt [0-9a-f]{{64}}\n", told.out)
    assert chargeledger("account", "--lake", copy, "--at", AT).out == "0 entries, 0 points posted; nothing changed\n"
    assert chargeledger("publish", "--lake", copy, "--at", AT).out.startswith("publication 2: ")
    assert chargeledger("publish", "--lake", copy, "--at", AT).out.startswith("publication 2 (nothing new): ")


COMPARE = ["account", "2026-03-10", "--methodology", "cn_ev_charging@1.1.0", "--programme", "cn_green_energy"]


def test_another_version_is_compared(made: str) -> None:
    told = chargeledger(*COMPARE, "--lake", made, "--at", AT)
    # 30 kWh from a DC output at 536.6 g/kWh are 9,937 points. PAPER:3 is below 500 Wh.
    assert told.code == 0
    assert told.out.startswith("2 sessions under cn_ev_charging@1.1.0: 9,937 points, ")


def test_another_version_is_compared_with_what_the_ledger_holds_for_the_same(made: str) -> None:
    told = chargeledger(*COMPARE, "--lake", made, "--at", AT)
    assert "9,937 points, 10,132 in the ledger\n" in told.out
