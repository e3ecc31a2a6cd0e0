"""List every setting: its name, what it may be, what it is when nobody says, and what it means."""

from __future__ import annotations

from translator.config_checks import (
    RESUBMIT,
    Key,
    address,
    calls,
    codes,
    command,
    filled_text,
    flag,
    hours,
    lab,
    networks,
    number_up_to,
    on_unknown,
    one_of,
    seconds,
    secret,
    secret_or_nothing,
    text,
    url,
    url_or_nothing,
)
from translator.config_intake_keys import INTAKE_KEYS
from translator.config_lab import FORMATS
from translator.config_trace import TRACE_KEYS
from translator.secrets import Secret

KEYS: tuple[Key, ...] = (
    Key(
        "site",
        "name or folder",
        text,
        "",
        "Whose tables override the packaged ones: a packaged site's name, or a folder with `site.toml`.",
        path=True,
    ),
    Key(
        "ledger",
        "path or URL",
        filled_text,
        "translator.db",
        "The ledger: a SQLite file, or a database URL. It holds patient data.",
        path=True,
    ),
    Key(
        "ledger_key",
        "secret",
        secret_or_nothing,
        None,
        "The key that encrypts messages, patients and correlations in the ledger; `translator ledger key create PATH` "
        "makes one. Keep a copy elsewhere: without it they are lost.",
    ),
    Key(
        "listen",
        "host and port",
        address,
        "127.0.0.1:8780",
        "Where `translator run` takes webhooks and serves the HTTP API. Vendors call over TLS: a proxy in front of it "
        "ends that, and should know who may call Acurable's address; see `acurable.webhook_token` and "
        "`acurable.webhook_from`.",
    ),
    Key(
        "whoop.url",
        "URL",
        url,
        "https://api.prod.whoop.com/developer",
        "Where WHOOP is; `/v2/partner/...` follows it. A loopback address means the sandbox.",
    ),
    Key("whoop.client_id", "secret", secret, Secret("env:WHOOP_CLIENT_ID"), "The partner's client id."),
    Key("whoop.client_secret", "secret", secret, Secret("env:WHOOP_CLIENT_SECRET"), "The partner's client secret."),
    Key(
        "whoop.webhook_secret",
        "secret",
        secret,
        Secret("env:WHOOP_WEBHOOK_SECRET"),
        "The key that WHOOP signs its webhooks with.",
    ),
    Key(
        "whoop.confirmed_codes",
        'list, or "all"',
        codes,
        (),
        "WHOOP codes that the vendor does not publish and that you have confirmed with it. Until then a report "
        "with such a code is held `code-unconfirmed`, unless WHOOP is the sandbox.",
    ),
    Key("whoop.workers", "1 to 64", number_up_to(64), 4, "How many lanes are delivered at a time."),
    Key("whoop.timeout_s", "seconds", seconds, 30.0, "How long an answer may take before the outcome is `unknown`."),
    Key(
        "whoop.on_unknown",
        "hold or resend",
        on_unknown,
        "hold",
        "What becomes of a call that WHOOP may or may not have processed: `hold` waits for a person, `resend` sends "
        "it again, and WHOOP may then have a result twice.",
    ),
    Key(
        "whoop.calls_per_minute",
        "calls",
        calls,
        None,
        "The most calls in any minute, of all processes together; a tenth is kept for corrections. Without a word: "
        "100 as WHOOP documents, no limit for the sandbox. 0: no limit.",
    ),
    Key(
        "whoop.calls_per_day",
        "calls",
        calls,
        None,
        "The most calls in any 24 hours, likewise. Without a word: 10000, no limit for the sandbox. 0: no limit.",
    ),
    Key(
        "whoop.resubmit",
        "changes or full",
        one_of(*RESUBMIT),
        "changes",
        "What a correction or a later report sends: only what is new or changed, or the whole report again.",
    ),
    Key(
        "whoop.workflow",
        "true or false",
        flag,
        True,  # noqa: FBT003 - the default
        "Whether the workflow status of an order (`task_business_status`) is kept along with its results.",
    ),
    Key(
        "whoop.confirm",
        "fetched or by-hand",
        one_of("fetched", "by-hand"),
        "fetched",
        "When a service request is set to `ORDER_CONFIRMED`: once its requisition was fetched, or when a person says "
        "so (`translator requisitions confirm`).",
    ),
    Key("acurable.url", "URL", url_or_nothing, "", "Where Acurable is; the vendor names it per environment."),
    Key(
        "acurable.issuer",
        "URL",
        url_or_nothing,
        "",
        "The OpenID Connect issuer of Acurable's tokens; `/.well-known/openid-configuration` follows it. Without a "
        "word: `acurable.url`.",
    ),
    Key("acurable.scope", "text", text, "", "The scope that a token is asked for, where the vendor names one."),
    Key("acurable.audience", "text", text, "", "The audience that a token is asked for, where the vendor names one."),
    Key("acurable.client_id", "secret", secret, Secret("env:ACURABLE_CLIENT_ID"), "The client id at Acurable."),
    Key(
        "acurable.client_secret",
        "secret",
        secret,
        Secret("env:ACURABLE_CLIENT_SECRET"),
        "The client secret at Acurable.",
    ),
    Key(
        "acurable.webhook_token",
        "secret",
        secret_or_nothing,
        None,
        "A token that Acurable's webhooks must bring: as `Authorization: Bearer TOKEN`, or as the first part of the "
        "path (`/TOKEN/webhook/v1/acurable/notification`). Without a word: none, as none is published.",
    ),
    Key(
        "acurable.webhook_from",
        "list of networks",
        networks,
        (),
        "The networks that Acurable's webhooks may come from. A proxy on this machine is believed about its caller "
        "(`X-Forwarded-For`), another one is the caller. Without a word: any.",
    ),
    Key(
        "acurable.on_unknown",
        "hold or resend",
        on_unknown,
        "resend",
        "The same for Acurable, which answers 409 to an order that it already has.",
    ),
    Key("acurable.workers", "1 to 64", number_up_to(64), 2, "How many orders are delivered at a time."),
    Key("acurable.timeout_s", "seconds", seconds, 30.0, "As for WHOOP."),
    Key(
        "acurable.calls_per_minute",
        "calls",
        calls,
        None,
        "The most calls in any minute, of all processes together. Without a word: no limit, since none is published.",
    ),
    Key("acurable.calls_per_day", "calls", calls, None, "The most calls in any 24 hours, likewise."),
    Key(
        "lab.to",
        "folder or address",
        lab,
        "",
        "Where orders of WHOOP's requisitions and reports of finished sleep tests are brought: a folder that the lab "
        "watches, or `mllp://host:port`, or `mllps://host:port` for MLLP over TLS. Without a word nothing is brought.",
        path=True,
    ),
    Key("lab.format", "hl7v2 or fhir", one_of(*FORMATS), "hl7v2", "In which form: HL7 v2.5.1, or bundles of FHIR R4."),
    Key("lab.receiver", "text", text, "LAB", "The lab's application, as MSH-5 names it."),
    Key("lab.facility", "text", text, "", "The lab's facility, as MSH-6 names it."),
    Key(
        "lab.short_keys",
        "true or false",
        flag,
        False,  # noqa: FBT003 - the default
        "Whether the lab's order number is too short for a UUID; it is then given a key of 12 characters instead.",
    ),
    Key("lab.timeout_s", "seconds", seconds, 30.0, "How long the lab may take to acknowledge a message by MLLP."),
    Key(
        "lab.on_unknown",
        "hold or resend",
        on_unknown,
        "hold",
        "What becomes of a message that the lab did not acknowledge: `hold` until a person decides (`translator "
        "unknown`), or `resend` under the same control id (MSH-10), only where the lab is known to take each id once.",
    ),
    Key(
        "lab.ca",
        "file",
        text,
        "",
        "Over TLS: the certificates (PEM) that may have signed the lab's; without a word, those that the system "
        "trusts. The lab's certificate is always checked, and so is its name.",
        path=True,
    ),
    Key(
        "lab.certificate",
        "file",
        text,
        "",
        "Over TLS: our own certificate (PEM), where the lab asks for one (mutual TLS).",
        path=True,
    ),
    Key(
        "lab.key",
        "file",
        text,
        "",
        "The private key of `lab.certificate` (PEM, without a passphrase, readable for nobody else); without a word it "
        "stands in the same file.",
        path=True,
    ),
    Key("notify.log", "true or false", flag, False, "Whether alerts about what ages are written to stderr."),  # noqa: FBT003 - the default
    Key(
        "notify.command",
        "program and arguments",
        command,
        (),
        "A program that is run for each alert; it gets the alert as JSON on its standard input.",
    ),
    Key("notify.webhook", "URL", url_or_nothing, "", "Where each alert is posted as JSON."),
    Key("notify.held_after_h", "hours", hours, 24.0, "After how long something held is worth an alert; 0: at once."),
    Key("notify.unknown_after_h", "hours", hours, 0.0, "The same for what is unknown or was rejected."),
    Key("notify.queued_after_h", "hours", hours, 1.0, "The same for what is queued and not sent."),
    Key("notify.repeat_after_h", "hours", hours, 24.0, "After how long a cause that still stands is told again."),
    *INTAKE_KEYS,
    *TRACE_KEYS,
)
