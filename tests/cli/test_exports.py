"""NDJSON exports and FHIR XML on the command line: translate, submit, why and where."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine
from tests.exported import PATIENT, hdl, height, lines, order, report, service_request
from tests.sandbox_process import SandboxProcess

FILES = {
    "DiagnosticReport.ndjson": lines(report(1, "a"), report(2, "b")),
    "Observation.ndjson": lines(hdl("a", 55), hdl("b", 61)),
    "Patient.ndjson.gz": gzip.compress(lines(PATIENT)),
    "ServiceRequest.ndjson": lines(order(1), order(2)),
}
XML = (
    '<DiagnosticReport xmlns="http://hl7.org/fhir">\n'
    '<contained><Observation><id value="o"/><status value="final"/>'
    '<code><coding><system value="http://loinc.org"/><code value="2085-9"/></coding></code>\n'
    '<valueQuantity><value value="55.0"/><unit value="mg/dL"/></valueQuantity></Observation></contained>\n'
    f'<identifier><system value="https://api.prod.whoop.com/developer/v2/partner/service-request"/>'
    f'<value value="{service_request(1)}"/></identifier>\n'
    '<status value="final"/><result><reference value="#o"/></result></DiagnosticReport>\n'
).encode()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Write the files of an export into a folder."""
    folder = tmp_path / "export"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def bodies(printed: bytes) -> list[dict[str, Any]]:
    """Give every body that would be posted."""
    return [each["body"] for line in printed.splitlines() for each in json.loads(line)["submissions"]]


def test_folder_of_an_export_is_translated(command_line: CommandLine, export: Path) -> None:
    """One line per report, however the files are named: the folder, or one after another."""
    folder = command_line("translate", export)
    named = command_line("translate", *sorted(export.iterdir(), reverse=True))

    assert (folder.returncode, named.returncode, folder.stderr) == (0, 0, b"")
    assert folder.stdout == named.stdout
    assert [body["observations"][0]["value_numeric"] for body in bodies(folder.stdout)] == [55, 61]


def test_export_is_read_from_a_pipe(command_line: CommandLine) -> None:
    """Everything in one stream; a loose Observation has its line, too."""
    everything = b"\n".join(content for name, content in FILES.items() if not name.endswith(".gz"))

    done = command_line("translate", "-", data=everything + lines(height("c")))

    assert [json.loads(line)["state"] for line in done.stdout.splitlines()] == ["translated", "translated", "ignored"]


def test_other_files_beside_an_export_are_translated_first(command_line: CommandLine, export: Path) -> None:
    """A folder may hold both."""
    (export / "Z.xml").write_bytes(XML)

    done = command_line("translate", export)

    files = [json.loads(line)["source"]["file"] for line in done.stdout.splitlines()]
    assert files == ["Z.xml", "DiagnosticReport.ndjson", "DiagnosticReport.ndjson"]


def test_bad_line_is_a_finding(command_line: CommandLine, export: Path) -> None:
    """It is named by its number, and nothing of it is printed."""
    (export / "Observation.ndjson").write_bytes(lines(hdl("a")) + b'{"Avery": Sample}\n')

    done = command_line("translate", export)

    finding = json.loads(done.stdout.splitlines()[0])
    assert (done.returncode, finding["schema"]) == (1, "translator.file/1")
    assert finding["diagnostics"][0]["text"] == "line 2: this is no FHIR resource"
    assert b"Avery" not in done.stdout + done.stderr


def test_export_is_submitted(command_line: CommandLine, sandbox: SandboxProcess, export: Path) -> None:
    """Each report reaches its own service request, and a second run sends nothing."""
    submit = ("submit", export, "--whoop-url", sandbox.whoop_url)

    codes = [command_line(*submit, environment=sandbox.environment).returncode for _ in range(2)]

    assert codes == [0, 0]
    posted = [(request["path"].split("/")[-2], request["body"]["status"]) for request in sandbox.requests("results")]
    assert sorted(posted) == [
        (service_request(1), "final"),
        (service_request(2), "final"),
    ]


def test_strict_compares_every_resource_of_an_export(command_line: CommandLine, export: Path) -> None:
    """The order lacks what FHIR requires; that holds nothing and is told."""
    done = command_line("translate", "--strict", export)

    found = {
        (each["at"], each["severity"]) for line in done.stdout.splitlines() for each in json.loads(line)["diagnostics"]
    }
    assert done.returncode == 1
    assert ("Bundle.entry[2].resource.subject", "error") in found
    assert len(bodies(done.stdout)) == 2


