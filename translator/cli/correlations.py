"""Read the file of `--correlation`, and look its rows up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from translator.errors import ConfigError
from translator.record.correlation import CorrelationHit, CorrelationRow


def read_correlation(name: str | None) -> tuple[CorrelationRow, ...]:
    """
    Read the correlation file that was named; without one there are no rows.

    Raises: ConfigError where it cannot be read; TableError with every fault in it.
    """
    if name is None:
        return ()
    from translator.translate.correlation import parse_correlation  # noqa: PLC0415 - only with the flag

    path = Path(name)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: not UTF-8; save the correlation file as UTF-8") from None
    return parse_correlation(text, path.name)


class FileCorrelation:
    """
    Look order numbers up in the rows of one file, as the ledger does in its own.

    Shape: a row without source or key type matches any; a row that has expired on `today` matches nothing.
    """

    def __init__(self, rows: Sequence[CorrelationRow], source: str, today: date) -> None:
        self._rows: dict[str, list[CorrelationRow]] = {}
        for row in rows:
            if row.source in {"", source} and (not row.expires or row.expires[:10] >= today.isoformat()):
                self._rows.setdefault(row.key, []).append(row)

    def __call__(self, key_type: str, key: str, namespace: str) -> tuple[CorrelationHit, ...]:  # noqa: ARG002 - rows have none
        """Give every hit, each once."""
        hits = (
            CorrelationHit(row.service_request_id, row.key_type, row.patient, row.birth_date, row.panel)
            for row in self._rows.get(key, ())
            if row.key_type in {"", key_type}
        )
        return tuple(dict.fromkeys(hits))
