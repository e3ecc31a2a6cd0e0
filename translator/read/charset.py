"""
Decode a message in the charset that it declares in MSH-18, strictly.

Undeclared bytes above 127 are not guessed at: they come through one to one (as Latin-1) and are marked, so that a
field that is read can be held and a field that nobody reads can be let pass.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

_BOM = b"\xef\xbb\xbf"
# Begins the shifts of the ISO 2022 charsets, whose bytes are all below 128.
_ESCAPE = b"\x1b"
_SHIFTING = "iso2022"


class Decoded(Struct, frozen=True, gc=False):
    """
    Text with what is known about its charset.

    Shape: `problem` is a reason code where the declared charset cannot be read; `undeclared` where high bytes have
    no declared meaning.
    """

    text: str
    codec: str
    undeclared: bool = False
    problem: str = ""


def decode(raw: bytes, declared: str, charsets: Mapping[str, str]) -> Decoded:
    """
    Decode `raw` by MSH-18.

    Shape: `declared` is the first repetition of MSH-18; `charsets` maps names to codecs, empty for unreadable ones.
    Source: HL7 table 0211, v2.9 2.14.9.18.
    """
    marked = raw.startswith(_BOM)
    if marked:
        raw, declared = raw[len(_BOM) :], declared or "UNICODE UTF-8"
    codec = charsets.get(declared) if declared else "ascii"
    if not codec:
        return Decoded(raw.decode("latin-1"), "latin-1", problem="charset-unknown")
    if raw.isascii() and _ESCAPE not in raw:
        return Decoded(raw.decode("ascii"), codec)
    if not declared:
        return Decoded(raw.decode("latin-1"), "ascii", undeclared=not raw.isascii())
    text = _strictly(raw, codec)
    if text is None or (marked and text != raw.decode("utf-8", "replace")):
        return Decoded(raw.decode("latin-1"), "latin-1", problem="charset-mismatch")
    return Decoded(text, codec)


def _strictly(raw: bytes, codec: str) -> str | None:
    """
    Decode the whole, or line by line where the charset has shifts: each holds up to the end of its segment.

    Absent: None where the bytes are not in the charset, or the charset has not even the letters of `MSH` as ASCII has.
    """
    try:
        if codec.startswith(_SHIFTING):
            if not raw.isascii():
                # These charsets have seven bits; the codec lets some of the others through.
                return None
            text = "\r".join([line.decode(codec) for line in raw.split(b"\r")])
        else:
            text = raw.decode(codec)
    except UnicodeError:
        return None
    return text if text[:3] == raw[:3].decode("latin-1") else None
