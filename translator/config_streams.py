"""
List the settings of intakes from a message stream: where the broker is, and what is taken from it.

Streams may be many, so they are a list of tables (`[[nats]]`). NATS JetStream is the one broker so far.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, zip_longest

from msgspec import Struct

from translator.config_checks import HOST, PORT, Key, flag, number_up_to, seconds, secret_or_nothing, text, texts
from translator.secrets import Secret

NATS_URL = "nats://127.0.0.1:4222"
NAME = r"[A-Za-z0-9_-]{1,255}"
TOKEN = r"[^\s.*>,]+"  # noqa: S105 - a part of a subject
SUBJECT = rf"{TOKEN}(\.{TOKEN})*"
_WILD = rf"({TOKEN}|\*)"
SERVER = rf"(nats|tls)://{HOST}(:{PORT})?"
PATTERN = rf"({_WILD}(\.{_WILD})*(\.>)?|>)"

_SITE = "The site whose tables read what comes in here. Without a word: see `sites`."


class NatsIntake(Struct, frozen=True):
    """
    One durable consumer of one stream.

    Shape: `way` names it among the others of a service.
    Units: `largest_mb` in MiB of one message, `ack_wait_s` in seconds.
    Absent: `subjects` are empty for all of the stream, `outcomes` where nobody is told what became of a message; the
    server is asked for TLS by `tls://` or by `ca`, and without `ca` the system's authorities are believed.
    """

    stream: str
    servers: tuple[str, ...] = (NATS_URL,)
    durable: str = "translator"
    subjects: tuple[str, ...] = ()
    site: str = ""
    outcomes: str = ""
    user: str = ""
    password: Secret | None = None
    token: Secret | None = None
    nkey: Secret | None = None
    creds: Secret | None = None
    ca: str = ""
    certificate: str = ""
    private_key: Secret | None = None
    largest_mb: int = 16
    in_flight: int = 256
    ack_wait_s: float = 30.0
    create: bool = False

    @property
    def way(self) -> str:
        """Stream and consumer; no two intakes share them."""
        return f"{self.stream}/{self.durable}"

    @property
    def is_over_tls(self) -> bool:
        """Whether the server is spoken to over TLS only."""
        return bool(self.ca or self.certificate) or any(one.startswith("tls://") for one in self.servers)


def faults_among(rows: Sequence[NatsIntake]) -> Iterator[tuple[int, str, str]]:
    """Find what does not go together: number of the row, key, and what is wrong. (pure)"""
    ways = [one.way for one in rows]
    for number, one in enumerate(rows, 1):
        if ways.index(one.way) < number - 1:
            yield (
                number,
                "durable",
                "two `[[nats]]` name the same stream and `durable`; name another one in one of them",
            )
        if bool(one.user) != (one.password is not None):
            yield number, "user", "`user` and `password` go together"
        named = [name for name in ("password", "token", "nkey", "creds") if getattr(one, name) is not None]
        if len(named) > 1:
            yield number, named[1], f"`{named[0]}` and `{named[1]}` are two ways to say who we are; give one"
        if one.private_key is not None and not one.certificate:
            yield number, "private_key", "`private_key` is the key of `certificate`, which is missing"
        for other in rows:
            shares = {*one.servers} & {*other.servers}
            if one.outcomes and shares and any(meet(one.outcomes, taken) for taken in other.subjects):
                yield number, "outcomes", f"`outcomes` would come in as messages by {other.way}; name another subject"


def stream_name(value: object) -> str:
    """Check the name of a stream or of a consumer."""
    if not re.fullmatch(NAME, text(value)):
        raise ValueError("must be a name of letters, digits, `_` and `-`")
    return text(value)


def subject_or_nothing(value: object) -> str:
    """Check a subject to publish to, if there is one."""
    if value != "" and not re.fullmatch(SUBJECT, text(value)):
        raise ValueError("must be a subject such as `lab.outcomes`, without `*` and `>`")
    return text(value)


def subject_patterns(value: object) -> tuple[str, ...]:
    """Check a list of subjects, among them patterns."""
    given = texts(value)
    if not all(re.fullmatch(PATTERN, one) for one in given):
        raise ValueError("must be a list of subjects such as `lab.results.*` or `lab.>`")
    for one, other in combinations(given, 2):
        if meet(one, other):
            raise ValueError(f"`{one}` and `{other}` have subjects in common, which no broker allows; leave one out")
    return given


def meet(one: str, other: str) -> bool:
    """Tell whether two subjects, or patterns of NATS, have a subject in common. (pure)"""
    for ours, theirs in zip_longest(one.split("."), other.split(".")):
        if ours is None or theirs is None:
            return False
        if ">" in (ours, theirs):
            return True
        if ours != theirs and "*" not in (ours, theirs):
            return False
    return True


def nats_servers(value: object) -> tuple[str, ...]:
    """Check a list of servers without credentials."""
    given = texts(value)
    if not given or not all(re.fullmatch(SERVER, one) for one in given):
        raise ValueError(
            "must be a list of servers such as `nats://host:4222` or `tls://host:4222`; user, password and token have "
            "keys of their own"
        )
    return given


NATS_KEYS = (
    Key("stream", "name", stream_name, "", "The stream that is consumed.", is_required=True),
    Key(
        "servers",
        "list of URLs",
        nats_servers,
        (NATS_URL,),
        "The servers of the broker, `nats://host:4222`, or `tls://host:4222` for TLS; any of them is connected to.",
    ),
    Key(
        "durable",
        "name",
        stream_name,
        "translator",
        "The durable consumer. It is made where it is not there, and used as it is where it is; hosts of one ledger "
        "that name the same one share its messages.",
    ),
    Key(
        "subjects",
        "list of subjects",
        subject_patterns,
        (),
        "Which subjects of the stream are taken, such as `lab.results.>`. Without a word: all.",
    ),
    Key("site", "name or folder", text, "", _SITE, path=True),
    Key(
        "outcomes",
        "subject",
        subject_or_nothing,
        "",
        "Where outcomes are published, once a message is kept and whenever what became of it changes. A stream must "
        "take this subject. Without a word: nowhere.",
    ),
    Key("user", "text", text, "", "The user, for a broker that asks for one."),
    Key("password", "secret", secret_or_nothing, None, "The user's password."),
    Key("token", "secret", secret_or_nothing, None, "The token, for a broker that asks for one."),
    Key("nkey", "secret", secret_or_nothing, None, "The seed of an NKey (`SU...`), for a broker that asks for one."),
    Key("creds", "secret", secret_or_nothing, None, "A `.creds` file, for a broker with accounts: `file:PATH`."),
    Key("ca", "file", text, "", "For TLS: the authority of the broker's certificate, as PEM.", path=True),
    Key("certificate", "file", text, "", "For mutual TLS: our certificate with its chain, as PEM.", path=True),
    Key("private_key", "secret", secret_or_nothing, None, "For mutual TLS: its private key, as PEM."),
    Key(
        "largest_mb",
        "1 to 64",
        number_up_to(64),
        16,
        "The largest message that is taken, in MiB; a larger one is not kept, and taken off the consumer.",
    ),
    Key(
        "in_flight",
        "1 to 4096",
        number_up_to(4096),
        256,
        "How many messages one host has under way at a time. With 1 each waits for the one before it.",
    ),
    Key(
        "ack_wait_s",
        "seconds",
        seconds,
        30.0,
        "For a consumer that we make: after how long without a word the broker delivers a message again.",
    ),
    Key(
        "create",
        "true or false",
        flag,
        False,  # noqa: FBT003 - the default
        "Whether a stream that is not there is made, with `subjects`, and one for `outcomes`: for trials. Streams of "
        "a laboratory have owners who decide how long they keep what.",
    ),
)
