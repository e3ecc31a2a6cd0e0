"""Where the tests of archives read and write: on this machine, and in an object storage."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.object_storage import BUCKET, ObjectStorage


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give a folder of this machine, then one of an object storage."""
    if request.param == "local":
        return str(tmp_path)
    storage: ObjectStorage = request.getfixturevalue("object_storage")
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    for name, value in storage.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{tmp_path.name}"
