"""The HTTP API: kept before it is answered, once per key, and told of without a value."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import CommandLine
from tests.lab_messages import CHOLESTEROL, HDL, LOCAL, Obx, oru, service_request
from tests.ledger.arrivals import POLICIES
from tests.sandbox_process import NO_TLS
from tests.web.api_calls import FHIR, HL7, JSON, TABLES, bearer, listening, problem, serving, token
from translator import Translator
from translator.config import parse_settings
from translator.config_intakes import ApiSettings
from translator.intake import Intake, Tables
from translator.ledger import Ledger, Settlement
from translator.sites import Sites
from translator.web.api_body import MESSAGE_TYPES, is_several

ENGINE = Translator.load()
RAW = oru([Obx(CHOLESTEROL, "185"), Obx(LOCAL, "1")])
LINES = {"Accept": "application/x-ndjson"}
PIECES = [
    RAW,
    RAW[:40],
    b"\x0b",
    b"\x1c\r",
    b"\r",
    b"\n",
    b"FHS|^~\\&\r",
    b"BTS|1\r",
    b"OBX|1|NM|MSH|",
    b"MSH|",
    b"MSH\r",
]
BUNDLE = b'{"resourceType": "Bundle", "type": "collection", "entry": []}'


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(tmp_path / "lab.db") as opened:
        yield opened


@pytest.fixture
def caller(ledger: Ledger) -> Iterator[httpx.Client]:
    """Call the API of the ledger with a token that may do everything."""
    with serving(ledger) as client:
        yield client


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Call one API for many examples."""
    with Ledger.open(tmp_path_factory.mktemp("api") / "lab.db") as ledger, serving(ledger) as client:
        yield client


# POST /v1/translate


def test_translate_answers_as_the_library_does(caller: httpx.Client, ledger: Ledger) -> None:
    """The same bytes, and nothing is kept."""
    answer = caller.post("/v1/translate", content=RAW, headers=HL7)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == ENGINE.translate(RAW).json
    assert ledger.messages() == []


def test_translate_writes_the_lines_of_the_command_line(
    caller: httpx.Client, command_line: CommandLine, tmp_path: Path
) -> None:
    """Several messages in one body: the same lines, but for the name of the file, which a call has not."""
    day = RAW + oru([Obx(HDL, "55")], request=service_request(2)) + b"ZZZ|stray\r"
    (tmp_path / "day.hl7").write_bytes(day)

    answer = caller.post("/v1/translate", content=day, headers=HL7 | LINES)

    printed = command_line("translate", "day.hl7").stdout
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert len(answer.content.splitlines()) >= 2
    assert answer.content == printed.replace(b',"file":"day.hl7"', b"")


def test_several_messages_without_lines_are_one_refused_outcome(caller: httpx.Client) -> None:
    """Who does not ask for lines gets the one outcome that the library gives."""
    outcome = caller.post("/v1/translate", content=RAW + RAW, headers=HL7).json()

    assert (outcome["state"], outcome["diagnostics"][0]["code"]) == ("refused", "several-messages")


@pytest.mark.parametrize("content_type", MESSAGE_TYPES)
def test_translate_takes_the_content_type(caller: httpx.Client, content_type: str) -> None:
    """What the bytes are is told from the bytes, whichever type is named, with or without parameters."""
    for header in (content_type, f"{content_type.upper()} ; charset=utf-8"):
        answer = caller.post("/v1/translate", content=RAW, headers={"Content-Type": header})

        assert answer.json()["source"]["format"] == "hl7v2"


def test_translate_reads_by_the_site_of_the_api(ledger: Ledger) -> None:
    """`api.site` chooses the tables."""
    settings = parse_settings("[api]\nsite = 'example'")
    tables = Tables(Sites.load(settings), POLICIES)
    raw = oru([Obx("CHOL^Cholesterol^L", "185")])
    with serving(ledger, tables, settings=settings.api) as client:
        answer = client.post("/v1/translate", content=raw, headers=HL7)

    assert answer.content == Translator.load("example").translate(raw).json != ENGINE.translate(raw).json


