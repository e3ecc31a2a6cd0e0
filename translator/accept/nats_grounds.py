"""
Look at what a NATS broker has for us: the stream, its durable consumer, and a stream that takes outcomes.

A consumer that is not there is made, since nobody else needs it. One that is there is used as it is, and where it does
not do what the settings say, nothing is taken until somebody has decided which of the two is right.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from translator.accept.stream import StreamSilentError, StreamUnavailableError
from translator.config_streams import NatsIntake
from translator.errors import ConfigError

if TYPE_CHECKING:
    from nats.js import JetStreamContext
    from nats.js.api import ConsumerConfig, ConsumerInfo, StreamInfo

AWAY = "the broker is away; it is called again"
SILENT = "the broker did not answer in time, or does not allow us to ask (docs/streams.md); it is called again"
REFUSED = "the broker refuses who we say that we are; mend `user`, `password`, `token`, `nkey` or `creds`"
FORBIDDEN = "the broker does not allow us what we asked for; see the permissions in docs/streams.md"
NO_JETSTREAM = "the broker has JetStream not enabled, or not for this account; start it with `-js`"
NO_TLS = "TLS with the broker was not agreed on; look at `ca`, `certificate` and the host in `servers`"
FAILED = "the broker answered with an error; it is called again"

_LEAST_PENDING = 1000
_OUTCOMES = "_OUTCOMES"


class NotMadeYetError(StreamUnavailableError):
    """Something is not there that the service makes when it starts."""


class Grounds(NamedTuple):
    """
    What was found.

    Shape: `outcomes_stream` takes the outcomes, empty where nobody is told any; `waiting` messages are not delivered
    yet; `most_times` is how often one may be delivered, -1 without end.
    Units: `ack_wait_s` in seconds.
    """

    ack_wait_s: float
    outcomes_stream: str
    waiting: int = 0
    most_times: int = -1


async def look_at(jetstream: JetStreamContext, settings: NatsIntake, *, only_looks: bool = False) -> Grounds:
    """
    See whether everything is there that the settings name; make what is ours to make, unless this `only_looks`.

    Raises: StreamUnavailableError that says what is missing, and what to do.
    """
    makes = settings.create and not only_looks
    stream = await _stream(jetstream, settings, makes=makes)
    outcomes_stream = await _outcomes_stream(jetstream, settings, makes=makes) if settings.outcomes else ""
    subjects = settings.subjects or tuple(stream.config.subjects or ())
    if settings.outcomes and any(covers(one, settings.outcomes) for one in subjects):
        raise StreamUnavailableError(
            "outcomes would come back as messages: `outcomes` is a subject that this intake takes; name another one"
        )
    found = await _consumer(jetstream, settings, only_looks=only_looks)
    config = found.config
    _check_consumer(config, settings)
    waiting = (found.num_pending or 0) + (found.num_ack_pending or 0)
    # Where it has steps of its own, the shortest counts.
    ack_wait_s = min([config.ack_wait or settings.ack_wait_s, *(config.backoff or ())])
    return Grounds(ack_wait_s, outcomes_stream, waiting, config.max_deliver or -1)


def covers(pattern: str, subject: str) -> bool:
    """Tell whether a pattern of NATS takes a subject. (pure)"""
    ours, theirs = pattern.split("."), subject.split(".")
    for place, part in enumerate(ours):
        if part == ">":
            return len(theirs) > place
        if place >= len(theirs) or part not in ("*", theirs[place]):
            return False
    return len(ours) == len(theirs)


@contextmanager
def spoken() -> Iterator[None]:
    """Turn whatever goes wrong with a broker into our own words: its texts may quote a subject or a message."""
    import nats.errors  # noqa: PLC0415 - heavy, and only where there is a stream
    import nats.js.errors  # noqa: PLC0415 - as above

    try:
        yield
    except StreamUnavailableError:
        raise
    except nats.errors.AuthorizationError:
        raise StreamUnavailableError(REFUSED) from None
    except (nats.js.errors.ServiceUnavailableError, nats.errors.NoRespondersError):
        raise StreamUnavailableError(NO_JETSTREAM) from None
    except (TimeoutError, nats.errors.TimeoutError):
        raise StreamSilentError(SILENT) from None
    except (ssl.SSLError, nats.errors.SecureConnRequiredError, nats.errors.SecureConnWantedError):
        raise StreamUnavailableError(NO_TLS) from None
    except nats.errors.Error as error:
        raise StreamUnavailableError(_words(str(error).lower())) from None
    except ConfigError as error:
        raise StreamUnavailableError(str(error)) from None
    except OSError:
        raise StreamUnavailableError(AWAY) from None


def _words(text: str) -> str:
    if "permissions violation" in text:
        return FORBIDDEN
    if "authorization" in text or "authentication" in text:
        return REFUSED
    return AWAY if "connection" in text or "server" in text or "eof" in text else FAILED


async def _stream(jetstream: JetStreamContext, settings: NatsIntake, *, makes: bool) -> StreamInfo:
    from nats.js.api import StreamConfig  # noqa: PLC0415 - as above
    from nats.js.errors import NotFoundError  # noqa: PLC0415

    try:
        return await jetstream.stream_info(settings.stream)
    except NotFoundError:
        if not makes:
            raise _missing(
                settings, f"the broker has no stream `{settings.stream}`; make it, mend `stream`, or set"
            ) from None
    subjects = list(settings.subjects) or [f"{settings.stream}.>"]
    return await jetstream.add_stream(StreamConfig(name=settings.stream, subjects=subjects))


async def _outcomes_stream(jetstream: JetStreamContext, settings: NatsIntake, *, makes: bool) -> str:
    from nats.js.api import StreamConfig  # noqa: PLC0415 - as above
    from nats.js.errors import NotFoundError  # noqa: PLC0415

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


def _missing(settings: NatsIntake, text: str) -> StreamUnavailableError:
    if settings.create:
        return NotMadeYetError(f"{text.partition(';')[0]} yet; `translator run` makes it")
    return StreamUnavailableError(f"{text} `create = true`")


async def _consumer(jetstream: JetStreamContext, settings: NatsIntake, *, only_looks: bool) -> ConsumerInfo:
    from nats.js.api import AckPolicy, ConsumerConfig  # noqa: PLC0415 - as above
    from nats.js.errors import NotFoundError  # noqa: PLC0415

    try:
        found: ConsumerInfo = await jetstream.consumer_info(settings.stream, settings.durable)
    except NotFoundError:
        if only_looks:
            raise NotMadeYetError(
                f"the stream has no consumer `{settings.durable}` yet; `translator run` makes it"
            ) from None
    else:
        return found
    made = ConsumerConfig(
        durable_name=settings.durable,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=settings.ack_wait_s,
        max_ack_pending=max(_LEAST_PENDING, 4 * settings.in_flight),
        filter_subjects=list(settings.subjects) or None,
    )
    added: ConsumerInfo = await jetstream.add_consumer(settings.stream, made)
    return added


def _check_consumer(config: ConsumerConfig, settings: NatsIntake) -> None:
    name = f"the consumer `{settings.durable}`"
    if config.deliver_subject:
        raise StreamUnavailableError(f"{name} pushes, and we pull; name another one with `durable`")
    if config.ack_policy != "explicit":
        raise StreamUnavailableError(f"{name} does not acknowledge one by one; name another one with `durable`")
    theirs = set(config.filter_subjects or ()) | ({config.filter_subject} if config.filter_subject else set())
    if theirs - {">"} != set(settings.subjects) - {">"}:
        raise StreamUnavailableError(
            f"{name} takes other subjects than the settings say; change it (`nats consumer edit`) or `subjects`, or "
            "name another one with `durable`"
        )
