"""What the reports of a message say beside what is sent of them."""

from __future__ import annotations

from tests.lab_messages import HDL, LDL, LOCAL, Obx, oru, service_request
from translator import Translator

ENGINE = Translator.load()


def test_account_names_what_is_not_sent() -> None:
    """Held and ignored entries belong to a service request, and have a subject: the WHOOP code, or the code as sent."""
    outcome = ENGINE.translate(oru([Obx(HDL, "55"), Obx(LOCAL, "1"), Obx(LDL, "", status="X")]))

    (account,) = outcome.accounts
    assert (account.service_request_id, account.status, account.panel) == (service_request(1), "final", "24331-1")
    assert (account.first, account.end, account.subjects) == (0, 3, ("", "L|ZZ9", "LDL"))


def test_account_of_a_report_held_whole_has_no_status() -> None:
    """What a held report would say is not said."""
    outcome = ENGINE.translate(oru([Obx(HDL, "55"), Obx(LDL, "120", status="D")]))

    (account,) = outcome.accounts
    assert (account.status, account.subjects) == ("", ("HDL", "LDL"))


def test_account_is_not_made_where_everything_is_sent() -> None:
    """The submission says it all."""
    assert ENGINE.translate(oru([Obx(HDL, "55")])).accounts == ()


def test_account_of_an_observation_without_a_code_has_no_subject() -> None:
    """Nothing stands in the place of a code that nobody sent."""
    outcome = ENGINE.translate(oru([Obx("", "55")]))

    (account,) = outcome.accounts
    assert account.subjects == ("",)


def test_account_stays_out_of_the_line() -> None:
    """The outcome's JSON is a contract, and this is for the ledger."""
    assert b"accounts" not in ENGINE.translate(oru([Obx(LOCAL, "1")])).json
