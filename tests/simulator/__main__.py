"""Live many lives, one per seed, and say which broke, at what, and how to live that one again.

python -m tests.simulator --seeds 2000 --jobs 2
python -m tests.simulator --first 17 --seeds 1 --steps 5 --loud
python -m tests.simulator --mutations --jobs 2
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulator.lives import Lived, find_all, many
from tests.simulator.mutations import FIRST, FOUND, MUTATIONS


def _say(lived: Lived) -> None:
    if lived.broke:
        print(f"\nseed {lived.seed} broke: {lived.broke}\n  after " + "\n  ".join(lived.told[-6:]))
        print(f"  again: python -m tests.simulator --first {lived.seed} --seeds 1 --loud", flush=True)


def _mutations(first: int, seeds: int | None, jobs: int) -> int:
    """A table: bug, the seed that finds it, lives from seed 1 within which it is found, and by what.

    Refused is the package's own check. A life that is known to find a bug need not be the first that does.
    """
    tried = (
        [(name, range(first, first + seeds)) for name in MUTATIONS] if seeds else [(n, [s]) for n, s in FOUND.items()]
    )
    missed = 0
    print(f"{'bug':50} {'seed':>5} {'within':>6}  found by")
    for name, lived in find_all(tried, jobs):
        missed += lived is None
        within = lived.seed if lived and (first == 1 if seeds else name in FIRST) else "-"
        told = (lived.seed, within, lived.invariant) if lived else ("-", "-", "not found")
        print("{:50} {:>5} {:>6}  {}".format(name, *told), flush=True)
    print(f"{len(tried)} of {len(MUTATIONS)} bugs planted, {missed} not found")
    return int(missed > 0)


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seeds", type=int, help="lives to live (default: 100)")
    words.add_argument("--first", type=int, default=1, help="the first seed")
    words.add_argument("--steps", type=int, help="steps of each life before its end; as the seed says where not given")
    words.add_argument("--jobs", type=int, default=1, help="lives at a time")
    words.add_argument("--mutation", choices=MUTATIONS, metavar="NAME", help="plant this bug")
    words.add_argument(
        "--mutations",
        action="store_true",
        help="plant every bug in turn, in the life that is known to find it; with --seeds N, in N lives until one finds it."
        " 'within' is how many lives from seed 1 on that takes, where it is known",
    )
    words.add_argument("--loud", action="store_true", help="say what happens in each life")
    asked = words.parse_args()
    if asked.mutations:
        return _mutations(asked.first, asked.seeds, asked.jobs)
    started = time.monotonic()

    done: list[int] = []

    def say(lived: Lived) -> None:
        done.append(lived.seed)
        if len(done) % 50 == 0:
            print(f"{len(done):,} lives, {time.monotonic() - started:,.0f} s", flush=True)
        if asked.loud:
            print("\n".join([f"seed {lived.seed}", *lived.told]))
        _say(lived)

    seeds = range(asked.first, asked.first + (100 if asked.seeds is None else asked.seeds))
    lived = many(seeds, asked.steps, asked.jobs, say, asked.mutation)
    broken = sorted(each.seed for each in lived if each.broke)
    seconds = sum(each.seconds for each in lived) / len(lived)
    died, raced = sum(each.died for each in lived), sum(each.raced for each in lived)
    print(
        f"{len(lived):,} lives, {sum(each.entries for each in lived):,} entries, {died:,} acts that died, {raced:,} overtaken; "
        f"{seconds:.1f} s a life, {time.monotonic() - started:,.0f} s in all"
    )
    print(f"broken: {', '.join(map(str, broken)) or 'none'}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