def test_each_message_is_read_by_the_tables_of_its_sender(ledger: Ledger, tmp_path: Path) -> None:
    """Where senders decide, a body of two senders is read by two sites; one that nobody names is held."""
    for name in ("north", "south"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "site.toml").write_text(f'[hl7v2]\nsenders = ["EXLAB|{name.upper()}"]\n', encoding="utf-8")
    sites = Sites.load(parse_settings(f"sites = ['{tmp_path / 'north'}', '{tmp_path / 'south'}']"))
    day = b"".join(RAW.replace(b"|NORTH|", b"|%s|" % name) for name in (b"NORTH", b"SOUTH", b"EAST"))

    with serving(ledger, Tables(sites, POLICIES)) as client:
        answer = client.post("/v1/translate", content=day, headers=HL7 | LINES)

    outcomes = [json.loads(line) for line in answer.content.splitlines()]
    assert [outcome["source"]["index"] for outcome in outcomes] == [0, 1, 2]
    assert len({outcome["tables_sha256"] for outcome in outcomes}) == 3
    assert [outcome["state"] for outcome in outcomes] == ["translated", "translated", "held"]
    assert "site-undecided" in answer.text


@given(raw=st.binary(max_size=400) | st.binary(max_size=60).map(lambda some: RAW[:90] + some + RAW[90:]))
def test_any_bytes_give_an_outcome(lasting: httpx.Client, raw: bytes) -> None:
    """Whatever is sent gives an outcome, or lines of them, and never an error of ours."""
    one = lasting.post("/v1/translate", content=raw, headers=HL7)
    lines = lasting.post("/v1/translate", content=raw, headers=HL7 | LINES)

    if raw:
        assert (one.status_code, lines.status_code) == (200, 200)
        assert one.content == ENGINE.translate(raw).json
        assert [json.loads(line)["schema"].partition("/")[2] for line in lines.content.splitlines()]
    else:
        assert [problem(answer) for answer in (one, lines)] == ["body-empty"] * 2


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=5))
def test_several_messages_are_told_as_the_library_tells_them(pieces: list[bytes]) -> None:
    """What is sent back as several is exactly what the library refuses as several."""
    raw = b"".join(pieces)

    told = [remark.code for remark in ENGINE.translate(raw).diagnostics]

    assert is_several(raw) == ("several-messages" in told)


# POST /v1/messages


def test_message_is_on_disk_when_it_is_answered(caller: httpx.Client, ledger: Ledger) -> None:
    """201 with its number and where to ask further; the bytes are in the ledger as they came."""
    answer = caller.post("/v1/messages", content=RAW, headers=HL7)

    body = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"/v1/messages/{body['message']}")
    assert (body["state"], body["links"]) == ("translated", {"message": answer.headers["location"]})
    assert ledger.raw(body["message"]) == RAW
    assert ledger.progress().message(body["message"]).intake == "http"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("raw", "state", "code"),
    [
        pytest.param(b"no message", "refused", "malformed", id="nonsense"),
        pytest.param(oru([Obx(HDL, "55")], processing_id="T"), "refused", "not-production", id="training"),
        pytest.param(oru([Obx(HDL, "55")], request="none"), "held", None, id="no-service-request"),
    ],
)
def test_message_that_is_not_sent_is_kept(
    caller: httpx.Client, ledger: Ledger, raw: bytes, state: str, code: str | None
) -> None:
    """It is accounted for like any other, so the answer is 201; the state and the remarks say what became of it."""
    answer = caller.post("/v1/messages", content=raw, headers=HL7)

    assert (answer.status_code, answer.json()["state"]) == (201, state)
    assert code is None or code in [remark["code"] for remark in answer.json()["diagnostics"]]
    assert ledger.raw(answer.json()["message"]) == raw


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Idempotency-Key": "4b0b-1"}, id="key"),
        pytest.param({}, id="bytes"),
    ],
)
def test_same_message_gets_the_first_answer(caller: httpx.Client, ledger: Ledger, headers: dict[str, str]) -> None:
    """Known by its key, or without one by its bytes: 200, the same words, and kept once."""
    answers = [caller.post("/v1/messages", content=RAW, headers=HL7 | headers) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert len({(answer.content, answer.headers["location"]) for answer in answers}) == 1
    assert len(ledger.messages()) == 1


def test_duplicates_at_the_same_moment_are_kept_once(caller: httpx.Client, ledger: Ledger) -> None:
    """However many calls race, one is 201, and all name the same message."""

    def call(_: int) -> httpx.Response:
        return caller.post("/v1/messages", content=RAW, headers=HL7 | {"Idempotency-Key": "race"})

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(call, range(48)))

    assert sorted(answer.status_code for answer in answers) == [200] * 47 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert len(ledger.messages()) == 1


