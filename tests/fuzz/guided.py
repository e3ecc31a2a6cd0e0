"""
Let atheris look for inputs by coverage: `python -m tests.fuzz.guided --count 200000`, where atheris is installed.

It has builds for Linux on x86-64 only, so nothing depends on it. It takes our mutations in turn with its own, and what
reaches new code is mutated further. An input that breaks something stops it and is kept beside those of `make fuzz`.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

FOLDER = Path(__file__).parents[2] / "out" / "fuzz"
_LONGEST_BYTES = 16_384
_PARTS = ["translator.read", "translator.record", "translator.translate", "translator.pipeline"]


def main() -> None:
    """Run until the count is reached or something breaks."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    parser.add_argument("--count", type=int, default=200_000, help="how many inputs (200000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other inputs (1)")
    options = parser.parse_args()
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=_PARTS):
        check, places = import_module("tests.fuzz.properties").check, import_module("tests.fuzz.seeds")
        mutations = import_module("tests.fuzz.mutations")
    engines, pool = places.engines(), places.seeds()

    def take(raw: bytes) -> None:
        chance = Random(len(raw))  # noqa: S311 - seeded on purpose
        check(chance.choice(engines), raw, chance)

    def mutator(raw: bytes, longest: int, seed: int) -> bytes:
        chance = Random(seed)  # noqa: S311 - seeded on purpose
        if seed % 2 == 0 and raw:
            mutated: bytes = mutations.mutate(chance, [raw, *pool[:50]])[:longest]
        else:
            mutated = atheris.Mutate(raw, longest)
        return mutated

    flags = [f"-runs={options.count}", f"-seed={options.seed}", f"-max_len={_LONGEST_BYTES}", "-timeout=10"]
    folders = [f"-artifact_prefix={FOLDER}/", str(_seeded(pool))]
    atheris.Setup([sys.argv[0], *flags, *folders], take, custom_mutator=mutator)
    atheris.Fuzz()


def _seeded(pool: list[bytes]) -> Path:
    """Write the seeds where atheris reads them and adds its own."""
    folder = FOLDER / "guided"
    folder.mkdir(parents=True, exist_ok=True)
    for raw in pool:
        (folder / hashlib.sha256(raw).hexdigest()[:16]).write_bytes(raw)
    return folder


if __name__ == "__main__":
    main()
