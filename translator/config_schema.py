"""
Make the JSON Schema of `translator.toml` from the keys that the loader checks by, for editors that complete and check.

Draft 7, which editors of TOML read. What only a machine can know, such as whether a folder is there, is the loader's
alone; networks are written with the length of their prefix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from translator import config_checks as checks
from translator.config_checks import Key, OneOf, UpTo
from translator.config_keys import KEYS
from translator.config_streams import (
    NAME,
    PATTERN,
    SERVER,
    SUBJECT,
    nats_servers,
    stream_name,
    subject_or_nothing,
    subject_patterns,
)
from translator.secrets import Secret

Schema: TypeAlias = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"
FILLED: Schema = {"type": "string", "pattern": r"\S"}

_PORT = checks.PORT
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)"
_ADDRESS: Schema = {"type": "string", "pattern": rf"^[^\n]+:(0{{1,5}}|{_PORT})$"}
_URL: Schema = {"type": "string", "pattern": rf"^[Hh][Tt][Tt][Pp][Ss]?://{_HOST}(:{_PORT}?)?([/?#]\S*)?$"}
_SECRET: Schema = {"type": "string", "pattern": r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:\S.*)$"}
_NOTHING: Schema = {"const": ""}
_WORDS = r"^\s*[^,\s][^,]*(,\s*[^,\s][^,]*)*$"
_LIST: Schema = {
    "anyOf": [
        {"type": "array", "items": {"type": "string", "minLength": 1}},
        {"type": "string", "pattern": _WORDS, "description": "One text, or several parted by commas."},
    ]
}
_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_BYTE}(\.{_BYTE}){{3}}(/(3[0-2]|[12]?[0-9]))?"
_GROUP = "[0-9A-Fa-f]{1,4}"
_SHORT = "|".join(f"({_GROUP}:){{1,{7 - after}}}(:{_GROUP}){{1,{after}}}" for after in range(1, 7))
_WHOLE = f"({_GROUP}:){{7}}{_GROUP}|({_GROUP}:){{1,7}}:|{_SHORT}|:((:{_GROUP}){{1,7}}|:)"
_IPV6 = rf"({_WHOLE})(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?"
_NETWORK = f"({_IPV4}|{_IPV6})"


def _several(pattern: str, *, least: int = 0) -> Schema:
    """Texts that are each of a pattern, as a list, or parted by commas."""
    array: Schema = {"type": "array", "items": {"type": "string", "pattern": f"^{pattern}$"}}
    text: Schema = {"type": "string", "pattern": rf"^\s*{pattern}\s*(,\s*{pattern}\s*)*$"}
    return {"anyOf": [array | ({"minItems": least} if least else {}), text]}


# By the check that the loader does. An array of tables and the makers of checks are told by their kind below.
_BY_CHECK: Mapping[Callable[[object], Any], Schema] = {
    checks.text: {"type": "string"},
    checks.filled_text: FILLED,
    checks.address: _ADDRESS,
    checks.address_or_nothing: {"anyOf": [_ADDRESS, _NOTHING]},
    checks.url: _URL,
    checks.url_or_nothing: {"anyOf": [_URL, _NOTHING]},
    checks.secret: _SECRET,
    checks.secret_or_nothing: {"anyOf": [_SECRET, _NOTHING]},
    checks.codes: _LIST,
    checks.texts: _LIST,
    checks.seconds: {"type": "number", "exclusiveMinimum": 0, "maximum": checks.LONGEST_S},
    checks.hours: {"type": "number", "minimum": 0, "maximum": checks.LONGEST_H},
    checks.calls: {"type": "integer", "minimum": 0},
    checks.ratio: {"type": "number", "minimum": 0, "maximum": 1},
    checks.lab: {"type": "string", "pattern": rf"^((?![\s\S]*://)[\s\S]*|[Mm][Ll][Ll][Pp][Ss]?://{_HOST}:{_PORT})$"},
    checks.networks: {
        "anyOf": [
            {"type": "array", "items": {"type": "string", "pattern": f"^{_NETWORK}$"}},
            {"type": "string", "pattern": rf"^\s*({_NETWORK})?\s*(,\s*({_NETWORK})?\s*)*$"},
        ]
    },
    stream_name: {"type": "string", "pattern": f"^{NAME}$"},
    subject_or_nothing: {"anyOf": [{"type": "string", "pattern": f"^{SUBJECT}$"}, _NOTHING]},
    subject_patterns: _several(PATTERN),
    nats_servers: _several(SERVER, least=1),
    checks.flag: {"type": "boolean"},
    checks.command: {
        "anyOf": [{"type": "array", "items": {"type": "string", "minLength": 1}}, {"type": "string"}],
    },
}


def settings_schema() -> Schema:
    """Give the JSON Schema of `translator.toml`."""
    top: Schema = _table({key.name: key for key in KEYS if "." not in key.name})
    groups: dict[str, dict[str, Key]] = {}
    for key in KEYS:
        group, dot, name = key.name.partition(".")
        if dot:
            groups.setdefault(group, {})[name] = key
    top["properties"] |= {group: _table(keys) for group, keys in groups.items()}
    return {"$schema": DRAFT, "title": "Settings of translator: translator.toml", **top}


def _table(keys: Mapping[str, Key]) -> Schema:
    table: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _property(key) for name, key in keys.items()},
    }
    required = [name for name, key in keys.items() if key.is_required]
    return table | ({"required": required} if required else {})


def _property(key: Key) -> Schema:
    default = _plain(key.default)
    said = {} if default in (None, "", []) or key.is_required else {"default": default}
    return {"description": key.meaning, **said, **_fragment(key)}


def _fragment(key: Key) -> Schema:
    if key.rows:
        short = next(row for row in key.rows if row.is_required)
        one = {"anyOf": [_fragment(short), _NOTHING], "description": f"One, by its `{short.name}` alone."}
        return {"anyOf": [{"type": "array", "items": _table({row.name: row for row in key.rows})}, one]}
    match key.check:
        case UpTo(most=most):
            return {"type": "integer", "minimum": 1, "maximum": most}
        case OneOf(words=words):
            return {"enum": list(words)}
    return _BY_CHECK[key.check]


def _plain(default: object) -> object:
    if isinstance(default, Secret):
        return default.reference
    return list(default) if isinstance(default, tuple) else default