def test_key_with_other_bytes_is_a_problem(caller: httpx.Client, ledger: Ledger) -> None:
    """The caller must learn that what it says now is not what was kept."""
    headers = HL7 | {"Idempotency-Key": "4b0b-1"}
    caller.post("/v1/messages", content=RAW, headers=headers)

    answer = caller.post("/v1/messages", content=oru([Obx(HDL, "55")]), headers=headers)

    assert (answer.status_code, problem(answer), len(ledger.messages())) == (422, "key-reused", 1)


def test_key_is_its_tokens_own(caller: httpx.Client, ledger: Ledger) -> None:
    """Two callers who count from 1 do not get each other's answers; nor do a key and a hash that look alike."""
    other = bearer(token(ledger, name="other"))
    headers = HL7 | {"Idempotency-Key": "1"}

    answers = [
        caller.post("/v1/messages", content=RAW, headers=headers | more).status_code for more in ({}, other, {}, other)
    ]

    assert answers == [201, 201, 200, 200]


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param([""], id="empty"),
        pytest.param(["a b"], id="blank"),
        pytest.param(["x" * 256], id="long"),
        pytest.param(["\u00e9"], id="not-ascii"),
        pytest.param(["1", "2"], id="two"),
    ],
)
def test_key_that_is_none_is_a_problem(caller: httpx.Client, ledger: Ledger, keys: list[str]) -> None:
    """A key that a proxy could change is not believed."""
    sent = [(b"Idempotency-Key", key.encode("latin-1")) for key in keys]
    headers = [*((name.encode(), value.encode()) for name, value in HL7.items()), *sent]

    answer = caller.post("/v1/messages", content=RAW, headers=headers)

    assert (answer.status_code, problem(answer), ledger.messages()) == (400, "key-malformed", [])


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(RAW + RAW, id="hl7"),
        pytest.param(b"\x0b" + RAW + b"\x1c\r\x0b" + RAW + b"\x1c\r", id="mllp"),
        pytest.param(b"FHS|^~\\&\rBHS|^~\\&\r" + RAW + RAW + b"BTS|2\rFTS|1\r", id="batch"),
        pytest.param(BUNDLE + b"\n" + BUNDLE, id="ndjson"),
        pytest.param(BUNDLE.replace(b",", b",\n") * 2, id="documents"),
    ],
)
def test_several_messages_in_a_call_are_a_problem(caller: httpx.Client, ledger: Ledger, raw: bytes) -> None:
    """One call, one message, one answer; nothing is kept of the others."""
    answer = caller.post("/v1/messages", content=raw, headers=HL7)

    assert (answer.status_code, problem(answer), ledger.messages()) == (422, "several-messages", [])


@pytest.mark.parametrize(
    ("raw", "headers"),
    [
        pytest.param(b"\x0b" + RAW + b"\x1c\r", HL7, id="mllp"),
        pytest.param(b"FHS|^~\\&\rBHS|^~\\&\r" + RAW + b"BTS|1\rFTS|1\r", HL7, id="batch-of-one"),
        pytest.param(RAW.replace(b"Avery", b"MSH"), HL7, id="a-person-called-MSH"),
        pytest.param(BUNDLE, FHIR, id="bundle"),
    ],
)
def test_one_message_in_an_envelope_is_one(caller: httpx.Client, raw: bytes, headers: dict[str, str]) -> None:
    """What only looks like several is taken."""
    assert caller.post("/v1/messages", content=raw, headers=headers).status_code == 201


