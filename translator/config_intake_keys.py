"""List the settings of the intakes: their names, what they may be, and what they mean."""

from __future__ import annotations

from translator.config_checks import (
    Key,
    address,
    address_or_nothing,
    filled_text,
    flag,
    hours,
    networks,
    number_up_to,
    one_of,
    seconds,
    secret_or_nothing,
    text,
    texts,
)
from translator.config_intakes import (
    DELETE,
    MOVE,
    RENAMED,
    SENTINEL,
    STABLE,
    FolderIntake,
    MllpIntake,
    rows,
)
from translator.config_log import LOG_FORMATS, LOG_LEVELS
from translator.config_streams import NATS_KEYS, NatsIntake, faults_among

_SITE = "The site whose tables read what comes in here. Without a word: see `sites`."
_LARGEST = "The largest message that is taken, in MiB; a larger one is answered with an error and not kept."

FOLDER_KEYS = (
    Key(
        "path",
        "folder",
        filled_text,
        "",
        "The folder that is watched; what lies in folders below it is not.",
        path=True,
        is_required=True,
    ),
    Key("site", "name or folder", text, "", _SITE, path=True),
    Key(
        "files",
        "pattern",
        filled_text,
        "*",
        "Which names are taken, such as `*.hl7`; never those that begin with a point.",
    ),
    Key(
        "complete",
        "stable, renamed or sentinel",
        one_of(STABLE, RENAMED, SENTINEL),
        STABLE,
        "How a file is known to be whole: its size and time have not changed for `settle_s`; it gets its name only "
        "when it is whole (`.tmp`, `.part` and the like are left alone); or a second, empty file says so.",
    ),
    Key("settle_s", "seconds", seconds, 2.0, "For `stable`: how long a file must have been left alone."),
    Key(
        "sentinel",
        "text",
        filled_text,
        ".ok",
        "For `sentinel`: what the second file's name has behind the first's: `a.hl7.ok` says that `a.hl7` is whole.",
    ),
    Key(
        "done",
        "delete or move",
        one_of(DELETE, MOVE),
        DELETE,
        "What becomes of a file once the ledger has it: it is deleted, or moved to `done/` (to `held/` where a person "
        "has to decide something). What cannot be read is moved to `failed/` with a reason beside it, always.",
    ),
    Key("scan_s", "seconds", seconds, 10.0, "How often the folder is looked through whatever the system tells of it."),
    Key("polls", "true or false", flag, False, "For network folders, of whose changes the system does not tell."),  # noqa: FBT003 - the default
)

MLLP_KEYS = (
    Key("listen", "host and port", address, "", "Where senders connect; port 0 takes a free one.", is_required=True),
    Key("site", "name or folder", text, "", _SITE, path=True),
    Key("certificate", "file", text, "", "For TLS: the certificate with its chain, as PEM.", path=True),
    Key("private_key", "secret", secret_or_nothing, None, "For TLS: its private key, as PEM."),
    Key(
        "client_ca",
        "file",
        text,
        "",
        "For mutual TLS: the authority whose certificates senders must show, as PEM.",
        path=True,
    ),
    Key(
        "allow", "list of addresses", networks, (), "Who may connect, by address or network. Without a word: everybody."
    ),
    Key("largest_mb", "1 to 64", number_up_to(64), 16, _LARGEST),
    Key("idle_s", "seconds", seconds, 600.0, "How long a connection may be silent, or a message under way."),
    Key("connections", "1 to 1024", number_up_to(1024), 64, "How many senders may be connected at a time."),
)

INTAKE_KEYS = (
    Key(
        "sites",
        "list of names or folders",
        texts,
        (),
        "For `translator run` with several senders: the sites whose `senders` (MSH-3 and MSH-4) say which of them "
        "reads a message. One that none of them names, or two, is held `site-undecided`. Without a word `site` reads "
        "everything.",
        path=True,
    ),
    Key(
        "folder",
        "list of tables",
        rows(FolderIntake, FOLDER_KEYS, "path"),
        (),
        "The folders that `translator run` watches; see below. In a variable or flag: one folder.",
        rows=FOLDER_KEYS,
    ),
    Key(
        "mllp",
        "list of tables",
        rows(MllpIntake, MLLP_KEYS, "listen"),
        (),
        "The MLLP ports of `translator run`; see below. In a variable or flag: one host and port.",
        rows=MLLP_KEYS,
    ),
    Key(
        "nats",
        "list of tables",
        rows(NatsIntake, NATS_KEYS, "stream", faults_among),
        (),
        "The streams of NATS JetStream that `translator run` consumes, by the extra `stream`; see below. In a variable "
        "or flag: one stream of a broker on this machine.",
        rows=NATS_KEYS,
    ),
    Key(
        "api.enabled",
        "true or false",
        flag,
        True,  # noqa: FBT003 - the default
        "Whether the HTTP API (`/v1/...`) is served on `listen`; each call needs a token.",
    ),
    Key("api.site", "name or folder", text, "", _SITE, path=True),
    Key("api.largest_mb", "1 to 64", number_up_to(64), 16, _LARGEST),
    Key(
        "console.listen",
        "host and port",
        address_or_nothing,
        "127.0.0.1:8781",
        "Where the console, `/metrics` and `/readyz` are served; empty for none. Put a proxy with TLS before it where "
        "it is not loopback.",
    ),
    Key(
        "log.format",
        "json or text",
        one_of(*LOG_FORMATS),
        "",
        "In which form `translator run` writes its log to stderr. Without a word: text on a terminal, JSON elsewhere.",
    ),
    Key(
        "log.level",
        "debug, info, warning or error",
        one_of(*LOG_LEVELS),
        "warning",
        "How much `translator run` logs: `info` has a line for each message and each call, `debug` for answers, too. "
        "Start, reload, pauses and stop are told unless it is `error`.",
    ),
    Key("console.session_h", "hours", hours, 8.0, "After how long without a click a person must log in again."),
)
"""The settings of `translator run` about what comes in."""
