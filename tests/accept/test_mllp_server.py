"""What the MLLP port promises: acknowledged is on disk, once, in order, whatever the network does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.accept.serving import LOOPBACK, PATIENCE_S, TABLES, Sender, enhanced, new_ledger, report, serving
from translator.accept.mllp_connection import MOST_IN_FLIGHT
from translator.accept.mllp_server import MllpServer
from translator.config_intakes import MllpIntake
from translator.errors import ConfigError, LedgerError, LedgerUnavailableError
from translator.intake import Intake
from translator.ledger import Ledger
from translator.read.mllp import Acknowledgement
from translator.write.mllp import frame


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with new_ledger(tmp_path) as opened:
        yield opened


def test_acknowledged_message_is_on_disk(ledger: Ledger) -> None:
    """P2: another connection to the database sees it as soon as AA is read."""
    with serving(ledger) as server, Sender(server.port) as sender:
        told = sender.ask(report(1))
        kept = [ledger.raw(row.message) for row in ledger.messages()]

    assert told == Acknowledgement("AA", "M1")
    assert kept == [report(1)]


def test_partial_writes_at_every_byte_change_nothing(ledger: Ledger) -> None:
    """The message is cut in two at every byte, and once more into single bytes; each time it is the same message."""
    framed = frame(report(1))
    with serving(ledger) as server, Sender(server.port) as sender:
        answers = set()
        for cut in range(1, len(framed)):
            sender.write(framed[:cut])
            sender.write(framed[cut:])
            answers.add(sender.answer())
        for number in range(len(framed)):
            sender.write(framed[number : number + 1])
        answers.add(sender.answer())

    assert len(answers) == 1
    assert len(ledger.messages()) == 1
    assert server.counts.repeats == len(framed) - 1


def test_pipelined_messages_are_answered_in_order(ledger: Ledger) -> None:
    """More than may be under way at a time, in one write; each is kept, and the answers stand as their messages did."""
    count = 5 * MOST_IN_FLIGHT
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.send(*(report(number) for number in range(count)))
        told = [sender.told() for _ in range(count)]

    assert told == [Acknowledgement("AA", f"M{number}") for number in range(count)]
    assert len(ledger.messages()) == count


def test_many_senders_each_get_their_own_answers(ledger: Ledger) -> None:
    """Eight connections at once, none gets what is another's."""

    def talk(lab: int) -> list[Acknowledgement]:
        with Sender(server.port) as sender:
            return [sender.ask(report(100 * lab + number)) for number in range(10)]

    with serving(ledger) as server, ThreadPoolExecutor(8) as labs:
        told = list(labs.map(talk, range(8)))

    assert told == [[Acknowledgement("AA", f"M{100 * lab + number}") for number in range(10)] for lab in range(8)]
    assert len(ledger.messages()) == 80


def test_duplicate_gets_the_prior_answer(ledger: Ledger) -> None:
    """MSH-10 and the same bytes: byte by byte the same answer, at once, on another connection and after a restart."""
    answers = set()
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.send(report(1), report(1))
        answers |= {sender.answer(), sender.answer()}
        with Sender(server.port) as other:
            other.send(report(1))
            answers.add(other.answer())
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.send(report(1))
        answers.add(sender.answer())

    assert len(answers) == 1
    assert len(ledger.messages()) == 1


def test_refused_duplicate_gets_the_prior_answer(ledger: Ledger) -> None:
    """The errors, too, are told from what the ledger remembers."""
    refused = report(1, processing_id="T")
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.send(refused, refused)
        answers = [sender.answer(), sender.answer()]

    assert answers[0] == answers[1]
    assert b"MSA|AR|M1\rERR||MSH^1^11^1^1|202^" in answers[0]


def test_same_number_with_other_bytes_is_another_message(ledger: Ledger) -> None:
    """Some senders count from one every day."""
    first, second = report(1), report(1, at="20260302101000")
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.send(first, second)
        answers = [sender.answer(), sender.answer()]

    assert answers[0] != answers[1]
    assert len(ledger.messages()) == 2


