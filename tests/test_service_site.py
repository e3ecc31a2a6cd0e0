"""What a host says of itself to the others of its cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from translator.config import parse_settings
from translator.roles import ROLES
from translator.service_site import Site


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        pytest.param("lab-7", "lab-7", True, id="same"),
        pytest.param("lab-7", "lab-8", False, id="another-account"),
        pytest.param("lab-7", "", False, id="not-set-here"),
    ],
)
def test_hosts_can_tell_whether_they_go_by_one_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, second: str, *, is_same: bool
) -> None:
    """One with another account would be refused by the vendor, or not know its orders; nobody reads which it is."""
    monkeypatch.delenv("WHOOP_CLIENT_ID", raising=False)
    told = []
    for number, account in enumerate((first, second)):
        place = tmp_path / str(number)
        place.write_text(account, encoding="utf-8")
        settings = parse_settings("", flags={"whoop.client_id": f"file:{place}"} if account else {})
        told.append(Site.of(settings, ROLES["deliver"]).card().terms)

    assert (told[0] == told[1]) is is_same
    assert "lab-7" not in told[0]


@pytest.mark.parametrize("role", ["accept", "deliver", "all"])
@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        pytest.param("confirmed_codes = ['A', 'B']", "confirmed_codes = ['B', 'A', 'A']", True, id="order-of-codes"),
        pytest.param("confirmed_codes = ['all']", "confirmed_codes = ['all', 'A']", True, id="all-and-one-more"),
        pytest.param("confirmed_codes = ['A']", "confirmed_codes = ['B']", False, id="another-code"),
        pytest.param("confirmed_codes = ['all']", "", False, id="codes-confirmed-on-one-host-only"),
        pytest.param("resubmit = 'full'", "", False, id="resubmit"),
        pytest.param("workflow = false", "", False, id="workflow"),
        pytest.param("confirm = 'by-hand'", "", False, id="confirm"),
        pytest.param("url = 'http://127.0.0.1:9'", "", False, id="sandbox"),
        pytest.param("workers = 3", "timeout_s = 7", True, id="what-decides-nothing"),
    ],
)
def test_hosts_can_tell_whether_they_decide_alike(role: str, first: str, second: str, *, is_same: bool) -> None:
    """Whoever takes in decides what a vendor is sent, so one host would hold what another one sends."""
    rules = [Site.of(parse_settings(f"[whoop]\n{text}"), ROLES[role]).card().rules for text in (first, second)]

    assert (rules[0] == rules[1]) is is_same
