"""
Say in our own words what goes wrong with a NATS broker: its texts may quote a subject or a message.

JetStream numbers its errors, and the numbers stay; those that a person can mend have words of their own here.

Source: nats-server, server/errors.json.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from translator.accept.stream import StreamSilentError, StreamUnavailableError
from translator.errors import ConfigError

if TYPE_CHECKING:
    from nats.js.errors import APIError

AWAY = "the broker is away; start it, or mend `servers` (it is called again by itself)"
SILENT = "the broker did not answer in time, or does not allow us to ask; see the permissions in docs/streams.md"
REFUSED = "the broker refuses who we say that we are; mend `user`, `password`, `token`, `nkey` or `creds`"
FORBIDDEN = "the broker does not allow us what we asked for; see the permissions in docs/streams.md"
NO_JETSTREAM = "the broker has JetStream not enabled, or not for this account; start it with `-js`"
NO_TLS = "TLS with the broker was not agreed on; look at `ca`, `certificate` and the host in `servers`"
FAILED = "the broker answered with an error; look into its log"
GONE = "the consumer is gone, or the stream with it; they are looked for again"
NO_PLACE = "no stream of the broker takes them any more; make one, or mend `outcomes`"

_FULL = "the stream, its account or the disk of the broker is full; make room"
_TAKEN = "the work queue has another consumer of these subjects; stop that one, or mend `subjects` or `durable`"
_OF_JETSTREAM: Mapping[int, str] = {
    10008: "the servers of the broker do not agree on a leader yet; it is called again",
    10002: _FULL,
    10023: _FULL,
    10028: _FULL,
    10047: _FULL,
    10077: _FULL,
    10122: _FULL,
    10026: "the stream has as many consumers as it may have; let it have more, or delete one",
    10039: NO_JETSTREAM,
    10076: NO_JETSTREAM,
    10054: "the message is larger than the stream takes; let it take larger ones (`max_msg_size`)",
    10065: "another stream has some of these subjects; mend `stream`, `subjects` or `outcomes`",
    10099: _TAKEN,
    10100: _TAKEN,
}
"""What the broker says by number, where somebody can do something about it."""

_VIOLATION = "permissions violation"


@contextmanager
def spoken(nobody: str = NO_JETSTREAM) -> Iterator[None]:
    """
    Turn whatever goes wrong with a broker into our own words.

    Shape: `nobody` says what it means that nobody answers at all.
    """
    import nats.errors  # noqa: PLC0415 - heavy, and only where there is a stream
    import nats.js.errors  # noqa: PLC0415 - as above

    try:
        yield
    except StreamUnavailableError:
        raise
    except nats.errors.AuthorizationError:
        raise StreamUnavailableError(REFUSED) from None
    except nats.js.errors.APIError as error:
        raise StreamUnavailableError(_numbered(error, nobody)) from None
    except (nats.js.errors.NoStreamResponseError, nats.errors.NoRespondersError):
        raise StreamUnavailableError(nobody) from None
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


def forbids(error: Exception, outcomes: str) -> str:
    """
    Tell what the broker forbids where it says so by the way: empty where it says something else. (pure)

    Shape: `outcomes` where it is only that, else `all`.
    """
    text = str(error)
    if _VIOLATION not in text.lower():
        return ""
    return "outcomes" if outcomes and f'"{outcomes}"' in text else "all"


def _numbered(error: APIError, nobody: str) -> str:
    from nats.js.errors import ServiceUnavailableError  # noqa: PLC0415 - as above

    number = error.err_code
    if number is None:
        return nobody if isinstance(error, ServiceUnavailableError) else FAILED
    words = _OF_JETSTREAM.get(number)
    return words or f"the broker answered with error {number} of JetStream; it is called again"


def _words(text: str) -> str:
    if _VIOLATION in text:
        return FORBIDDEN
    if "authorization" in text or "authentication" in text:
        return REFUSED
    if "ssl" in text:
        # It wants TLS, and the settings say nothing of it.
        return NO_TLS
    return AWAY if "connection" in text or "server" in text or "eof" in text else FAILED