def test_message_without_a_number_is_never_a_duplicate(ledger: Ledger) -> None:
    """Nothing tells whether it is meant again; what is new in it is decided by its content."""
    nameless = report(1).replace(b"|M1|", b"||")
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.send(nameless, nameless)
        sender.answer()
        sender.answer()

    assert len(ledger.messages()) == 2
    assert ledger.balance().by_state == {"queued": 1, "duplicate": 1}


@pytest.mark.parametrize(
    ("accept", "application", "codes"),
    [
        pytest.param("AL", "NE", ["CA"], id="commit-only"),
        pytest.param("AL", "AL", ["CA", "AA"], id="commit-then-application"),
        pytest.param("NE", "AL", ["AA"], id="application-only"),
    ],
)
def test_enhanced_mode_answers_what_was_asked_for(
    ledger: Ledger, accept: str, application: str, codes: list[str]
) -> None:
    """The second answer follows on the same connection; the next message's comes behind both."""
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.send(enhanced(report(1), accept, application), report(2))
        told = [sender.told() for _ in range(len(codes) + 1)]

    assert told == [*(Acknowledgement(code, "M1") for code in codes), Acknowledgement("AA", "M2")]


def test_sender_that_wants_no_answer_gets_none(ledger: Ledger) -> None:
    """MSH-15 and MSH-16 NE: the message is kept all the same."""
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.send(enhanced(report(1), "NE", "NE"))

        assert sender.ask(report(2)) == Acknowledgement("AA", "M2")
    assert len(ledger.messages()) == 2


def test_acknowledgement_is_not_acknowledged(ledger: Ledger) -> None:
    """Two systems that acknowledge acknowledgements never end."""
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.send(b"MSH|^~\\&|LAB|||||ACK||A1|P|2.5.1\rMSA|AA|1\r".replace(b"||ACK|", b"|||ACK^R01^ACK|"))

        assert sender.ask(report(2)) == Acknowledgement("AA", "M2")
    assert (server.counts.acknowledgements, len(ledger.messages())) == (1, 1)


def test_what_is_no_hl7_is_rejected_and_not_kept(ledger: Ledger) -> None:
    """The connection goes on: the next frame may be a message."""
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.send(b'{"resourceType": "Bundle"}')

        assert b"\rMSA|AR\r" in sender.answer()
        assert sender.ask(report(1)) == Acknowledgement("AA", "M1")
    assert len(ledger.messages()) == 1


def test_stray_bytes_and_empty_frames_are_passed_over(ledger: Ledger) -> None:
    """Line ends, padding, a frame with nothing in it, an end without a carriage return."""
    first, second = report(1), report(2)
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.write(b"\r\n\x00noise\x0b\x1c\r\n\x0b" + first + b"\x1c\n\x0b" + second + b"\x1c")
        told = [sender.told(), sender.told()]

    assert told == [Acknowledgement("AA", "M1"), Acknowledgement("AA", "M2")]


@pytest.mark.parametrize("commit", [b"\x06", b"\x15"], ids=["taken", "not-taken"])
def test_commit_of_release_two_is_not_answered(ledger: Ledger, commit: bytes) -> None:
    """It answers an answer; two that answer each other would never end."""
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.send(commit, report(1))
        told = sender.told()

    assert (told, server.counts.received) == (Acknowledgement("AA", "M1"), 1)


def test_end_byte_within_a_message_does_not_cut_it_short(ledger: Ledger) -> None:
    """0x1C that no carriage return follows is content: the message is refused, not acknowledged up to there."""
    cut = report(1).replace(b"Sample^", b"Sam\x1cple^")
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.write(b"\x0b" + cut + b"\x1c\r")
        told = sender.told()

    assert told == Acknowledgement("AE", "M1")
    assert ledger.balance().by_state == {"refused": 1}


