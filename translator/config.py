"""
Read the settings of one site: `translator.toml`, then `TRANSLATOR_*`, then flags; the later wins.

`KEYS` is the whole list: the parser, the names of the environment variables and docs/settings.md come from it.
A secret never stands in a setting: the setting says where it is (`env:NAME` or `file:PATH`), and it is read when it
is needed, so that `translate` works without any.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from translator.config_checks import Key, is_loopback
from translator.config_intakes import ApiSettings, ConsoleSettings, FolderIntake, MllpIntake, host_and_port
from translator.config_keys import KEYS
from translator.config_lab import LabSettings
from translator.config_log import LogSettings
from translator.config_places import SettingsFile, read_settings
from translator.config_streams import NatsIntake
from translator.config_trace import TraceSettings, trace_variables, variable_faults
from translator.errors import Fault, SettingsError
from translator.secrets import Secret

FILE_NAME = "translator.toml"
ENVIRONMENT_PREFIX = "TRANSLATOR_"
CONFIG_VARIABLE = "TRANSLATOR_CONFIG"

# What stands on no line of a file.
_ENVIRONMENT, _OPENTELEMETRY, _FLAG = "environment", "OTEL_*", "flag"


class WhoopSettings(Struct, frozen=True):
    """
    How WHOOP is reached, and what the site has confirmed with it.

    Absent: calls a minute or a day are None where nobody said; 0 is no limit.
    """

    url: str
    client_id: Secret
    client_secret: Secret
    webhook_secret: Secret
    confirmed_codes: tuple[str, ...]
    workers: int
    timeout_s: float
    on_unknown: str
    calls_per_minute: int | None
    calls_per_day: int | None
    resubmit: str
    workflow: bool
    confirm: str = "fetched"

    @property
    def is_loopback(self) -> bool:
        """Whether results go to this machine only, such as to the sandbox."""
        return is_loopback(self.url)

    def confirms(self, code: str) -> bool:
        """Tell whether the site has confirmed a WHOOP code that the vendor does not publish."""
        return "all" in self.confirmed_codes or code in self.confirmed_codes


class AcurableSettings(Struct, frozen=True):
    """
    How Acurable is reached.

    Absent: `url` is empty until the vendor has named one; `issuer` where it is that URL; `scope` and `audience` where a
    token is asked for without. Calls a minute or a day are None where nobody said; 0 is no limit. Without
    `webhook_token` and `webhook_from` every webhook is believed.
    """

    url: str
    issuer: str
    scope: str
    audience: str
    client_id: Secret
    client_secret: Secret
    on_unknown: str
    workers: int
    timeout_s: float
    calls_per_minute: int | None
    calls_per_day: int | None
    webhook_token: Secret | None = None
    webhook_from: tuple[str, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether orders go to this machine only, such as to the sandbox."""
        return is_loopback(self.url)


class NotifySettings(Struct, frozen=True):
    """
    Who is told of what waits too long, and when.

    Absent: `command` and `webhook` are empty where nobody is told that way.
    """

    log: bool = False
    command: tuple[str, ...] = ()
    webhook: str = ""
    held_after_h: float = 24.0
    unknown_after_h: float = 0.0
    queued_after_h: float = 1.0
    repeat_after_h: float = 24.0


