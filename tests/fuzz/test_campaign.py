"""No input breaks a property; and what would break one is found, kept and named."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import BinaryIO

import pytest

from tests.fuzz.campaign import Campaign, Make
from tests.fuzz.fhir_mutations import mutate_fhir
from tests.fuzz.mutations import mutate
from tests.fuzz.seeds import ORDINARY, engines, fhir_seeds, seeds
from translator import Outcome, Translator
from translator.translate.service_request import Lookup, no_correlation

ENGINE = Translator.load()
HAS_TIMER = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system cannot interrupt what hangs")


@pytest.fixture
def chance() -> Random:
    """Give a generator that always says the same."""
    return Random(1)  # noqa: S311 - seeded on purpose


@pytest.mark.parametrize("seed", [20, 26])
def test_no_mutated_input_breaks_a_property(seed: int, tmp_path: Path) -> None:
    """Some thousand inputs of the long run, which `make fuzz` does."""
    campaign = Campaign(engines(), tmp_path)

    campaign.run(seeds(), seed, range(3000), talk=False)

    assert (campaign.inputs, dict(campaign.failures), list(tmp_path.iterdir())) == (3000, {}, [])
    assert campaign.entries > 3000


@pytest.mark.parametrize("seed", [20, 26])
def test_no_mutated_document_breaks_a_property(seed: int, tmp_path: Path) -> None:
    """The same for FHIR documents, changed as what they are (`python -m tests.fuzz --fhir`)."""
    campaign = Campaign(engines(), tmp_path, make=mutate_fhir)

    campaign.run(fhir_seeds(), seed, range(3000), talk=False)

    assert (campaign.inputs, dict(campaign.failures), list(tmp_path.iterdir())) == (3000, {}, [])
    assert campaign.entries > 3000


@pytest.mark.slow
def test_no_document_of_a_long_run_breaks_a_property(tmp_path: Path) -> None:
    """A minute of FHIR."""
    campaign = Campaign(engines(), tmp_path, make=mutate_fhir)

    campaign.run(fhir_seeds(), 3, range(100_000), talk=False)

    assert dict(campaign.failures) == {}


@pytest.mark.slow
def test_no_input_of_a_long_run_breaks_a_property(tmp_path: Path) -> None:
    """Half a minute or more of `make fuzz`."""
    campaign = Campaign(engines(), tmp_path)

    campaign.run(seeds(), 3, range(100_000), talk=False)

    assert dict(campaign.failures) == {}


@pytest.mark.parametrize(
    ("make", "pool"), [pytest.param(mutate, seeds(), id="any"), pytest.param(mutate_fhir, fhir_seeds(), id="fhir")]
)
def test_input_is_named_by_its_seed_and_number(make: Make, pool: list[bytes]) -> None:
    """What a run reports can be made again."""
    inputs = [make(Random(f"7/{number}"), pool) for number in range(200)]  # noqa: S311 - seeded on purpose

    assert inputs == [make(Random(f"7/{number}"), pool) for number in range(200)]  # noqa: S311 - the same
    assert len(set(inputs)) > 190


class Broken(Translator):
    """An engine with a defect: it raises, gives nothing, loses an entry, or hangs."""

    def __init__(self, defect: str) -> None:
        super().__init__(ENGINE.tables)
        self._defect = defect

    def translate_pieces(
        self, file: BinaryIO, *, name: str = "", correlation: Lookup = no_correlation
    ) -> Iterator[tuple[bytes, Outcome]]:
        """Translate with the defect."""
        for raw, outcome in super().translate_pieces(file, name=name, correlation=correlation):
            match self._defect:
                case "raises":
                    raise KeyError
                case "hangs":
                    while True:
                        pass
                case "loses":
                    yield raw, Outcome(outcome.source, outcome.state, entries=outcome.entries[1:])
                case "silent":
                    return


@pytest.mark.parametrize(
    ("defect", "what"),
    [
        pytest.param("raises", "KeyError", id="unexpected-exception"),
        pytest.param("silent", "a stream gives at least one outcome", id="no-outcome"),
        pytest.param("loses", "entries are numbered through", id="lost-entry"),
        pytest.param("hangs", "Hang", id="hang", marks=HAS_TIMER),
    ],
)
def test_broken_engine_is_found_out(defect: str, what: str, chance: Random, tmp_path: Path) -> None:
    """A failure is counted and its input kept, and the run goes on."""
    campaign = Campaign([Broken(defect)], tmp_path, limit_s=0.2)

    for _ in range(2):
        campaign.take(ORDINARY, chance)

    ((found, count),) = campaign.failures.items()
    assert (what in found, count) == (True, 2)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [ORDINARY]
