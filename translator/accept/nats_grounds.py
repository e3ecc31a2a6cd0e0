"""
Look at what a NATS broker has for us: the stream, its durable consumer, and a stream that takes outcomes.

A consumer that is not there is made, since nobody else needs it. One that is there is used as it is, and where it does
not do what the settings say, or would let a message be lost, nothing is taken until somebody has decided which of the
two is right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import Struct

from translator.accept.nats_words import spoken
from translator.accept.stream import StreamUnavailableError
from translator.config_streams import NatsIntake, meet

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext
    from nats.js.api import StreamConfig

FETCH_S = 5.0
"""How long the broker may wait for messages to come before it answers, in seconds."""

_ANSWER_S = 5.0
_LEAST_PENDING = 1000
_SHARERS = 16
"""For so many hosts a consumer of ours has room."""

_FEW_SHARERS = 4
"""So many hosts may wait for a whole batch at a time at a consumer of somebody else's, before one waits in vain."""

_NANOSECONDS = 1e9
_OUTCOMES = "_OUTCOMES"
_LEDGER = "translator_ledger"
"""Under this word a consumer that we made says which ledger its messages are for."""


class NotMadeYetError(StreamUnavailableError):
    """Something is not there that the service makes when it starts."""


class Grounds(NamedTuple):
    """
    What was found.

    Shape: `waiting` messages are not delivered yet; `most` may be fetched at a time.
    Units: `ack_wait_s` and `fetch_s` in seconds.
    """

    ack_wait_s: float
    waiting: int
    most: int
    fetch_s: float
    is_paused: bool


class _Config(Struct, frozen=True):
    """How a consumer is set up, by the names of the wire; times in nanoseconds."""

    deliver_subject: str = ""
    ack_policy: str = "none"
    ack_wait: int = 0
    backoff: tuple[int, ...] = ()
    max_deliver: int = -1
    filter_subject: str = ""
    filter_subjects: tuple[str, ...] = ()
    headers_only: bool = False
    priority_groups: tuple[str, ...] = ()
    max_ack_pending: int = 0
    max_batch: int = 0
    max_expires: int = 0
    metadata: dict[str, str] = {}

    @property
    def subjects(self) -> set[str]:
        """Give the subjects that it takes; none for all."""
        return ({*self.filter_subjects} | {self.filter_subject}) - {"", ">"}


class _Consumer(Struct, frozen=True):
    config: _Config = _Config()
    num_pending: int = 0
    num_ack_pending: int = 0
    paused: bool = False
    error: dict[str, Any] | None = None


async def look_at(client: Client, settings: NatsIntake, ledger: str = "", *, only_looks: bool = False) -> Grounds:
    """
    See whether everything is there that the settings name; make what is ours to make, unless this `only_looks`.

    Shape: `ledger` names the one that takes the messages, empty where none does.

    Raises: StreamUnavailableError that says what is missing, and what to do.
    """
    jetstream = client.jetstream(timeout=_ANSWER_S)
    makes = settings.create and not only_looks
    with spoken():
        stream = await _stream(jetstream, settings, makes=makes)
        _check_subjects(stream, settings)
        if settings.outcomes:
            _check_outcomes(stream, await _outcomes_stream(jetstream, settings, makes=makes), settings)
        found = await _consumer(client, jetstream, settings, ledger, only_looks=only_looks)
    _check_consumer(found.config, settings, ledger)
    return _grounds(found, settings)


