"""
Let people decide: first a page with what would happen, then a form that does exactly that, once.

Each page that asks carries a number of its own. Whoever sends its form a second time, by a double click or by
reloading, sees what the first time did, and nothing is done again.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping

from starlette.responses import RedirectResponse, Response

from translator.errors import TranslatorError
from translator.ledger import Ledger
from translator.web.console_auth import SESSION, VISITOR, Door, drop_cookie, form_token, new_visitor, set_cookie
from translator.web.console_deeds import ENDINGS, OVERRULED, VERBS, ChangedError, Decisions, Foreseen, Intent, Verb
from translator.web.console_rendering import Rendering
from translator.web.console_visit import LONGEST_NUMBER, OPEN, SEES_ACCOUNT, SEES_PATIENTS, Page, Visit

_MOST_REMEMBERED = 1000
_WRONG = "The name or the password is wrong."


class Deciding:
    """The pages of one console on which something is done; threads may share them."""

    def __init__(self, ledger: Ledger, decisions: Decisions, door: Door, rendering: Rendering) -> None:
        self._ledger = ledger
        self._decisions = decisions
        self._door = door
        self._rendering = rendering
        self._turn = threading.Lock()
        self._done: OrderedDict[str, Foreseen] = OrderedDict()

    def routes(self) -> list[Page]:
        """List the pages, and whom each is for."""
        return [
            Page("/login", self.ask_login, OPEN),
            Page("/login", self.log_in, OPEN, "POST"),
            Page("/logout", self.log_out, SEES_ACCOUNT, "POST"),
            Page("/decide", self.ask, SEES_PATIENTS, "POST"),
            Page("/decide/do", self.do, SEES_PATIENTS, "POST"),
        ]

    # Coming and going

    def ask_login(self, visit: Visit) -> Response:
        """Ask for name and password."""
        if visit.account is not None:
            return RedirectResponse("/", status_code=303)
        return self._login_page(visit, "", 200)

    def log_in(self, visit: Visit) -> Response:
        """Check name and password."""
        welcome = self._door.log_in(visit.form.get("name", ""), visit.form.get("password", ""), visit.address)
        if welcome.session:
            answer = RedirectResponse("/", status_code=303)
            set_cookie(visit.request, answer, SESSION, welcome.session)
            drop_cookie(visit.request, answer, VISITOR)
            return answer
        if welcome.wait_s:
            text = f"Too many wrong passwords. Try again in {welcome.wait_s} seconds."
            refused = self._login_page(visit, text, 429)
            refused.headers["retry-after"] = str(welcome.wait_s)
            return refused
        return self._login_page(visit, _WRONG, 401)

    def log_out(self, visit: Visit) -> Response:
        """End the session."""
        if visit.account is not None:
            self._door.log_out(visit.account, visit.cookie)
        answer = RedirectResponse("/login", status_code=303)
        drop_cookie(visit.request, answer, SESSION)
        return answer

    def _login_page(self, visit: Visit, wrong: str, status: int) -> Response:
        visitor = visit.cookie or new_visitor()
        page = self._rendering.page("login.html", visit, {"wrong": wrong, "token": form_token(visitor)}, status)
        if not visit.cookie:
            set_cookie(visit.request, page, VISITOR, visitor)
        return page

    # Deciding

    def ask(self, visit: Visit) -> Response:
        """Show what a decision would do, and ask for it."""
        return self._asked(visit, intent_of(visit.form), "", 200)

    def do(self, visit: Visit) -> Response:
        """Do what was shown, once."""
        intent, once = intent_of(visit.form), f"{visit.form.get('token', '')} {visit.form.get('once', '')}"
        missing = _missing(intent)
        if missing:
            return self._asked(visit, intent, missing, 422)
        with self._turn:
            done, was_done = self._done.get(once), once in self._done
            if done is None:
                try:
                    done = self._decisions.decide(intent, visit.who, visit.form.get("mark", ""))
                except ChangedError as changed:
                    return self._asked(visit, intent, str(changed), 409)
                self._remember(once, done)
                self._ledger.access().note(visit.who, intent.verb, intent.subject, done.summary)
        return self._rendering.page(
            "done.html", visit, {"intent": intent, "verb": VERBS[intent.verb], "done": done, "was_done": was_done}
        )

    def _asked(self, visit: Visit, intent: Intent, wrong: str, status: int) -> Response:
        self._ledger.access().note(visit.who, "saw", intent.subject, f"what {intent.verb} would do")
        try:
            foreseen = self._decisions.foresee(intent)
        except TranslatorError as error:
            if not VERBS[intent.verb].asks_then or intent.then:
                raise
            # Only the choice is missing, or it will say so again.
            foreseen, wrong = Foreseen("", "", "", is_empty=True), str(error)
        values = {
            "intent": intent,
            "verb": VERBS[intent.verb],
            "foreseen": foreseen,
            "wrong": wrong,
            "once": secrets.token_urlsafe(12),
            "endings": ENDINGS,
            "overruled": OVERRULED,
        }
        return self._rendering.page("decide.html", visit, values, status)

    def _remember(self, once: str, done: Foreseen) -> None:
        self._done[once] = done
        while len(self._done) > _MOST_REMEMBERED:
            self._done.popitem(last=False)


def intent_of(form: Mapping[str, str]) -> Intent:
    """
    Read what a form wants. (pure)

    Raises: TranslatorError where it is none of ours.
    """
    intent = Intent(
        verb=form.get("verb", ""),
        cause=form.get("cause", ""),
        code=form.get("code", ""),
        message=_number(form.get("message", "")),
        at=form.get("at", ""),
        number=_number(form.get("number", "")),
        destination=form.get("destination", ""),
        accept=form.get("accept", ""),
        then=form.get("then", ""),
        reason=form.get("reason", "").strip(),
    )
    if intent.verb not in VERBS or intent.then not in ("", *ENDINGS) or intent.accept not in ("", *OVERRULED):
        raise TranslatorError("this form asks for something that the console does not do")
    return intent


def _missing(intent: Intent) -> str:
    verb: Verb = VERBS[intent.verb]
    return "Say why; it is kept in the ledger." if verb.asks_reason and not intent.reason else ""


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else 0
