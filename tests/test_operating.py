"""The page about running it, the unit and the Containerfile name only what there is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from translator.cli import VERBS
from translator.config import CONFIG_VARIABLE, variable_name
from translator.config_keys import KEYS
from translator.ledger import UNLIMITED, Ledger
from translator.logs import FIELDS
from translator.web.health import LIVE_PATH, READY_PATH
from translator.web.metrics import METRICS_PATH, Metrics

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
CLUSTER = (ROOT / "docs" / "cluster.conf").read_text(encoding="utf-8")
UNIT = (ROOT / "docs" / "translator.service").read_text(encoding="utf-8")
CONTAINER = (ROOT / "docs" / "Containerfile").read_text(encoding="utf-8")

VARIABLES = {variable_name(key.name) for key in KEYS} | {CONFIG_VARIABLE}
SOURCE = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "translator").rglob("*.py"))


@pytest.mark.parametrize("variable", sorted(set(re.findall(r"TRANSLATOR_[A-Z_]+", PAGE + UNIT + CONTAINER))))
def test_variable_is_one_of_ours(variable: str) -> None:
    """A misspelt one would be an error at the start."""
    assert variable in VARIABLES


@pytest.mark.parametrize("setting", sorted(set(re.findall(r"`((?:console|log|notify|whoop)\.[a-z_]+)", PAGE))))
def test_setting_is_one_of_ours(setting: str) -> None:
    """The page names it as docs/settings.md does."""
    assert setting in {key.name for key in KEYS}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Show the metrics of a service that has done nothing."""
    place = tmp_path_factory.mktemp("ledger") / "lab.db"
    with Ledger.open(place) as ledger, Metrics(ledger, {"whoop": UNLIMITED}, ()) as metrics:
        return metrics.page().decode()


@pytest.mark.parametrize("metric", sorted(set(re.findall(r"\btranslator_[a-z_]+", PAGE))))
def test_metric_is_one_of_ours(shown: str, metric: str) -> None:
    """An alert on a metric that is not there never comes."""
    assert f"# TYPE {metric} " in shown


def test_every_metric_is_explained(shown: str) -> None:
    """Those of the process are Prometheus's own."""
    ours = set(re.findall(r"^# TYPE (translator_\w+?)(?:_created)? ", shown, flags=re.MULTILINE))

    assert [name for name in sorted(ours) if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize("path", [LIVE_PATH, READY_PATH, METRICS_PATH])
def test_address_is_explained(path: str) -> None:
    """And the image asks one of them."""
    assert f"| `{path}` |" in PAGE
    assert READY_PATH in CONTAINER


def log_table() -> list[tuple[list[str], list[str]]]:
    """Give the events and fields of each row of the table of the log."""
    rows = re.findall(
        r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| [^|]+ \| ([^|]+) \|$", PAGE.split("## The log")[1], flags=re.MULTILINE
    )
    return [(re.findall(r"`([a-z-]+)`", events), re.findall(r"`([a-z]+)`", fields)) for events, fields in rows]


def test_log_events_and_fields_are_ours() -> None:
    """Each event is written somewhere, and each field may be written at all."""
    table = log_table()

    assert len(table) > 5
    assert [event for events, _ in table for event in events if f'"{event}"' not in SOURCE] == []
    fields = {field for _, fields in table for field in fields}
    assert fields - {*FIELDS, "library", "place", "error"} == set()


@pytest.mark.parametrize("verb", sorted(set(re.findall(r"translator ([a-z]+)(?= |$|`)", PAGE, flags=re.MULTILINE))))
def test_verb_is_one_of_ours(verb: str) -> None:
    """What an operator is told to type exists."""
    assert verb in VERBS


def test_image_is_for_no_root_and_names_no_registry() -> None:
    """Its base is found wherever the site finds its images."""
    bases = re.findall(r"^FROM (\S+)", CONTAINER, flags=re.MULTILINE)

    assert bases
    assert [base for base in bases if "/" in base] == []
    assert re.search(r"^USER (?!0|root)\d+", CONTAINER, flags=re.MULTILINE)
    assert "HEALTHCHECK" in CONTAINER


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
@pytest.mark.parametrize("shared", [pytest.param(False, id="alone"), pytest.param(True, id="host-of-a-cluster")])
def test_unit_is_one_that_systemd_understands(tmp_path: Path, *, shared: bool) -> None:
    """Without a complaint, with the drop-in for a cluster, too; the program is one that is here."""
    unit = tmp_path / "translator.service"
    (tmp_path / "translator.service.d").mkdir()
    for file, text in ((unit, UNIT), (tmp_path / "translator.service.d" / "cluster.conf", CLUSTER if shared else "")):
        file.write_text(text.replace("/opt/translator/bin/translator", sys.executable), encoding="utf-8")

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )

    complaints = [line for line in done.stderr.splitlines() if "translator.service" in line or "cluster.conf" in line]
    assert complaints == []


@pytest.mark.skipif(not Path("/usr/bin/install").exists(), reason="the unit is for Linux")
def test_password_of_the_database_is_in_a_file_that_its_library_takes(tmp_path: Path) -> None:
    """Systemd hands secrets over that a group may read, which PostgreSQL's library refuses: so ours is a copy."""
    (given, run) = (tmp_path / "credentials", tmp_path / "run")
    given.mkdir()
    (run / "translator").mkdir(parents=True)
    (given / "pgpass").write_text("db.example:5432:*:*:secret", encoding="utf-8")
    (given / "pgpass").chmod(0o440)
    settings = dict(line.split("=", 1) for line in CLUSTER.splitlines() if "=" in line and not line.startswith("#"))

    subprocess.run(
        settings["ExecStartPre"].replace("%d", str(given)).replace("%t", str(run)).split(), check=True, timeout=30
    )

    place = Path(re.findall(r"PGPASSFILE=(\S+)", CLUSTER)[0].replace("%d", str(given)).replace("%t", str(run)))
    assert (settings["RuntimeDirectory"], oct(place.stat().st_mode & 0o777)) == ("translator", "0o600")
