"""What can be asked of `python -m tests.crash`."""

from __future__ import annotations

import argparse
import os

from tests.crash.flows import FLOWS
from tests.crash.trials import MODES

WRITERS = 8
DESCRIPTION = """Disturb small flows at their system calls that change the lake, start them again, and hold what is there then
against a flow that nothing disturbed. A flow is one command on a lake of a few rows; a site is one such call of it."""
EPILOG = """modes, what happens at a site:
  kill    SIGKILL before the call; the command is given again and killed once more, at a site that it has then
  torn    the same in the middle of the call: a write writes half, any other call is done
  EIO     the call fails, the others do not
  ENOSPC  from the call on, all that needs room fails
  EROFS   from the call on, all that changes the lake fails
and in the end the same command is given once more and left in peace.

figures, per flow:
  not met  sites after which no second kill was possible, because the command changes nothing any more
  borne    errors after which the command said that all is well, and all was

examples:
  python -m tests.crash --modes kill --jobs 2                      killed at every site of every flow
  python -m tests.crash --flow approve,close --every 5             each fifth site of two flows, in every mode
  python -m tests.crash --few 3 --modes kill,EIO                   a quick look at every flow
  python -m tests.crash --flow publish --site 102 --modes kill     one site, as a failure names it
  python -m tests.crash --every 0 --by-chance 1000 --races 100     no sites: kills of `run` at any moment, and races

Exit code 0 where nothing was lost, doubled, torn or told badly, else 1."""


def options() -> argparse.Namespace:
    """What is asked, names as lists."""
    asked = argparse.ArgumentParser(
        "python -m tests.crash",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    asked.add_argument("--flow", type=_names, default=list(FLOWS), help=f"of {', '.join(FLOWS)} (default: all)")
    asked.add_argument("--modes", type=_names, default=list(MODES), help=f"of {', '.join(MODES)} (default: all)")
    asked.add_argument(
        "--every", type=int, default=1, metavar="K", help="try each K-th site; 0 tries none (default: 1)"
    )
    asked.add_argument(
        "--few", type=int, metavar="N", help="try N sites of each flow, far apart, in one mode each by turns"
    )
    asked.add_argument("--site", type=int, metavar="N", help="try this site alone")
    asked.add_argument(
        "--by-chance", type=int, default=0, metavar="N", help="kills of `run` at any moment (default: 0)"
    )
    asked.add_argument(
        "--races", type=int, default=0, metavar="N", help=f"races of {WRITERS} that account (default: 0)"
    )
    asked.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (default: one per core)")
    told = asked.parse_args()
    for kind, given, known in (("flow", told.flow, FLOWS), ("mode", told.modes, MODES)):
        if unknown := [name for name in given if name not in known]:
            asked.error(f"no such {kind}: {', '.join(unknown)}. There are {', '.join(known)}")
    return told


def _names(text: str) -> list[str]:
    return text.split(",")