class Settings(Struct, frozen=True):
    """
    Every setting, checked.

    Shape: `sites` are those among which the sender of a message decides; where there are none, `site` reads everything.
    Absent: `site` is empty for the packaged tables alone; without `ledger_key` nothing in the ledger is encrypted.
    """

    site: str
    ledger: str
    whoop: WhoopSettings
    acurable: AcurableSettings
    ledger_key: Secret | None = None
    notify: NotifySettings = NotifySettings()
    listen: str = "127.0.0.1:8780"
    lab: LabSettings = LabSettings()
    sites: tuple[str, ...] = ()
    folders: tuple[FolderIntake, ...] = ()
    mllp: tuple[MllpIntake, ...] = ()
    nats: tuple[NatsIntake, ...] = ()
    api: ApiSettings = ApiSettings()
    console: ConsoleSettings = ConsoleSettings()
    log: LogSettings = LogSettings()
    trace: TraceSettings = TraceSettings()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the service."""
        return host_and_port(self.listen)


def load_settings(
    config: str | None = None,
    flags: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """
    Read the settings file that is named, or `translator.toml` in the current folder if there is one.

    Shape: `flags` holds dotted keys (`whoop.url`) and wins over `environment`, which wins over the file.
    Raises: SettingsError with every fault, one a line.
    """
    surroundings = os.environ if environment is None else environment
    path = Path(config or surroundings.get(CONFIG_VARIABLE) or FILE_NAME)
    named = bool(config or surroundings.get(CONFIG_VARIABLE))
    text = read_settings(path) if named or path.is_file() else ""
    return parse_settings(text, str(path), flags or {}, surroundings)


def parse_settings(
    text: str,
    name: str = FILE_NAME,
    flags: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """
    Check the text of a settings file together with environment and flags. (pure)

    Shape: paths in the file are relative to the folder of `name`; paths in variables and flags to the current folder.
    Raises: SettingsError with every fault, one a line.
    """
    faults: list[Fault] = []
    values = {key.name: key.default for key in KEYS}
    file = SettingsFile(name, text)
    for origin, found in (
        (file, _from_file(file, faults)),
        (_OPENTELEMETRY, trace_variables(environment or {})),
        (_ENVIRONMENT, _from_environment(environment or {}, faults)),
        (_FLAG, dict(flags or {})),
    ):
        for key in KEYS:
            if key.name in found:
                _take(key, found[key.name], origin, values, faults)
    if values["trace.endpoint"]:
        told = variable_faults(environment or {})
        faults.extend(Fault(f"{_ENVIRONMENT}:1:1", "setting-value", one) for one in told)
    if faults:
        raise SettingsError(faults)
    return _settings(values)


def variable_name(key: str) -> str:
    """Name the environment variable of a key: `whoop.url` is `TRANSLATOR_WHOOP_URL`."""
    return ENVIRONMENT_PREFIX + key.replace(".", "_").upper()


def _from_file(file: SettingsFile, faults: list[Fault]) -> dict[str, Any]:
    try:
        tree = tomllib.loads(file.text)
    except tomllib.TOMLDecodeError as error:
        faults.append(file.syntax_fault(str(error)))
        return {}
    known = [key.name for key in KEYS]
    groups = {key.split(".")[0] for key in known if "." in key}
    found = {name: value for name, value in _flat(tree) if name not in groups or value != {}}
    faults.extend(
        file.fault(key, "setting-unknown", f"unknown key `{key}`{_suggest(key, known)}")
        for key in found
        if key not in known
    )
    return found


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _from_environment(environment: Mapping[str, str], faults: list[Fault]) -> dict[str, Any]:
    names = {variable_name(key.name): key.name for key in KEYS}
    ours = {name: value for name, value in environment.items() if name.startswith(ENVIRONMENT_PREFIX) and value}
    ours.pop(CONFIG_VARIABLE, None)
    for name in ours:
        if name not in names:
            text = f"unknown variable {name}{_suggest(name, [*names])}"
            faults.append(Fault(f"{_ENVIRONMENT}:1:1", "setting-unknown", text))
    return {names[name]: value for name, value in ours.items() if name in names}


def _take(key: Key, value: object, origin: SettingsFile | str, values: dict[str, Any], faults: list[Fault]) -> None:
    try:
        if isinstance(origin, SettingsFile):
            values[key.name] = key.based(key.from_file(value), origin.folder)
        else:
            values[key.name] = key.check(value)
    except ValueError as error:
        if isinstance(origin, SettingsFile):
            faults.extend(origin.value_faults(key.name, error))
        else:
            name = f"{variable_name(key.name)}: " if origin == _ENVIRONMENT else ""
            faults.append(Fault(f"{origin}:1:1", "setting-value", f"{name}`{key.name}`: {error}"))


_PARTS: Mapping[str, type[Struct]] = {
    "whoop": WhoopSettings,
    "acurable": AcurableSettings,
    "notify": NotifySettings,
    "lab": LabSettings,
    "api": ApiSettings,
    "console": ConsoleSettings,
    "log": LogSettings,
    "trace": TraceSettings,
}
"""The tables of a settings file that are one setting of ours, by their names."""


def _settings(values: Mapping[str, Any]) -> Settings:
    parts: dict[str, Any] = {
        name: kind(**{field.name: values[f"{name}.{field.name}"] for field in structs.fields(kind)})
        for name, kind in _PARTS.items()
    }
    return Settings(
        site=values["site"],
        ledger=values["ledger"],
        ledger_key=values["ledger_key"],
        listen=values["listen"],
        sites=values["sites"],
        folders=values["folder"],
        mllp=values["mllp"],
        nats=values["nats"],
        **parts,
    )


def _suggest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, [*known], n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