def test_frame_above_the_limit_is_refused_and_the_connection_closed(ledger: Ledger) -> None:
    """What came before is kept; the sender is told by its number, although it is still sending."""
    huge = report(2) + b"NTE|1||" + b"x" * (2 << 20)
    with serving(ledger, largest_mb=1) as server, Sender(server.port) as sender:
        threading.Thread(target=_send_all, args=(sender, frame(report(1)) + b"\x0b" + huge), daemon=True).start()
        told = [sender.told(), sender.told()]
        hung_up = sender.is_hung_up_on()

    assert told == [Acknowledgement("AA", "M1"), Acknowledgement("AE", "M2")]
    assert hung_up
    assert (server.counts.too_large, len(ledger.messages())) == (1, 1)


def _send_all(sender: Sender, raw: bytes) -> None:
    try:
        sender.write(raw)
    except OSError:
        # The server hung up on us, as it should.
        return


def test_sender_that_closes_its_side_is_answered_first(ledger: Ledger) -> None:
    """Some send one message, say that it was all, and wait."""
    with serving(ledger) as server, Sender(server.port) as sender:
        sender.send(report(1), report(2))
        sender.socket.shutdown(socket.SHUT_WR)
        told = [sender.told(), sender.told()]
        hung_up = sender.is_hung_up_on()

    assert told == [Acknowledgement("AA", "M1"), Acknowledgement("AA", "M2")]
    assert hung_up


def test_frame_that_its_sender_never_ended_is_not_kept(ledger: Ledger) -> None:
    """It will come again whole: it was not acknowledged."""
    with serving(ledger) as server:
        with Sender(server.port) as sender:
            sender.write(frame(report(1))[:-2])
            sender.socket.shutdown(socket.SHUT_WR)

            assert sender.is_hung_up_on()
        assert server.counts.truncated == 1
    assert not ledger.messages()


def test_silent_connection_is_closed(ledger: Ledger) -> None:
    """So are one that never ends its frame, and one that sends what is no frame."""
    with serving(ledger, idle_s=0.3) as server:
        with Sender(server.port) as silent, Sender(server.port) as endless, Sender(server.port) as junk:
            endless.write(b"\x0bMSH|^~\\&|")
            junk.write(b"GET / HTTP/1.1\r\n\r\n")

            assert [one.is_hung_up_on() for one in (silent, endless, junk)] == [True] * 3
        assert server.counts.timeouts == 3


def test_peer_that_does_not_read_holds_nobody_up(ledger: Ledger) -> None:
    """Its answers pile up and it is let go; another is served meanwhile."""
    with serving(ledger, server={"write_s": 0.5}) as server, Sender(server.port) as slow:
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        flood = threading.Thread(target=_send_all, args=(slow, frame(b"x" * 50) * 200_000), daemon=True)
        flood.start()
        with Sender(server.port) as other:
            assert other.ask(report(1)) == Acknowledgement("AA", "M1")
        flood.join(PATIENCE_S)

        assert not flood.is_alive()
    assert server.counts.timeouts == 1


def test_peer_that_reads_late_gets_every_answer(ledger: Ledger) -> None:
    """While it does not read, nothing more of it is read; then all is answered, and messages are taken again."""
    count = 30_000
    with serving(ledger) as server, Sender(server.port) as late:
        raw = frame(b"x" * 50) * count + frame(report(1))
        flood = threading.Thread(target=_send_all, args=(late, raw), daemon=True)
        flood.start()
        with Sender(server.port) as other:
            while server.counts.received < count // 4:
                assert other.ask(report(2)).code == "AA"
        rejected = [late.answer() for _ in range(count)]
        told = late.told()

    assert all(b"\rMSA|AR\r" in answer for answer in rejected)
    assert told == Acknowledgement("AA", "M1")
    assert server.counts.timeouts == 0


def test_peer_that_does_not_hang_up_is_let_go(ledger: Ledger) -> None:
    """It was told that its message is too large, and goes on sending; the port is not held open for it."""
    with serving(ledger, largest_mb=1) as server, Sender(server.port) as sender:
        sender.write(b"\x0b" + report(1))
        sender.write(b"x" * (1 << 20))
        assert sender.told() == Acknowledgement("AE", "M1")
        with pytest.raises(OSError, match=r"."):
            sender.write(b"x" * (64 << 20))
        with Sender(server.port) as other:
            assert other.ask(report(2)).code == "AA"

    assert server.counts.answered == {"AE": 1, "AA": 1}


