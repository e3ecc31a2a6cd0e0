"""The tables that ship, loaded once, and a site of a few rows over them."""

from __future__ import annotations

import pytest

from translator.mapping_files import packaged_files, packaged_tables
from translator.translate.load import load_tables
from translator.translate.tables import Tables

SITE_ROWS = b"""\
system,code,display,whoop_code,kind,wire_unit,unit,unit_sent,dimensionless,min,max,negative,ignore,confirmed,same_as,example_in,example_out,source,note
L,LOT,Reagent lot,,,,,,,,,,reagent lot,,,LOT 7,ignored:ignored-by-table,,
L,CMT,Comment,COMMENT,text,,,,,,,,,,,fine,fine,site,
L,CHOL,Cholesterol,,,,,,,,,,,,2093-3,185 mg/dL,185 mg/dL,,
"""


@pytest.fixture(scope="session")
def tables() -> Tables:
    """Give the packaged tables."""
    return packaged_tables()


@pytest.fixture(scope="session")
def site_tables() -> Tables:
    """Give the packaged tables under a site that ignores one code, sends one as text and maps one."""
    return load_tables(packaged_files(), {"whoop/observations.csv": SITE_ROWS}, "acme")
