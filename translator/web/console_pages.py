"""Show what the ledger holds: the pages that change nothing. Each look at a patient's data is noted in the trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath

from msgspec import Struct
from starlette.responses import Response

from translator.errors import LedgerError
from translator.ledger import Ledger, StatusView, SubmissionView
from translator.web import console_lists as lists
from translator.web.console_deeds import Decisions
from translator.web.console_message import show_message
from translator.web.console_overview import STATES, Figures, look_over, waiting
from translator.web.console_rendering import Rendering
from translator.web.console_rows import rows_of
from translator.web.console_visit import LONGEST_NUMBER, SEES_PATIENTS, Page, Visit
from translator.web.console_words import age_of, printable

_MESSAGE_STATES = tuple(dict.fromkeys((*STATES, "translated")))
_MOST_TRAIL = 300

Troubles = Callable[[], Mapping[str, str]]


class Pages(Struct, frozen=True):
    """
    The pages of one console.

    Shape: `troubles` says by part what is wrong with the service; `secret` names causes in addresses.
    """

    ledger: Ledger
    figures: Figures
    decisions: Decisions
    rendering: Rendering
    troubles: Troubles
    secret: bytes

    def routes(self) -> list[Page]:
        """List the pages, and whom each is for."""
        return [
            Page("/", self.overview),
            Page("/held", self.held),
            Page("/held/{name}", self.cause, SEES_PATIENTS),
            Page("/undecided", self.undecided),
            Page("/undecided/{number:row}", self.one_undecided, SEES_PATIENTS),
            Page("/lanes", self.lanes),
            Page("/lanes/{number:row}", self.lane, SEES_PATIENTS),
            Page("/messages", self.messages),
            Page("/messages/search", self.search, SEES_PATIENTS, "POST"),
            Page("/messages/{number:row}", self.message, SEES_PATIENTS),
            Page("/orders", self.orders, SEES_PATIENTS),
            Page("/orders/{number:row}", self.order, SEES_PATIENTS),
            Page("/rates", self.rates),
            Page("/trail", self.trail, SEES_PATIENTS),
        ]

    def overview(self, visit: Visit) -> Response:
        """Show the balance, and what waits."""
        rates, troubles = self.decisions.rates(), self.troubles()
        seen = look_over(
            self.ledger, self.figures, rates, troubles, self._meanings(), sees=visit.sees, secret=self.secret
        )
        return self._show("overview.html", visit, seen=seen)

    def held(self, visit: Visit) -> Response:
        """Show what is held, by cause."""
        found = lists.causes(self.ledger, self._meanings(), sees=visit.sees, secret=self.secret)
        return self._show("held.html", visit, causes=found)

    def cause(self, visit: Visit) -> Response:
        """Show the entries of one cause with their values."""
        items = lists.group(self.ledger, visit.request.path_params["name"], self.secret)
        if not items:
            return self.rendering.refusal(visit, 404, "Nothing is held for this cause any more.")
        cause, code = items[0].group
        reason = self.decisions.reasons().get(cause)
        self._saw(visit, f"cause {cause}", f"{len(items)} held")
        shown = list(self.decisions.held(items[: lists.MOST_SHOWN]))
        return self._show("cause.html", visit, cause=cause, code=code, count=len(items), shown=shown, reason=reason)

    def undecided(self, visit: Visit) -> Response:
        """Show what the vendor may have, and what it refused."""
        return self._show("undecided.html", visit, lines=lists.undecided(self.ledger, sees=visit.sees))

    def one_undecided(self, visit: Visit) -> Response:
        """Show one submission that blocks its lane, with the evidence."""
        number = visit.number()
        found = [one for one in self.ledger.desk().undecided(lists.UNDECIDED) if one.id == number]
        if not found:
            raise LedgerError(f"submission {number} is decided, or the ledger has none of this number")
        self._saw(visit, f"submission {number}")
        view = self.ledger.show(found[0].message)
        place = found[0].service_request_id, found[0].position
        sent: list[SubmissionView | StatusView] = [*view.submissions, *view.statuses]
        attempts = [each for one in sent if (one.service_request_id, one.position) == place for each in one.attempts]
        reason = self.decisions.reasons().get(found[0].reason)
        body = printable(bytes(found[0].body or b"").decode())
        since = age_of(found[0].since, self.ledger.now())
        return self._show(
            "one_undecided.html", visit, item=found[0], body=body, attempts=attempts, reason=reason, since=since
        )

    def lanes(self, visit: Visit) -> Response:
        """Show the lanes that wait."""
        found = lists.lanes(self.ledger.browsing().lanes(), self.ledger.now())
        return self._show("lanes.html", visit, lines=found)

    def lane(self, visit: Visit) -> Response:
        """Show one lane, in order."""
        found = self.ledger.browsing().lane(visit.number())
        self._saw(visit, f"lane {found.number}")
        return self._show("lane.html", visit, lane=found)

    def messages(self, visit: Visit) -> Response:
        """Show messages, the newest first."""
        asked = visit.request.query_params
        state = asked.get("state", "")
        before = asked.get("before", "")
        page = lists.messages(
            self.ledger,
            state=state if state in _MESSAGE_STATES else "",
            before=int(before) if before.isdecimal() and len(before) <= LONGEST_NUMBER else None,
            sees=visit.sees,
        )
        return self._show("messages.html", visit, page=page, states=_MESSAGE_STATES, words="")

    def search(self, visit: Visit) -> Response:
        """Find messages by a number of the lab's or of the vendor's; what was searched for is not noted."""
        words = visit.form.get("words", "").strip()
        found = self.ledger.browsing().find(words) if words else []
        self._saw(visit, "a search", f"{len(found)} messages")
        page = lists.numbered(self.ledger, found)
        return self._show("messages.html", visit, page=page, states=_MESSAGE_STATES, words=words)

    def message(self, visit: Visit) -> Response:
        """Show one message, its source beside its payloads."""
        number = visit.number()
        site = self.ledger.show(number).site
        self._saw(visit, f"message {number}")
        tables = self.decisions.tables(number)
        lookup = self.ledger.correlation(PurePath(site).name)
        shown = show_message(self.ledger, number, tables, rows_of(site), self.decisions.reasons(), lookup)
        return self._show("message.html", visit, shown=shown)

    def orders(self, visit: Visit) -> Response:
        """Show what was ordered from Acurable, and what WHOOP asks for."""
        orders = self.ledger.desk().orders()[::-1]
        requisitions = lists.requisitions(self.ledger.requisitions().rows())
        self._saw(visit, "orders", f"{len(orders)} orders, {len(requisitions)} requisitions")
        return self._show("orders.html", visit, orders=orders, requisitions=requisitions)

    def order(self, visit: Visit) -> Response:
        """Show every call about one order, by the number of one of them."""
        number = visit.number()
        found = [one for one in self.ledger.desk().orders() if any(call.id == number for call in one.calls)]
        if not found:
            raise LedgerError(f"the ledger has no order with a call {number}")
        self._saw(visit, f"submission {number}")
        return self._show("order.html", visit, order=found[0])

    def rates(self, visit: Visit) -> Response:
        """Show whether and how fast each vendor may be called."""
        found = waiting(self.ledger, self.decisions.rates(), self.ledger.notices().ageing(), sees=visit.sees)
        return self._show("rates.html", visit, destinations=found)

    def trail(self, visit: Visit) -> Response:
        """Show who saw and did what."""
        deeds = self.ledger.access().trail(_MOST_TRAIL)
        return self._show("trail.html", visit, deeds=deeds, most=_MOST_TRAIL)

    def _show(self, template: str, visit: Visit, **values: object) -> Response:
        return self.rendering.page(template, visit, values)

    def _saw(self, visit: Visit, subject: str, detail: str = "") -> None:
        self.ledger.access().note(visit.who, "saw", subject, detail)

    def _meanings(self) -> dict[str, str]:
        return {code: row.cause for code, row in self.decisions.reasons().items()}
