"""Write the paths of the resources in the entries of a Bundle."""

from __future__ import annotations

from collections.abc import Sequence

# Most bundles have fewer entries, so that hardly ever a place is written anew.
PLACES = tuple(f"Bundle.entry[{index}].resource" for index in range(250))


def places(count: int) -> Sequence[str]:
    """Give the path of the resource in each of so many entries of a document."""
    return PLACES[:count] + tuple([f"Bundle.entry[{index}].resource" for index in range(len(PLACES), count)])
