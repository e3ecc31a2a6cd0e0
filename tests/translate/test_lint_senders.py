"""Senders that two sites of one service claim."""

from __future__ import annotations

import pytest

from translator.translate.lint_senders import lint_senders


@pytest.mark.parametrize(
    ("senders", "found"),
    [
        pytest.param({"a": ("LAB|N",), "b": ("LAB|S",)}, [], id="two-facilities"),
        pytest.param({"a": ("LAB",), "b": ("OTHER",)}, [], id="two-applications"),
        pytest.param({"a": ("LAB", "LAB|N")}, [], id="one-site-twice"),
        pytest.param({"a": ("LAB|N",), "b": ("X", "LAB | N")}, [("b", "LAB | N")], id="same-sender"),
        pytest.param({"a": ("LAB",), "b": ("LAB|S",)}, [("b", "LAB|S")], id="application-claims-every-facility"),
        pytest.param({"a": ("LAB|S",), "b": ("LAB",)}, [("b", "LAB")], id="the-other-way-round"),
        pytest.param({"a": (), "b": ("LAB",)}, [("a", "")], id="no-sender"),
    ],
)
def test_clash_is_found(senders: dict[str, tuple[str, ...]], found: list[tuple[str, str]]) -> None:
    """A message that two sites claim would be held, so the check says so before."""
    assert [(clash.site, clash.sender) for clash in lint_senders(senders)] == found
