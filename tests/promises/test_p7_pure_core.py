"""P7: same bytes, same tables and same correlation give the same payload; any bytes give an outcome."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from tests.lab_messages import CHOLESTEROL, HDL, Obx, oru
from translator import Translator

ENGINE = Translator.load()
MESSAGE = oru([Obx(CHOLESTEROL, "185"), Obx(HDL, "<5")])
PIECES = st.sampled_from(
    [
        MESSAGE,
        b"MSH|^~\\&|",
        b"OBX|1|NM|",
        b"\r",
        b"\n",
        b"\x0b",
        b"\x1c\r",
        b"BHS|^~\\&\r",
        b"BTS|9\r",
        b"\xef\xbb\xbf",
        b"{",
        b"[1",
    ]
)
MESSY = st.lists(PIECES | st.binary(max_size=12), max_size=8).map(b"".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["Bundle", "Observation", "DiagnosticReport", "final"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resourceType", "entry", "resource", "result", "contained", "code", "coding", "id"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(MESSY)
def test_any_bytes_give_an_outcome(raw: bytes) -> None:
    """Translating never raises, and always says what it came to."""
    assert ENGINE.translate(raw).state in {"translated", "held", "ignored", "refused"}


@given(MESSY)
def test_any_stream_gives_outcomes(raw: bytes) -> None:
    """A file gives at least one line, whatever is in it."""
    assert list(ENGINE.translate_stream(BytesIO(raw)))


@given(JSON)
def test_any_json_gives_an_outcome(document: object) -> None:
    """FHIR of any wrong shape is an outcome, too."""
    import msgspec  # noqa: PLC0415 - the only test that writes JSON

    assert ENGINE.translate(b" " + msgspec.json.encode(document)).state in {"held", "ignored", "refused", "translated"}


@given(MESSY)
def test_same_bytes_give_the_same_line(raw: bytes) -> None:
    """No clock and no chance is in an outcome, and nothing is remembered of an earlier message."""
    first = ENGINE.translate(raw).json

    ENGINE.translate(MESSAGE)

    assert ENGINE.translate(raw).json == first


def test_pickled_engine_translates_alike() -> None:
    """An engine can be sent to another process."""
    twin: Translator = pickle.loads(pickle.dumps(ENGINE))  # noqa: S301 - made one line above

    assert twin.translate(MESSAGE).json == ENGINE.translate(MESSAGE).json


def test_threads_may_share_an_engine() -> None:
    """Eight threads get what one gets."""
    with ThreadPoolExecutor(8) as pool:
        lines = set(pool.map(lambda _: ENGINE.translate(MESSAGE).json, range(200)))

    assert lines == {ENGINE.translate(MESSAGE).json}
