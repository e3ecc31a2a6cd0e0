"""
Cut one HL7 v2 message into segments and fields for those who count what is there, as the reader of messages cuts it.

Nothing is read into the fields.
"""

from __future__ import annotations

from translator.read.charset import decode
from translator.read.continuation import join_continued
from translator.read.er7 import Delimiters, read_delimiters
from translator.read.hl7v2 import charset_of, is_segment, usual_beginnings
from translator.read.lexicon import Lexicon

_HEADER = "MSH"


def segments_sent(raw: bytes, lexicon: Lexicon) -> tuple[Delimiters, list[list[str]]]:
    """
    Give the segments of a message, each as its fields; the field of number n is the n-th, also of MSH.

    Absent: no segment where there is no header, since nobody says what separates fields.
    """
    text = decode(raw, charset_of(raw, lexicon), lexicon.charsets).text
    lines = text.replace("\r\n", "\r").replace("\n", "\r").lstrip("\ufeff\x0b \t\r").rstrip("\r").split("\r")
    delimiters = read_delimiters(lines[0]) if lines[0].startswith(_HEADER) else None
    if delimiters is None:
        return Delimiters(), []
    separator = delimiters.field
    # Nearly every message has the usual segments alone; of others each line is looked at.
    odd = {line[:4] for line in lines[1:]} - usual_beginnings(separator)
    if odd:
        lines = [line for each in lines if is_segment(line := each.lstrip(), separator)]
    if "\rADD" in text:
        lines, _ = join_continued(lines, separator)
    segments = [line.split(separator) for line in lines]
    segments[0].insert(1, separator)
    return delimiters, segments
