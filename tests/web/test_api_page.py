"""docs/http-api.md: its examples do what it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab_messages import HDL, Obx, oru, service_request
from tests.web.api_calls import TABLES, listening
from translator.config_keys import KEYS
from translator.intake import Intake
from translator.ledger import SCOPES, Ledger
from translator.web.api_access import BELIEVED_S
from translator.web.api_body import MESSAGE_TYPES, Limits
from translator.web.api_openapi import document
from translator.web.api_problem import PROBLEMS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "http-api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sh\n(.*?)```(?:\n\n```json\n(.*?)```)?", PAGE, flags=re.DOTALL)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
ADDRESS = next(key.default for key in KEYS if key.name == "listen")


@pytest.fixture
def printed(tmp_path: Path) -> Iterator[list[str]]:
    """Run the examples of the page one after the other, in one shell; gives what each printed."""
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("the examples need curl and bash")
    (tmp_path / "results.hl7").write_bytes(oru([Obx(HDL, "55")]))
    (tmp_path / "day.hl7").write_bytes(oru([Obx(HDL, "55")]) + oru([Obx(HDL, "56")], request=service_request(2)))
    with (
        Ledger.open(tmp_path / "translator.db") as ledger,
        Intake(ledger, TABLES) as intake,
        listening(ledger, intake) as client,
    ):
        url = str(client.base_url).rstrip("/")
        blocks = [block.replace(f"http://{ADDRESS}", url) for block, _ in EXAMPLES]
        shim = f'translator() {{ {shlex.quote(sys.executable)} -m translator "$@"; }}\n'
        script = "set -eu\n" + shim + "".join(f"{block}\nprintf '\\036'\n" for block in blocks)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRANSLATOR_")}
        done = subprocess.run(
            ["bash", "-c", script],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=inherited | {"NO_PROXY": "*", "PYTHONPATH": str(ROOT)},
            timeout=120,
        )
        assert (done.returncode, done.stderr) == (0, "this is shown only once; keep it where secrets are kept\n")
        yield done.stdout.split("\036")[:-1]


def test_examples_print_what_the_page_says(printed: list[str]) -> None:
    """Each is run as it stands; what is shown below one is what it printed, but for the time."""
    expected = [(text, said) for text, (_, said) in zip(printed, EXAMPLES, strict=True) if said]

    assert len(expected) >= 3
    for text, said in expected:
        assert json.loads(MOMENT.sub("", text)) == json.loads(MOMENT.sub("", said))
    assert "urn:translator:problem" not in "".join(printed[:-1])


def test_page_names_everything_that_there_is() -> None:
    """Addresses, scopes, content types, problems and limits are those of the code."""
    limits = Limits()
    figures = (f"{limits.largest_mb} MiB", f"{limits.calls} calls", "within five seconds", "within a minute")

    assert [path for path in document(limits)["paths"] if f"/v1{path}" not in PAGE] == []
    assert [name for name in (*SCOPES, *MESSAGE_TYPES, *PROBLEMS) if f"`{name}`" not in PAGE] == []
    assert [figure for figure in figures if figure not in PAGE] == []
    assert (BELIEVED_S, limits.body_s) == (5, 60)