@pytest.mark.parametrize(
    ("path", "member"),
    [
        pytest.param("export", "DiagnosticReport.ndjson", id="folder"),
        pytest.param("all.ndjson", "", id="one-file"),
    ],
)
def test_why_leads_to_the_line_of_the_export(command_line: CommandLine, export: Path, path: str, member: str) -> None:
    """The bytes are those of the file that the Observation lies in."""
    plain = [name for name in FILES if not name.endswith(".gz")]
    everything = b"".join(FILES[name] for name in plain)
    (export.parent / "all.ndjson").write_bytes(everything)
    chosen = ["--member", member] if member else []

    done = command_line("why", path, "0.0", "--message", "1", *chosen)

    place = json.loads(done.stdout)["origins"][0]["place"]
    raw = FILES["Observation.ndjson"] if member else everything
    assert raw[place["start"] : place["end"]] == b"61"
    assert raw[: place["start"]].count(b"\n") + 1 == place["line"]
    assert place["context"][place["column"] :].startswith("61")
    assert place.get("file") == ("Observation.ndjson" if member else None)


def test_where_leads_from_a_resource_to_its_fate(command_line: CommandLine, export: Path) -> None:
    """The line is shown as it is in its file."""
    done = command_line(
        "where",
        f"{export}:Bundle.entry[1].resource",
        "--member",
        "DiagnosticReport.ndjson",
        "--message",
        "0",
        "--format",
        "table",
    )

    shown = done.stdout.decode()
    assert done.returncode == 0
    assert "Observation.ndjson, line 1, bytes 0 to" in shown
    assert '{"resourceType": "Observation"' in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(
            ["export", "0.0"], b"holds 4 files; name one, or one of an NDJSON export with --member", id="folder"
        ),
        pytest.param(["export", "0.0", "--member", "x"], b"there is no message in this file", id="no-such-file"),
        pytest.param(
            ["export", "0.0", "--member", "DiagnosticReport.ndjson"], b"name one with --message", id="several-messages"
        ),
        pytest.param(["mixed", "0.0", "--member", "a.hl7"], b"a.hl7: is no NDJSON; name one file", id="no-export"),
    ],
)
def test_question_that_names_no_message_is_exit_code_2(
    command_line: CommandLine, export: Path, arguments: list[str], said: bytes
) -> None:
    """The error says what is missing."""
    (export.parent / "mixed").mkdir()
    for name in ("a.hl7", "b.hl7"):
        (export.parent / "mixed" / name).write_bytes(b"MSH|")

    done = command_line("why", *arguments)

    assert (done.returncode, said in done.stderr) == (2, True)


def test_place_between_the_lines_stands_in_no_file(command_line: CommandLine, export: Path) -> None:
    """What joins the lines into a Bundle is nobody's bytes."""
    done = command_line("where", export, "Bundle.type", "--member", "DiagnosticReport.ndjson", "--message", "0")

    assert (done.returncode, b"stands on no line of the export" in done.stderr) == (2, True)


def test_xml_is_translated_and_explained(command_line: CommandLine) -> None:
    """The payload is that of the same JSON, and leads back to the bytes of the XML."""
    translated = command_line("translate", "-", data=XML)
    asked = command_line("why", "-", "0.0", data=XML)
    answered = command_line("where", "-", "DiagnosticReport.contained[0]", data=XML)

    place = json.loads(asked.stdout)["origins"][0]["place"]
    assert translated.returncode == 0
    assert b'"value_numeric":55,' in translated.stdout
    assert (XML[place["start"] : place["end"]], place["line"]) == (b"55.0", 3)
    assert json.loads(answered.stdout)["origins"][0]["entry"]["state"] == "translated"


def test_xml_with_a_document_type_is_refused(command_line: CommandLine) -> None:
    """Nothing in it is read."""
    done = command_line("translate", "-", data=b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + XML)

    outcome = json.loads(done.stdout)
    assert (done.returncode, outcome["state"], outcome["diagnostics"][0]["code"]) == (1, "refused", "xml-doctype")


def test_bundles_one_after_another_are_messages(command_line: CommandLine) -> None:
    """Two documents over many lines in one file are two messages, and `why` finds the second."""
    bundles = [
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": node} for node in nodes]}
        for nodes in ((report(1, "a"), hdl("a", 55), order(1)), (report(2, "a"), hdl("a", 61), order(2)))
    ]
    raw = b"\n".join(json.dumps(bundle, indent=1).encode() for bundle in bundles)

    done = command_line("translate", "-", data=raw)
    asked = command_line("why", "-", "0.0", "--message", "1", data=raw)

    place = json.loads(asked.stdout)["origins"][0]["place"]
    assert [body["observations"][0]["value_numeric"] for body in bodies(done.stdout)] == [55, 61]
    assert raw[place["start"] : place["end"]] == b"61"
    assert raw[: place["start"]].count(b"\n") + 1 == place["line"]