def _grounds(found: _Consumer, settings: NatsIntake) -> Grounds:
    config = found.config
    # Where it has steps of its own, the shortest counts.
    waits = [one for one in (config.ack_wait, *config.backoff) if one]
    room = max(1, config.max_ack_pending // _FEW_SHARERS) if config.max_ack_pending > 0 else settings.in_flight
    return Grounds(
        ack_wait_s=min(waits) / _NANOSECONDS if waits else settings.ack_wait_s,
        waiting=found.num_pending + found.num_ack_pending,
        most=min(settings.in_flight, room, config.max_batch or room),
        fetch_s=min(FETCH_S, config.max_expires / _NANOSECONDS or FETCH_S),
        is_paused=found.paused,
    )


async def _stream(jetstream: JetStreamContext, settings: NatsIntake, *, makes: bool) -> StreamConfig:
    from nats.js.api import StreamConfig  # noqa: PLC0415 - heavy, and only where there is a stream
    from nats.js.errors import NotFoundError  # noqa: PLC0415 - as above

    try:
        return (await jetstream.stream_info(settings.stream)).config
    except NotFoundError:
        if not makes:
            raise _missing(
                settings, f"the broker has no stream `{settings.stream}`; make it, mend `stream`, or set"
            ) from None
    subjects = list(settings.subjects) or [f"{settings.stream}.>"]
    return (await jetstream.add_stream(StreamConfig(name=settings.stream, subjects=subjects))).config


def _check_subjects(stream: StreamConfig, settings: NatsIntake) -> None:
    if stream.mirror or stream.sources or stream.subject_transform:
        # What it has may be called otherwise than what it takes.
        return
    for wanted in settings.subjects:
        if not any(meet(one, wanted) for one in stream.subjects or ()):
            raise StreamUnavailableError(
                f"the stream `{settings.stream}` has no subject that `{wanted}` takes; mend `subjects`, or the stream"
            )


async def _outcomes_stream(jetstream: JetStreamContext, settings: NatsIntake, *, makes: bool) -> str:
    from nats.js.api import StreamConfig  # noqa: PLC0415 - as above
    from nats.js.errors import NotFoundError  # noqa: PLC0415 - as above

    try:
        return await jetstream.find_stream_name_by_subject(settings.outcomes)
    except NotFoundError:
        if not makes:
            raise _missing(
                settings, f"no stream of the broker takes `{settings.outcomes}`; make one, mend `outcomes`, or set"
            ) from None
    made = StreamConfig(name=settings.stream + _OUTCOMES, subjects=[settings.outcomes])
    await jetstream.add_stream(made)
    return settings.stream + _OUTCOMES


def _check_outcomes(stream: StreamConfig, outcomes_stream: str, settings: NatsIntake) -> None:
    # All of a stream is also what it copies from others.
    copies = [
        one for one in (stream.mirror, *(stream.sources or ())) if one is not None and one.name == outcomes_stream
    ]
    all_of_it = [*(stream.subjects or ()), *(one.filter_subject or ">" for one in copies)]
    if any(meet(one, settings.outcomes) for one in settings.subjects or all_of_it):
        raise StreamUnavailableError(
            "outcomes would come back as messages: `outcomes` is a subject that this intake takes; name another one"
        )


def _missing(settings: NatsIntake, text: str) -> StreamUnavailableError:
    if settings.create:
        return NotMadeYetError(f"{text.partition(';')[0]} yet; `translator run` makes it")
    return StreamUnavailableError(f"{text} `create = true`")


async def _consumer(
    client: Client, jetstream: JetStreamContext, settings: NatsIntake, ledger: str, *, only_looks: bool
) -> _Consumer:
    from nats.js.api import AckPolicy, ConsumerConfig  # noqa: PLC0415 - as above
    from nats.js.errors import NotFoundError  # noqa: PLC0415 - as above

    try:
        return await _read_consumer(client, settings)
    except NotFoundError:
        if only_looks:
            raise NotMadeYetError(
                f"the stream has no consumer `{settings.durable}` yet; `translator run` makes it"
            ) from None
    made = ConsumerConfig(
        durable_name=settings.durable,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=settings.ack_wait_s,
        max_ack_pending=max(_LEAST_PENDING, _SHARERS * settings.in_flight),
        filter_subjects=list(settings.subjects) or None,
        metadata={_LEDGER: ledger} if ledger else None,
    )
    await jetstream.add_consumer(settings.stream, made)
    return await _read_consumer(client, settings)


async def _read_consumer(client: Client, settings: NatsIntake) -> _Consumer:
    """Read all of it: the client's own reader leaves out what it does not know, such as `max_batch`."""
    from nats.js.errors import APIError  # noqa: PLC0415 - as above

    asked = f"$JS.API.CONSUMER.INFO.{settings.stream}.{settings.durable}"
    answer = await client.request(asked, timeout=_ANSWER_S)
    found = msgspec.json.decode(answer.data, type=_Consumer)
    if found.error is not None:
        APIError.from_error(found.error)
    return found


_FAULTS: tuple[tuple[Callable[[_Config], object], str], ...] = (
    (lambda one: one.deliver_subject, "pushes, and we pull; name another one with `durable`"),
    (lambda one: one.ack_policy != "explicit", "does not acknowledge one by one; name another one with `durable`"),
    (lambda one: one.headers_only, "delivers headers only, and no message; name another one with `durable`"),
    (
        lambda one: one.priority_groups,
        "is for clients in groups, of which we are none; name another one with `durable`",
    ),
    (lambda one: one.max_deliver > 0, "gives messages up that are not kept in time; set its `max_deliver` to -1"),
)
"""How a consumer may be such that messages would be lost, or never come."""


def _check_consumer(config: _Config, settings: NatsIntake, ledger: str) -> None:
    name = f"the consumer `{settings.durable}`"
    if ledger and config.metadata.get(_LEDGER, ledger) != ledger:
        # Each message would come to one of the two, and the other lab never heard of it.
        told = f"{name} was made for another ledger; name another one with `durable`, or delete it"
        raise StreamUnavailableError(told)
    for is_so, text in _FAULTS:
        if is_so(config):
            raise StreamUnavailableError(f"{name} {text}")
    if config.subjects != set(settings.subjects) - {">"}:
        raise StreamUnavailableError(
            f"{name} takes other subjects than the settings say; change it (`nats consumer edit`) or `subjects`, or "
            "name another one with `durable`"
        )
