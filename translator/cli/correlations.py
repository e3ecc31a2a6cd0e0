"""Read the file of `--correlation`."""

from __future__ import annotations

from pathlib import Path

from translator.errors import ConfigError
from translator.record.correlation import CorrelationRow


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
