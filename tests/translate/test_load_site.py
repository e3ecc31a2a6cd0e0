"""The settings of a site."""

from __future__ import annotations

import pytest

from translator.errors import Fault
from translator.translate.load_site import site_settings


def read(data: bytes | None) -> tuple[dict[str, object], list[Fault]]:
    """Read a site's settings and give them with their faults."""
    faults: list[Fault] = []
    return site_settings({} if data is None else {"site.toml": data}, "acme", faults), faults


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(None, {}, id="no-file"),
        pytest.param(b"", {}, id="empty-file"),
        pytest.param(b'\xef\xbb\xbf# a site\r\ndescription = "x"\r\n', {"description": "x"}, id="windows"),
    ],
)
def test_settings_are_read(data: bytes | None, expected: dict[str, object]) -> None:
    """What is set is there, and nothing else."""
    assert read(data) == (expected, [])


@pytest.mark.parametrize(
    ("data", "at", "code", "words"),
    [
        pytest.param(b"# x\ndescripton = 'x'\n", "2:1", "table-setting", "did you mean description?", id="unknown"),
        pytest.param(b"\n[whoop]\nx = 1\n", "2:1", "table-setting", "unknown setting `whoop`", id="unknown-table"),
        pytest.param(b'"\\u0061" = 1\n', "1:1", "table-setting", "unknown setting `a`", id="escaped-name"),
        pytest.param(b"description = 1\n", "1:1", "table-setting", "text in quotes", id="wrong-type"),
        pytest.param(b"\ndescription = x\n", "2:15", "table-syntax", "not TOML", id="no-toml"),
        pytest.param(b"a = 1\ndescription = '", "2:1", "table-syntax", "not TOML", id="breaks-off"),
        pytest.param(b"# \xb5\n", "1:1", "table-encoding", "0xB5", id="latin-1"),
    ],
)
def test_fault_of_a_setting_has_its_place(data: bytes, at: str, code: str, words: str) -> None:
    """A wrong setting is named with its line."""
    _, faults = read(data)
    assert [(fault.at, fault.code) for fault in faults] == [(f"sites/acme/site.toml:{at}", code)]
    assert words in faults[0].text