SERVE = """
import sys
from starlette.applications import Starlette
from tests.web.api_calls import TABLES, token
from translator.accept.listener import Listener
from translator.config_intakes import ApiSettings
from translator.intake import Intake
from translator.ledger import Ledger
from translator.web.api import Api

with Ledger.open(sys.argv[1]) as ledger, Intake(ledger, TABLES) as intake:
    application = Starlette(routes=[Api(ledger, intake, ApiSettings()).mount()])
    with Listener(application, "127.0.0.1", 0) as listener:
        print(listener.url, token(ledger), flush=True)
        sys.stdin.read()
"""


def test_acknowledged_message_outlives_kill_9(tmp_path: Path) -> None:
    """P2: the process is killed in the instant of the 201; the message is there, and asking again tells so."""
    place, root = tmp_path / "lab.db", Path(__file__).parents[2]
    serving_process = subprocess.Popen(
        [sys.executable, "-c", SERVE, place],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(root)},
    )  # fmt: skip
    assert serving_process.stdout is not None
    url, made = serving_process.stdout.readline().split()

    answer = httpx.post(
        f"{url}/v1/messages", content=RAW, headers=HL7 | bearer(made), trust_env=False, verify=NO_TLS, timeout=60
    )
    serving_process.send_signal(signal.SIGKILL)
    serving_process.communicate(timeout=60)

    assert answer.status_code == 201
    with Ledger.open(place) as ledger:
        assert ledger.raw(answer.json()["message"]) == RAW
        assert ledger.verify() == []
        with Intake(ledger, TABLES) as intake, listening(ledger, intake) as client:
            again = client.post("/v1/messages", content=RAW, headers=HL7 | bearer(made))
    assert (again.status_code, again.content) == (200, answer.content)


# What became of it


def hand_in(caller: httpx.Client, raw: bytes = RAW) -> int:
    """Hand a message in; gives its number."""
    return int(caller.post("/v1/messages", content=raw, headers=HL7).json()["message"])


def test_progress_follows_a_message_to_the_vendor(caller: httpx.Client, ledger: Ledger) -> None:
    """From the message to its submission, its attempts and its lane, each by its number."""
    number = hand_in(caller)
    claim = ledger.claim("whoop")
    assert claim is not None
    ledger.settle(claim, Settlement("accepted", "201"))

    message = caller.get(f"/v1/messages/{number}").json()
    (sent, *_) = message["submissions"]
    submission = caller.get(f"/v1/submissions/{sent['submission']}").json()
    lane = caller.get(f"/v1/lanes/{sent['lane']}").json()

    assert [(entry["at"], entry["state"]) for entry in message["entries"]] == [
        ("OBX[1]", "delivered"),
        ("OBX[2]", "held"),
    ]
    assert submission == sent
    assert [(attempt["outcome"], attempt["answer"]) for attempt in submission["attempts"]] == [("accepted", "201")]
    assert (lane["service_request_id"], lane["submissions"][0]["submission"]) == (
        service_request(1),
        sent["submission"],
    )
    assert {step["message"] for step in lane["submissions"]} == {number}


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"service_request_id": service_request(7)}, id="as-kept"),
        pytest.param({"service_request_id": "ABCDEF00-0000-4000-8000-000000000001"}, id="capitals"),
        pytest.param({"service_request_id": service_request(7), "destination": "whoop"}, id="destination"),
    ],
)
def test_lane_is_found_by_its_service_request(caller: httpx.Client, asked: dict[str, str]) -> None:
    """Its id stands in the body of the question, and the answer names the lane by number."""
    hand_in(caller, oru([Obx(HDL, "55")], request=asked["service_request_id"]))

    lane = caller.post("/v1/lanes/find", json=asked).json()

    assert (lane["lane"], lane["state"]) == (1, "queued")
    assert caller.get("/v1/lanes/1").json() == lane


