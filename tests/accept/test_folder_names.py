"""Which files of a watched folder are taken, and when each is whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.accept.folder_names import Look, is_taken, wait_on, whole
from translator.config_intakes import RENAMED, SENTINEL, STABLE, FolderIntake

SETTLE_S = 2.0


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        pytest.param("lipids.hl7", True, id="a-message"),
        pytest.param("LIPIDS.HL7", False, id="other-case-than-the-pattern"),
        pytest.param("lipids.txt", False, id="other-pattern"),
        pytest.param(".lipids.hl7", False, id="hidden"),
        pytest.param("lipids.hl7.tmp", False, id="still-written"),
        pytest.param("lipids.hl7.PART", False, id="still-transferred"),
        pytest.param("lipids.hl7.ok", False, id="sentinel"),
    ],
)
def test_name_decides_what_is_taken(name: str, taken: bool) -> None:  # noqa: FBT001 - a column of the table
    """The pattern of the site, and never what a program still writes."""
    assert is_taken(name, FolderIntake("in", files="*.hl7", complete=SENTINEL)) is taken


def looks(*sizes: int) -> list[Look]:
    """Look at files a, b, c of these sizes; each is a second younger than the one before."""
    return [Look(name, size, number * 10**9) for number, (name, size) in enumerate(zip("abc", sizes, strict=False))]


def test_file_that_grows_is_not_whole() -> None:
    """The time counts from its last change as we saw it, whatever the clock of the file server says."""
    settings = FolderIntake("in", complete=STABLE, settle_s=SETTLE_S)

    first = wait_on(looks(10), {}, 0.0)
    grown = wait_on(looks(20), first, 1.9)
    early = [*whole(grown, frozenset("a"), settings, 3.8)]
    later = [*whole(wait_on(looks(20), grown, 3.9), frozenset("a"), settings, 3.9)]

    assert (early, later) == ([], ["a"])


def test_renamed_file_is_whole_at_once() -> None:
    """Its name says so."""
    waiting = wait_on(looks(10, 20), {}, 0.0)

    assert [*whole(waiting, frozenset("ab"), FolderIntake("in", complete=RENAMED), 0.0)] == ["a", "b"]


def test_sentinel_says_which_file_is_whole() -> None:
    """Only the file that has one beside it."""
    waiting = wait_on(looks(10, 20), {}, 0.0)

    found = [*whole(waiting, frozenset({"a", "b", "b.ok"}), FolderIntake("in", complete=SENTINEL), 99.0)]

    assert found == ["b"]


@given(
    st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=8),
    st.lists(st.floats(0, 5, allow_nan=False), min_size=8, max_size=8),
)
def test_file_is_whole_only_after_it_was_left_alone(states: list[list[int]], pauses: list[float]) -> None:
    """Whatever changes when: a file that is taken looked the same for the whole time."""
    settings = FolderIntake("in", complete=STABLE, settle_s=SETTLE_S)
    waiting: dict[str, object] = {}
    history: list[tuple[float, dict[str, Look]]] = []
    now = 0.0
    for sizes, pause in zip(states, pauses, strict=False):
        now += pause
        seen = looks(*sizes)
        waiting = wait_on(seen, waiting, now)  # type: ignore[arg-type, assignment]
        history.append((now, {look.name: look for look in seen}))
        for name in whole(waiting, frozenset("abc"), settings, now):  # type: ignore[arg-type]
            since = [at for at, its in history if now - at <= SETTLE_S]
            assert history[0][0] <= now - SETTLE_S
            assert all(its.get(name) == history[-1][1][name] for at, its in history if at in since)