def test_intake_that_takes_nothing_more_is_told(ledger: Ledger) -> None:
    """Where it ended before the port, the sender is told to come again."""
    with Intake(ledger, TABLES) as intake:
        pass
    with MllpServer(intake, MllpIntake(LOOPBACK)) as server, Sender(server.port) as sender:
        assert sender.ask(report(1)) == Acknowledgement("AR", "M1")

    assert not ledger.messages()


def test_connection_above_the_limit_is_refused_at_once(ledger: Ledger) -> None:
    """Whoever is connected is not disturbed; a place that is free again is given away."""
    with serving(ledger, connections=1) as server:
        with Sender(server.port) as first:
            assert first.ask(report(1)).code == "AA"
            with Sender(server.port) as second:
                assert second.is_hung_up_on()
            assert first.ask(report(2)).code == "AA"
            first.socket.shutdown(socket.SHUT_WR)
            assert first.is_hung_up_on()
        with Sender(server.port) as third:
            assert third.ask(report(3)).code == "AA"
        assert server.counts.above_limit == 1


@pytest.mark.parametrize(
    ("allow", "is_allowed"),
    [
        pytest.param((), True, id="everybody"),
        pytest.param(("10.0.0.0/8", "127.0.0.1"), True, id="by-address"),
        pytest.param(("127.0.0.0/8",), True, id="by-network"),
        pytest.param(("10.0.0.0/8",), False, id="from-elsewhere"),
        pytest.param(("::1",), False, id="by-the-other-family"),
    ],
)
def test_allow_list_decides_who_connects(ledger: Ledger, allow: tuple[str, ...], *, is_allowed: bool) -> None:
    """Whoever is not on it is let go before a byte is read."""
    with serving(ledger, allow=allow) as server, Sender(server.port) as sender:
        if is_allowed:
            assert sender.ask(report(1)).code == "AA"
        else:
            assert sender.is_hung_up_on()
    assert server.counts.not_allowed == (not is_allowed)


class Away(Ledger):
    """A ledger that cannot keep anything just now."""

    error: LedgerError | None = None

    def accept(self, arrivals, policies, *, at=None):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
        """Keep messages, or fail."""
        if self.error is not None:
            raise self.error
        return super().accept(arrivals, policies, at=at)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(LedgerUnavailableError("locked"), id="locked"),
        pytest.param(LedgerError("disk full"), id="disk-full"),
    ],
)
def test_message_that_cannot_be_kept_is_not_acknowledged(tmp_path: Path, error: LedgerError) -> None:
    """The sender is told to come again, by the code of each mode; the connection stays, and later it is kept."""
    with Away.open(tmp_path / "away.db") as ledger, serving(ledger) as server, Sender(server.port) as sender:
        ledger.error = error  # type: ignore[attr-defined]
        sender.send(report(1), enhanced(report(2), "AL", "NE"))
        answers = [sender.answer(), sender.answer()]
        ledger.error = None  # type: ignore[attr-defined]

        assert sender.ask(report(1)) == Acknowledgement("AA", "M1")
        assert len(ledger.messages()) == 1
    assert [b"\rMSA|AR|M1\r" in answers[0], b"\rMSA|CE|M2\r" in answers[1]] == [True, True]
    assert all(b"|207^Application internal error^HL70357|F|not-kept^" in answer for answer in answers)


class Slow(Ledger):
    """A ledger whose commit waits for a sign."""

    may_go_on: threading.Event
    has_begun: threading.Event

    def accept(self, arrivals, policies, *, at=None):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
        """Keep messages, once that is allowed."""
        self.has_begun.set()
        assert self.may_go_on.wait(PATIENCE_S)
        return super().accept(arrivals, policies, at=at)


