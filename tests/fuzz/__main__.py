"""Fuzz from the command line: figures to stderr, exit 1 where an input broke something."""

from __future__ import annotations

import argparse
import sys
from itertools import product
from pathlib import Path
from random import Random

from tests.fuzz.campaign import Campaign, say
from tests.fuzz.fhir_mutations import mutate_fhir
from tests.fuzz.mutations import mutate
from tests.fuzz.properties import check
from tests.fuzz.seeds import REPOSITORY, engines, fhir_seeds, seeds

# Git ignores the folder: what is kept may hold parts of real messages.
KEPT = REPOSITORY / "out" / "fuzz"


def main() -> int:
    """Run one campaign."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="how many inputs (100000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other inputs (1)")
    parser.add_argument("--start", type=int, default=0, help="the number of the first input (0)")
    parser.add_argument("--replay", type=Path, help="check one kept input and show what it breaks")
    parser.add_argument("--fhir", action="store_true", help="only FHIR documents, changed as such")
    options = parser.parse_args()
    if options.replay:
        return _replay(options.replay)
    pool, make = (fhir_seeds(), mutate_fhir) if options.fhir else (seeds(), mutate)
    say(f"{len(pool)} seeds of {sum(map(len, pool)):,} bytes; seed {options.seed}")
    campaign = Campaign(engines(), KEPT, make=make)
    campaign.run(pool, options.seed, range(options.start, options.start + options.count))
    say(f"{campaign.inputs:,} inputs in {campaign.seconds:.0f} s  {campaign.figures}")
    for what, count in campaign.failures.most_common():
        say(f"{count:>9,}  {what}")
    return 1 if campaign.failures else 0


def _replay(path: Path) -> int:
    for number, engine in product(range(64), engines()):
        check(engine, path.read_bytes(), Random(number))  # noqa: S311 - seeded on purpose
    say("nothing is broken")
    return 0


if __name__ == "__main__":
    sys.exit(main())
