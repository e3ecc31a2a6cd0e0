"""
Turn seeds into inputs that a lab might send on its worst day, and into some that nobody would.

Every mutation takes a generator and bytes and gives bytes; which ones are applied, and where, the generator decides,
so that a seed and a number name an input exactly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeAlias

from tests.fuzz.seeds import LONGEST_BYTES

Mutation: TypeAlias = Callable[[Random, bytes, Sequence[bytes]], bytes]

_LINE = re.compile(rb"(\r\n|\r|\n)")
# Words that mean something to a reader of HL7 v2 or of FHIR; a random byte would hardly ever write one.
_WORDS = (
    *(bytes([character]) for character in b'|^~\\&#\r\n\t "\x00\x0b\x1c\x1a\x1b\x7f\x80\xb5\xff{}[],:-+.<>='),
    *(
        rb"\F\ \S\ \T\ \R\ \E\ \P\ \X41\ \X0D\ \XB5\ \XFF\ \X4\ \.br\ \.sp+3\ \H\ \N\ \Zab\ \C2842\ \M212200\ \\ "
    ).split(),
    *b'"" MSH| OBX| OBX OBR| ORC| PID| SPM| DEV| ADD| DSC| NTE| FHS| BHS| BTS|9 FTS|1 ZXX| MSH|^~\\&|'.split(),
    *rb"MSH|^~\&#| MSH|^~\| MSH|^~| MSH|^ MSH|^~& BHS|^~\&| $ ! % BTS BTS$1".split(),
    *b"NM SN ST TX FT CE CWE CNE IS NR ED RP DT TS CQ MO VR F P C A X D W I N O R S U V B E T M Y Z".split(),
    *b"2093-3^Cholesterol^LN 2093-4^x^LN 882-1^ABO^LN 2085-9 LN L mg/dL mmol/L g/L % furlong K/uL uIU/mL".split(),
    *b"0 -0 1e3 1_000 nan Infinity 1,5 <5 >^5 ^1^:^160 1:160 2-5 TNP QNS 1.2.3 9007199254740993 .5 5. +5".split(),
    *b"8859/1 UNICODE UTF-8 UTF-16 ORU^R01 OML^O21 OUL^R22 MDM^T02 2.5.1 2.9 3.0 P T D 20240501101500+0000".split(),
    *b"3fa85f64-5717-4562-b3fc-2c963f66afa6 3FA85F64-5717-4562-B3FC-2C963F66AFA6 3fa85f6457174562b3fc".split(),
    *b"resourceType Bundle Observation DiagnosticReport contained hasMember component valueQuantity null".split(),
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    "µg/L".encode(),
    "١٢".encode(),
    b" " * 300,
    b"9" * 20,
)
_SCALARS: tuple[object, ...] = (
    None, True, False, 0, -1, 1.5, 10**30, "", " ", "final", "banana", "#x", "urn:uuid:1", [], {}, [None], [[]], [{}],
    {"coding": []}, {"reference": "#o0"}, {"value": "5"}, {"value": 5, "unit": "mg/dL", "comparator": "<"},
    "Observation", "entered-in-error", "http://loinc.org", "2093-3", "2024-05-01T10:00:00Z", "\ud800",
)  # fmt: skip
_ENDS = (b"\r", b"\n", b"\r\n", b"\n\r", b"\r\r\n", b"")


def mutate(random: Random, pool: Sequence[bytes]) -> bytes:
    """Take a seed and do one to six things to it."""
    raw = random.choice(pool)
    for _ in range(1 + min(int(random.expovariate(0.7)), 5)):
        raw = random.choice(_MUTATIONS)(random, raw, pool)
    return raw[:LONGEST_BYTES]


def _place(random: Random, raw: bytes) -> int:
    return random.randrange(len(raw) + 1)


def _slice(random: Random, raw: bytes) -> tuple[int, int]:
    begin = _place(random, raw)
    return begin, min(len(raw), begin + int(random.expovariate(0.05)))


def insert_word(random: Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """Put a telling word anywhere."""
    at = _place(random, raw)
    return raw[:at] + random.choice(_WORDS) + raw[at:]


def flip_byte(random: Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """Change one byte to any other."""
    at = _place(random, raw)
    return raw[:at] + bytes([random.randrange(256)]) + raw[at + 1 :]


def delete(random: Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """Take some bytes out."""
    begin, end = _slice(random, raw)
    return raw[:begin] + raw[end:]


def repeat(random: Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """Write some bytes again, a few times."""
    begin, end = _slice(random, raw)
    return raw[:end] + raw[begin:end] * random.randrange(1, 5) + raw[end:]


def cut(random: Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """Break off, as a transfer does."""
    return raw[: _place(random, raw)]


def splice(random: Random, raw: bytes, pool: Sequence[bytes]) -> bytes:
    """Go on with another input."""
    other = random.choice(pool)
    return raw[: _place(random, raw)] + other[_place(random, other) :]


def append(random: Random, raw: bytes, pool: Sequence[bytes]) -> bytes:
    """Put another input behind, with or without an end of line between."""
    return raw + random.choice(_ENDS) + random.choice(pool)


def shuffle_segments(random: Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """Move, double or drop a line."""
    lines = _LINE.split(raw)
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    kind = random.randrange(3)
    line = lines[at] if kind == 1 else lines.pop(at)
    if kind != 2:
        lines[to:to] = [line, b"\r"]
    return b"".join(lines)


def replace_field(random: Random, raw: bytes, pool: Sequence[bytes]) -> bytes:
    """Give a field another content: a word, nothing, or a field of another input."""
    fields = raw.split(b"|")
    donor = random.choice(pool).split(b"|")
    fields[random.randrange(len(fields))] = random.choice((random.choice(_WORDS), b"", random.choice(donor)))
    return b"|".join(fields)


def replace_component(random: Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """Give a component another content."""
    parts = raw.split(b"^")
    parts[random.randrange(len(parts))] = random.choice(_WORDS)
    return b"^".join(parts)


def change_ends(random: Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """End all lines, or each line on its own, in another way."""
    one = random.choice(_ENDS)
    mixed = random.random() < 0.3
    return _LINE.sub(lambda _: random.choice(_ENDS) if mixed else one, raw)


def change_delimiter(random: Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """Write one delimiter as another character, everywhere."""
    return raw.replace(
        random.choice((b"|", b"^", b"~", b"\\", b"&")), random.choice((b"$", b"!", b"#", b"|", b"", b"\xa6"))
    )


def wrap(random: Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """Put it into an envelope or a frame."""
    before, after = random.choice(
        (
            (b"\x0b", b"\x1c\r"),
            (b"\xef\xbb\xbf", b""),
            (b"FHS|^~\\&|A\rBHS|^~\\&|A\r", b"BTS|1\rFTS|1\r"),
            (b"BHS$%~\\&$A\r", b"BTS$7\r"),
            (b"\r\n \t", b"\x1a\x00"),
        )
    )
    return before + raw + after


def change_json(random: Random, raw: bytes, pool: Sequence[bytes]) -> bytes:
    """Change one place of a JSON document; what is no JSON gets a word instead."""
    if raw[:1] not in b"{[" or not raw:
        return insert_word(random, raw, pool)
    try:
        document = json.loads(raw)
    except ValueError:
        return insert_word(random, raw, pool)
    return json.dumps(_changed(random, document)).encode("utf-8", "surrogatepass")


def _changed(random: Random, node: Any) -> Any:
    """Walk down at random; the walk ends anywhere, and there something else stands."""
    if not node or not isinstance(node, dict | list) or random.random() < 0.08:
        return random.choice(_SCALARS)
    key: Any = random.choice(list(node)) if isinstance(node, dict) else random.randrange(len(node))
    kind = random.randrange(12)
    if kind == 0:
        node.pop(key)
    elif kind > 1:
        node[key] = _changed(random, node[key])
    elif isinstance(node, list):
        node.append(node[key])
    else:
        node[str(random.choice(_SCALARS))] = node[key]
    return node


_MUTATIONS: tuple[Mutation, ...] = (
    insert_word, insert_word, flip_byte, delete, repeat, cut, splice, append, shuffle_segments, shuffle_segments,
    replace_field, replace_field, replace_field, replace_component, change_ends, change_delimiter, wrap,
    change_json, change_json, change_json,
)  # fmt: skip