@pytest.mark.parametrize(
    ("body", "status", "name"),
    [
        pytest.param({"service_request_id": service_request(9)}, 404, "lane-unknown", id="unknown"),
        pytest.param(
            {"service_request_id": service_request(1), "destination": "acurable"}, 404, "lane-unknown", id="elsewhere"
        ),
        pytest.param({"service_request_id": 9}, 400, "body-malformed", id="number"),
        pytest.param({"service_request_id": ""}, 400, "body-malformed", id="empty"),
        pytest.param({"service_request": "x"}, 400, "body-malformed", id="another-name"),
        pytest.param({"service_request_id": "x", "more": 1}, 400, "body-malformed", id="more"),
        pytest.param([], 400, "body-malformed", id="list"),
    ],
)
def test_question_that_finds_no_lane_is_a_problem(caller: httpx.Client, body: object, status: int, name: str) -> None:
    """What is asked is not repeated in the answer."""
    hand_in(caller)

    answer = caller.post("/v1/lanes/find", json=body)

    assert (answer.status_code, problem(answer)) == (status, name)
    assert "0000-4000" not in answer.text


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b'{"service_request_id":"\xff"}', b'"\\ud800"'])
def test_question_that_is_no_json_is_a_problem(caller: httpx.Client, content: bytes) -> None:
    """However it is broken."""
    assert problem(caller.post("/v1/lanes/find", content=content, headers=JSON)) == "body-malformed"


@pytest.mark.parametrize("kind", ["messages", "submissions", "lanes"])
@pytest.mark.parametrize(
    ("number", "name"),
    [
        pytest.param("2", "number-unknown", id="unknown"),
        pytest.param("0", "number-unknown", id="nought"),
        pytest.param("9223372036854775807", "number-unknown", id="largest"),
        pytest.param("9223372036854775808", "number-unknown", id="beyond-the-database"),
        pytest.param("9" * 5000, "address-unknown", id="beyond-python"),
        pytest.param("-1", "address-unknown", id="negative"),
        pytest.param("x", "address-unknown", id="word"),
        pytest.param("%C2%B2", "address-unknown", id="another-digit"),
    ],
)
def test_number_that_the_ledger_has_not_is_a_problem(lasting: httpx.Client, kind: str, number: str, name: str) -> None:
    """Neither an unknown number nor one that is none, or beyond every database, is more than 404."""
    answer = lasting.get(f"/v1/{kind}/{number}")

    assert (answer.status_code, problem(answer)) == (404, name)


# Everything else


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        pytest.param("GET", "/v1/", 404, "address-unknown", id="root"),
        pytest.param("GET", "/v1/patients", 404, "address-unknown", id="unknown"),
        pytest.param("POST", "/v1/translate/", 404, "address-unknown", id="slash"),
        pytest.param("GET", "/v1/translate", 405, "method-unknown", id="get-translate"),
        pytest.param("PUT", "/v1/messages", 405, "method-unknown", id="put-messages"),
        pytest.param("DELETE", "/v1/messages/1", 405, "method-unknown", id="delete-message"),
        pytest.param("OPTIONS", "/v1/messages", 405, "method-unknown", id="no-cors"),
    ],
)
def test_address_or_method_that_is_not_there_is_a_problem(
    lasting: httpx.Client, method: str, path: str, status: int, name: str
) -> None:
    """Below /v1 every answer is JSON; a wrong method is told which are right."""
    answer = lasting.request(method, path)

    assert (answer.status_code, problem(answer)) == (status, name)
    assert ("allow" in answer.headers) == (status == 405)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/translate", "/v1/messages"])
@pytest.mark.parametrize(
    ("headers", "name"),
    [
        pytest.param({"Content-Type": "application/x-www-form-urlencoded"}, "content-type-unknown", id="form"),
        pytest.param({"Content-Type": "multipart/form-data; boundary=x"}, "content-type-unknown", id="multipart"),
        pytest.param({}, "content-type-unknown", id="none"),
        pytest.param(HL7 | {"Content-Encoding": "gzip"}, "content-encoded", id="gzip"),
    ],
)
def test_body_of_another_kind_is_a_problem(
    lasting: httpx.Client, path: str, headers: dict[str, str], name: str
) -> None:
    """415, with what would do."""
    answer = lasting.post(path, content=RAW, headers=headers)

    assert (answer.status_code, problem(answer)) == (415, name)
    assert "accept" in answer.headers or "accept-encoding" in answer.headers


