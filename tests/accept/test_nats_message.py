"""By what a message of JetStream is known, and which subjects a pattern takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.accept.nats_message import Delivered, key_of
from translator.config_streams import meet


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("$JS.ACK.LAB.translator.1.42.7.1700000000000000001.3", id="plain"),
        pytest.param("$JS.ACK.hub.ACC.LAB.translator.1.42.7.1700000000000000001.3", id="domain"),
        pytest.param("$JS.ACK._.ACC.LAB.translator.1.42.7.1700000000000000001.3.token", id="token"),
    ],
)
def test_acknowledgement_says_where_a_message_stands(reply: str) -> None:
    """In each of the forms that servers write."""
    assert Delivered.of(reply) == Delivered("LAB", 42, "1700000000000000001")


ONE = Delivered("LAB", 42, "1700000000000000001")


@pytest.mark.parametrize(
    ("other", "sent_as", "raw"),
    [
        pytest.param(ONE._replace(sequence=43), "", b"a", id="next"),
        pytest.param(ONE._replace(moment="1700000000000000002"), "", b"a", id="stream-made-anew"),
        pytest.param(ONE._replace(stream="LAB2"), "", b"a", id="other-stream"),
        pytest.param(ONE, "name", b"a", id="named"),
    ],
)
def test_message_without_a_name_is_known_by_its_place(other: Delivered, sent_as: str, raw: bytes) -> None:
    """Whatever else a place says is another message."""
    assert key_of(ONE, "", b"a") == key_of(ONE, "", b"a")
    assert key_of(ONE, "", b"a") != key_of(other, sent_as, raw)


@given(st.text(min_size=1), st.binary(), st.integers(1, 1 << 60))
def test_message_with_a_name_is_known_wherever_it_stands(name: str, raw: bytes, sequence: int) -> None:
    """By name and bytes together."""
    other = ONE._replace(sequence=sequence, moment=str(sequence))

    assert key_of(ONE, name, raw) == key_of(other, name, raw)
    assert key_of(ONE, name, raw) != key_of(ONE, name, raw + b"x")
    assert key_of(ONE, name, raw) != key_of(ONE, name + "x", raw)


@pytest.mark.parametrize(
    ("pattern", "subject", "takes"),
    [
        pytest.param("lab.a", "lab.a", True, id="same"),
        pytest.param("lab.a", "lab.b", False, id="other"),
        pytest.param("lab.*", "lab.b", True, id="one"),
        pytest.param("lab.*", "lab.b.c", False, id="one-of-two"),
        pytest.param("lab.>", "lab.b.c", True, id="rest"),
        pytest.param("lab.>", "lab", False, id="no-rest"),
        pytest.param(">", "told", True, id="all"),
        pytest.param("lab.a.b", "lab.a", False, id="longer"),
        pytest.param("*.a", "lab.a", True, id="first"),
        pytest.param("lab.*", "*.a", True, id="patterns-that-cross"),
        pytest.param("lab.*.b", "lab.a.>", True, id="patterns-of-other-forms"),
        pytest.param("lab.a.*", "lab.b.>", False, id="patterns-apart"),
    ],
)
def test_pattern_takes_what_nats_says(pattern: str, subject: str, *, takes: bool) -> None:
    """Token by token."""
    assert (meet(pattern, subject), meet(subject, pattern)) == (takes, takes)
