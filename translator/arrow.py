"""
Translate tables of messages in Arrow: a function for Spark's `mapInArrow`, and for whatever else hands over batches.

    from translator.arrow import SQL_SCHEMA, map_in_arrow

    outcomes = messages.mapInArrow(map_in_arrow(column="message", name="path"), SQL_SCHEMA)

The extra `archive` brings pyarrow. Nothing else of a cluster's engine is needed, and Spark brings its own workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from translator import Correlation, Outcome, Translator
from translator.bulk.columns import SQL_SCHEMA, arrow_schema, in_columns
from translator.bulk.rows import message_column, messages_of
from translator.errors import ConfigError
from translator.portions import cut_portions

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SQL_SCHEMA", "MapInArrow", "arrow_schema", "map_in_arrow"]

Batches: TypeAlias = "Iterator[pa.RecordBatch]"

# Outcomes that are held in memory together; all of their text is one column of Arrow, which has an end.
_MOST = 1024

_NO_CORRELATION = Correlation(())


class MapInArrow:
    """Give the outcomes of the messages in one column, batch by batch; it can be pickled, with its tables."""

    def __init__(self, engine: Translator, column: str | None, name: str | None, correlation: Correlation) -> None:
        self._engine = engine
        self._column = column
        self._name = name
        self._correlation = correlation

    def __call__(self, batches: Batches) -> Batches:
        """
        Give batches of outcomes for every batch of messages; of one with many messages in a row, several.

        Raises: ConfigError where a column is not there.
        """
        for batch in batches:
            messages = messages_of(batch.column(message_column(batch.schema, self._column)))
            outcomes = self._outcomes(messages, self._names(batch))
            while (found := in_columns(islice(outcomes, _MOST))).num_rows:
                yield found

    def _outcomes(self, messages: Iterable[bytes], names: Iterable[str]) -> Iterator[Outcome]:
        for raw, name in zip(messages, names, strict=True):
            for portion in cut_portions([raw] if raw else [], name):
                found = self._engine.translate_portion(portion, correlation=self._correlation)
                yield from (outcome for _, outcome in found)

    def _names(self, batch: pa.RecordBatch) -> list[str]:
        if self._name is None:
            return [""] * batch.num_rows
        if self._name not in batch.schema.names:
            raise ConfigError(f"there is no column {self._name}; there are {', '.join(batch.schema.names)}")
        return ["" if name is None else str(name) for name in batch.column(self._name).to_pylist()]


def map_in_arrow(
    site: str | None = None,
    *,
    column: str | None = None,
    name: str | None = None,
    correlation: Correlation = _NO_CORRELATION,
) -> MapInArrow:
    """
    Make a function that turns batches of messages into batches of outcomes.

    Shape: `column` holds one message or document in each row, as bytes or text; without it, the only column of these
    is taken. The column `name` says what a row is called in its outcome (`file`), as a path or an id. There is a row
    of `SQL_SCHEMA` for every line that `translator translate` would print: one for a message, more for a row with
    several, and a refused one for a row without any. Tables are read here, once, and travel with the function.
    Raises: TableError with every fault; ConfigError for a site that is not there.
    """
    return MapInArrow(Translator.load(site), column, name, correlation)