def _slow(folder: Path) -> Slow:
    ledger = Slow.open(folder / "slow.db")
    assert isinstance(ledger, Slow)
    ledger.may_go_on, ledger.has_begun = threading.Event(), threading.Event()
    return ledger


def test_stop_answers_what_is_under_way(tmp_path: Path) -> None:
    """Committed and answered; an idle connection is closed, and nobody connects any more."""
    with _slow(tmp_path) as ledger, ThreadPoolExecutor(1) as other:
        with serving(ledger, server={"grace_s": PATIENCE_S}) as server:
            sender, idle = Sender(server.port), Sender(server.port)
            sender.send(report(1))
            assert ledger.has_begun.wait(PATIENCE_S)
            # The server is being left while the commit waits.
            told = other.submit(_told_after, idle, ledger.may_go_on, sender)
        with sender, idle:
            assert told.result(PATIENCE_S) == Acknowledgement("AA", "M1")
            assert sender.is_hung_up_on()
        with pytest.raises(ConnectionError):
            Sender(server.port)
        assert len(ledger.messages()) == 1


def _told_after(idle: Sender, sign: threading.Event, sender: Sender) -> Acknowledgement:
    """Let the commit go on once another connection is closed, and wait for the answer."""
    assert idle.is_hung_up_on()
    sign.set()
    return sender.told()


def test_stop_does_not_wait_forever(tmp_path: Path) -> None:
    """What cannot be answered within the grace was not acknowledged; the sender has it still."""
    with _slow(tmp_path) as ledger, ThreadPoolExecutor(1) as other:
        with serving(ledger, server={"grace_s": 0.1}) as server:
            sender = Sender(server.port)
            sender.send(report(1))
            assert ledger.has_begun.wait(PATIENCE_S)
            # The intake ends behind the server, and needs the sign.
            told = other.submit(_hung_up_on_before, sender, ledger.may_go_on)
        with sender:
            assert told.result(PATIENCE_S)


def _hung_up_on_before(sender: Sender, sign: threading.Event) -> bool:
    """Wait for the end of the connection, and let the commit go on then."""
    hung_up = sender.is_hung_up_on()
    sign.set()
    return hung_up


def test_latency_and_counts_are_told(ledger: Ledger) -> None:
    """Each answer by its code and how long it took; numbers only."""
    told: list[tuple[str, float]] = []
    hook = {"answered": lambda code, seconds: told.append((code, seconds))}
    with serving(ledger, server=hook) as server, Sender(server.port) as sender:
        sender.ask(report(1))
        sender.ask(report(2, processing_id="D"))

    assert [code for code, _ in told] == ["AA", "AR"]
    assert all(seconds >= 0 for _, seconds in told)
    assert server.counts.answered == {"AA": 1, "AR": 1}
    assert (server.counts.received, server.counts.connections) == (2, 0)


def test_defect_ends_its_connection_only(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of the message is logged; another sender is served; what was kept is answered when it comes again."""

    def break_once(_code: str, _seconds: float) -> None:
        if server.counts.defects == 0:
            raise ZeroDivisionError("Sample^Avery")

    with serving(ledger, server={"answered": break_once}) as server:
        with Sender(server.port) as sender:
            sender.send(report(1))
            assert sender.is_hung_up_on()
        with Sender(server.port) as sender:
            assert sender.ask(report(1)) == Acknowledgement("AA", "M1")
    assert server.counts.defects == 1
    assert "ZeroDivisionError at" in caplog.text
    assert "Avery" not in caplog.text


def test_port_that_is_taken_is_an_error_of_the_settings(ledger: Ledger) -> None:
    """The operator learns which port."""
    with serving(ledger) as server, pytest.raises(ConfigError, match=r"port \d+"), serving(ledger, server.address):
        pass


def test_both_families_of_addresses_are_served(ledger: Ledger) -> None:
    """The address names the port that was taken."""
    with serving(ledger, "[::1]:0") as server, Sender(server.port, host="::1") as sender:
        assert server.address == f"[::1]:{server.port}"
        assert sender.ask(report(1)).code == "AA"
