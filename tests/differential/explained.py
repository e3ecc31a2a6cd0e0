"""
Why a peer and we read an OBX differently, one by one: who is right, by which clause of HL7 v2.9.

Messages are named by fixture or by file of the corpus, with their number in it.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One difference: `place` is a pattern of fields, or `message` for the message as a whole."""

    peer: str
    message: str
    place: str
    why: str


_CHARSET = "we: MSH-18 names the charset (2.14.9.18); the peer reads UTF-8 whatever it names"
_MISMATCH = "both: MSH-18 names a charset that the bytes are not in; we hold the message, so nothing is read wrong"
_UNDECLARED = "we: without MSH-18 only ASCII is declared (2.14.9.18); we hold the field, the test decoded it as UTF-8"
_UNKNOWN = "we: MSH-18 is in no table; we hold the message and show its bytes one to one"
_HIGHLIGHT = "we: highlighting is no data (2.7.3); the peer leaves the escapes in the text"
_BROKEN = "both: a raw line break; the peer gives up the message, we hold it and count every OBX"
_DOUBLED = "we: MSH-2 names one character twice, which nobody can read (2.14.9.2); we refuse and count every OBX"
_INDENTED = "we: every line is indented; the peer loses all segments but MSH, we hold the message and count every OBX"
_THREE = "we: MSH-2 counts by position (2.14.9.2), so `~` separates components; the peer takes the usual characters"
_ADDED = "we: ADD continues the segment before it (2.10.2); the peer takes it for a segment of its own"
_STUB = "both: MSH without MSH-2; we refuse it by reason, the peer by an exception"
_SCALE = "we: OBX-8 `>` says that the number only bounds the result (7.4.2.8, table 0078); the peer shows OBX-5 alone"
_ELIMS = "prime-reportstream__elims_29_5065302_35227_NoPII_CANCELED-expected.hl7#0"

EXPLAINED: tuple[Row, ...] = (
    Row("hl7kit", "a-declared-charset-is-obeyed#0", r"OBX\[1\]-6", _CHARSET),
    Row("hl7kit", "a-number-typed-as-text-off-the-scale-is-a-limit#0", r"OBX\[1\]-5", _SCALE),
    Row("hl7kit", "a-raw-line-break-holds-the-message-with-its-line#0", "message", _BROKEN),
    Row("hl7kit", "a-segment-that-add-continues-is-joined#0", r"OBX\[1\]-11", _ADDED),
    Row("hl7kit", "a-site-s-default-charset-reads-undeclared-bytes#0", r"OBX\[2\]-6", _UNDECLARED),
    Row("hl7kit", "bytes-that-contradict-the-charset-hold-the-message#0", r"OBX\[1\]-6", _MISMATCH),
    Row("hl7kit", "escapes-are-undone-before-a-value-is-read#0", r"OBX\[2\]-5", _HIGHLIGHT),
    Row("hl7kit", "undeclared-bytes-hold-only-what-is-read#0", r"OBX\[2\]-6", _UNDECLARED),
    Row("hl7kit", "data-exchange-hl7__ARBOVIRAL_V1_3_TM_CN_TC07.hl7#0", r"OBX\[17\]-5", _UNDECLARED),
    Row("hl7kit", "data-exchange-hl7__PERT_V1.0.1_TM_TC04.hl7#0", r"OBX\[97\]-3", _UNDECLARED),
    Row("hl7kit", "data-exchange-hl7__testMessage.hl7#0", r"OBX\[99\]-3", _UNDECLARED),
    Row("hl7kit", "hapi-hl7v2__EncodingCharactersTest_L14.hl7#0", r"OBX\[1\]-[35]", _THREE),
    Row("hl7kit", "hapi-hl7v2__EscapeTest_L114.hl7#0", r"OBX\[1\]-5", _HIGHLIGHT),
    Row("hl7kit", "hapi-hl7v2__NewPipeParserTest_L493.hl7#0", r"OBX\[1\]-5", _HIGHLIGHT),
    Row("hl7kit", "hl7v2-fhir-converter__sample_unix.hl7#0", r"OBX\[1\]-(3|5|11)", _DOUBLED),
    Row("hl7kit", "nHapi__PipeParserV24Tests_L314.hl7#0", r"OBX\[1\]-5|OBX\[8\]-6", _UNKNOWN),
    Row("hl7kit", "nHapi__id_000092_sig_02_src_001582+001861_op_splice_rep_16.hl7#0", "message", _BROKEN),
    Row("hl7kit", "nHapi__id_000118_sig_02_src_001039+002153_op_splice_rep_16.hl7#0", "message", _BROKEN),
    Row("hl7kit", _ELIMS, r"OBX\[\d+\]-3", _CHARSET),
    Row("hl7kit", "ruby-hl7__empty_segments.hl7#0", "message", _BROKEN),
    Row("hl7kit", "ruby-hl7__realm-lead-laboratory-result.hl7#0", "message", _BROKEN),
    Row("hl7kit", "node-hl7-complete__orm-example.hl7#0", "message", _BROKEN),
    Row("medforge", "a-bad-message-leaves-its-neighbours-alone#1", "message", _STUB),
    Row("medforge", "a-number-typed-as-text-off-the-scale-is-a-limit#0", r"OBX\[1\]-5", _SCALE),
    Row("medforge", "a-segment-that-add-continues-is-joined#0", r"OBX\[1\]-11", _ADDED),
    Row("medforge", "escapes-are-undone-before-a-value-is-read#0", r"OBX\[2\]-5", _HIGHLIGHT),
    Row("medforge", "data-exchange-hl7__ARBOVIRAL_V1_3_TM_CN_TC07.hl7#0", r"OBX\[17\]-5", _UNDECLARED),
    Row("medforge", "data-exchange-hl7__PERT_V1.0.1_TM_TC04.hl7#0", r"OBX\[97\]-3", _UNDECLARED),
    Row("medforge", "data-exchange-hl7__testMessage.hl7#0", r"OBX\[99\]-3", _UNDECLARED),
    Row("medforge", "hapi-hl7v2__EscapeTest_L114.hl7#0", r"OBX\[1\]-5", _HIGHLIGHT),
    Row("medforge", "hapi-hl7v2__NewPipeParserTest_L493.hl7#0", r"OBX\[1\]-5", _HIGHLIGHT),
    Row("medforge", "hl7v2-fhir-converter__sample_unix.hl7#0", r"OBX\[1\]-(3|5|11)", _DOUBLED),
    Row("medforge", "hl7v2-rs__integration_tests_L16.hl7#0", "message", _INDENTED),
    Row("medforge", "hl7v2-rs__integration_tests_L16.hl7#1", "message", _INDENTED),
    Row("medforge", "hl7v2-rs__integration_tests_L296.hl7#0", "message", _INDENTED),
    Row("medforge", "hl7v2-rs__integration_tests_L30.hl7#0", "message", _INDENTED),
    Row("medforge", "hl7v2-rs__integration_tests_L55.hl7#0", "message", _INDENTED),
    Row("medforge", "nHapi__PipeParserV24Tests_L314.hl7#0", r"OBX\[1\]-5|OBX\[8\]-6", _UNKNOWN),
    Row("medforge", _ELIMS, r"OBX\[\d+\]-3", _CHARSET),
)
