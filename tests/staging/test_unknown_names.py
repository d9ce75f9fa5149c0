"""A name or a path that is not there is a mistake in the call: exit code 2, what there is instead, and nothing touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.staging.canonical_files import AT, session_csv, session_rows
from tests.staging.command_line import assert_says, chargeledger, chargeledger_here
from tests.staging.lake_contents import files_of

CHINA = ("--programme", "cn_green_energy")
UNKNOWN = {
    "source": (
        ("ingest", "sesion_csv", "FILE"),
        ("unknown source 'sesion_csv'", "Did you mean session_csv?", "acn_csv, ", "ciso_mix_csv, ", "grid_mix_csv, "),
    ),
    "source of a run": (("run", "--sessions", "acn=FILE"), ("unknown source 'acn'", "Known sources: acn_csv")),
    "run without a source": (("run", "--sessions", "FILE"), ("--sessions takes SOURCE=PATH",)),
    "file": (("ingest", "session_csv", "FILE", "nowhere.csv"), ("no such file: nowhere.csv. Nothing was landed",)),
    "folder for a file": (("ingest", "session_csv", "/"), ("no such file: /. Nothing was landed",)),
    "programme": (
        ("account", "--programme", "us_californa"),
        ("unknown programme 'us_californa'. Known: cn_green_energy, us_california",),
    ),
    "programme of a run": (("run", "--sessions", "session_csv=FILE", "--programme", "cn"), ("unknown programme 'cn'",)),
    "version": (
        ("account", *CHINA, "--methodology", "cn_ev_charging@9.0.0"),
        ("unknown methodology 'cn_ev_charging@9.0.0'", "cn_ev_charging@3.0.0, us_ev_charging@1.0.0"),
    ),
    "version without its number": (
        ("account", *CHINA, "--methodology", "cn_ev_charging"),
        ("'cn_ev_charging' is not a methodology: write it like cn_ev_charging@1.2.0",),
    ),
    "version without a programme": (("account", "--methodology", "cn_ev_charging@1.2.0"), ("--methodology needs",)),
    "vintage": (("account", "2026-02-29"), ("'2026-02-29' is not a vintage: write 2026-03-09",)),
    "engine": (("account", "--engine", "sparc"), ("unknown engine 'sparc'", "duckdb")),
    "instant": (("ingest", "session_csv", "FILE", "--at", "yesterday"), ("'yesterday' is not an instant",)),
    "instant without offset": (
        ("ingest", "session_csv", "FILE", "--at", "2026-03-13T12:00:00"),
        ("has no offset: write it like 2026-03-13T12:00:00Z",),
    ),
    "receipt": (("rerun", "abc"), ("no receipt 'abc'", "the lake has: ")),
    "session": (("explain", "INVENTED-A:S9999"), ("no session 'INVENTED-A:S9999'", "<ISSUER>:<ORDER>")),
    "publication before the first": (("summary",), ("no publication yet", "chargeledger publish")),
    "command": (("frobnicate",), ("No such command 'frobnicate'",)),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_is_told_with_those_that_are_known(name: str, good_lake: str, tmp_path: Path) -> None:
    arguments, phrases = UNKNOWN[name]
    file = session_csv(tmp_path / "sessions.csv", *session_rows(3, first=501))
    before = files_of(good_lake)
    at_lake = () if name == "command" else ("--lake", good_lake)
    at = ("--at", AT) if arguments[0] in ("ingest", "run", "account") and "--at" not in arguments else ()
    done = chargeledger_here(*(part.replace("FILE", file) for part in arguments), *at_lake, *at)
    assert_says(done, 2, *phrases)
    assert files_of(good_lake) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("account",),
        ("publish",),
        ("summary",),
        ("verify",),
        ("explain", "A:1"),
        ("rerun", "abc"),
        ("account", *CHINA, "--methodology", "cn_ev_charging@1.2.0"),
    ],
    ids=lambda arguments: arguments[0] if len(arguments) < 4 else "compare",
)
def test_a_lake_that_is_not_there_is_named_and_not_made(arguments: tuple[str, ...], lake: str) -> None:
    assert_says(chargeledger_here(*arguments, "--lake", lake), 2, f"there is no lake at {lake}", "--lake")
    assert not Path(lake).exists()


@pytest.mark.parametrize("bad", ["--sessions=session_csv=nowhere.csv", "--programme=nobody", "--sessions=nobody=x.csv"])
def test_a_mistyped_run_makes_no_lake(bad: str, lake: str) -> None:
    assert_says(chargeledger_here("run", "--lake", lake, bad), 2)
    assert not Path(lake).exists()


def test_a_process_of_its_own_ends_with_the_code_of_the_mistake(lake: str) -> None:
    assert_says(chargeledger("ingest", "sesion_csv", "x.csv", "--lake", lake), 2, "chargeledger: unknown source")
    assert_says(chargeledger("ingest", "--lake", lake), 2, "Missing argument")