@pytest.mark.parametrize("path", ["/v1/translate", "/v1/messages"])
def test_empty_body_is_a_problem(lasting: httpx.Client, path: str) -> None:
    """There is nothing to account for."""
    answer = lasting.post(path, headers=HL7)

    assert (answer.status_code, problem(answer)) == (400, "body-empty")


def test_no_answer_may_be_cached(caller: httpx.Client) -> None:
    """Neither a success nor a problem."""
    paths = ("/v1/openapi.json", f"/v1/messages/{hand_in(caller)}", "/v1/nothing", "/v1/messages/99")

    answers = [caller.get(path) for path in paths]

    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}


MARKS = ("MARKPATIENT77", "MARKORDER77", "77.7777", "MARKTEXT77", "Avery", "19840312", "MARKKEY77", "MARKURL77")


def marked(**more: str) -> bytes:
    """Write a message full of marks, with results of several fates."""
    results = [Obx(CHOLESTEROL, "77.7777"), Obx(HDL, "MARKTEXT77"), Obx(LOCAL, "MARKTEXT77", type="ST")]
    return oru(results, patient="MARKPATIENT77", filler="MARKORDER77", control_id="MSG77", **more)


def test_patient_data_is_in_no_answer_and_no_log(
    caller: httpx.Client, ledger: Ledger, capfd: pytest.CaptureFixture[str]
) -> None:
    """P6: neither what is wrong with a call nor what is told of a message shows what stands in it."""
    key = {"Idempotency-Key": "MARKKEY77"}
    answers = [
        caller.post("/v1/messages", content=marked(), headers=HL7 | key),
        caller.post("/v1/messages", content=marked(status="W"), headers=HL7 | key),
        caller.post("/v1/messages", content=marked(request="MARKORDER77"), headers=HL7),
        caller.post("/v1/messages", content=marked()[5:], headers=HL7),
        caller.post("/v1/messages", content=marked() * 2, headers=HL7),
        caller.post("/v1/messages", content=marked(), headers=HL7 | {"Idempotency-Key": "MARKKEY77 MARKKEY77"}),
        caller.post("/v1/messages", content=marked(), headers={"Content-Type": "text/MARKTEXT77"}),
        caller.post("/v1/lanes/find", json={"service_request_id": "MARKORDER77"}),
        caller.post("/v1/lanes/find", json={"MARKORDER77": 1}),
        caller.get("/v1/MARKURL77"),
        caller.get("/v1/messages/MARKURL77"),
        caller.get("/v1/messages/1?key=MARKURL77"),
        caller.get("/v1/messages", headers=bearer("MARKKEY77")),
        *(caller.get(f"/v1/messages/{row.message}") for row in ledger.messages()),
        caller.get("/v1/submissions/1"),
        caller.get("/v1/lanes/1"),
    ]

    shown = "".join(f"{answer.headers}{answer.text}" for answer in answers) + "".join(capfd.readouterr())

    assert [mark for mark in MARKS if mark in shown] == []
    assert [answer.status_code for answer in answers[-5:]] == [200] * 5


def test_defect_is_a_problem_without_its_text(ledger: Ledger, capfd: pytest.CaptureFixture[str]) -> None:
    """What nobody foresaw is 500, told by class and place in the log and by neither in the answer."""
    settings = ApiSettings(site="MARKTEXT77-is-no-site-of-the-settings")
    with serving(ledger, settings=settings) as client:
        answer = client.post("/v1/translate", content=RAW, headers=HL7)

    log = capfd.readouterr().err
    assert (answer.status_code, problem(answer), "MARKTEXT77" in answer.text + log) == (500, "defect", False)
    assert "KeyError at sites.py" in log
