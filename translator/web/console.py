"""
Serve the console: what a person sees of the ledger in a browser, and decides about it.

Theory of operation: pages are written on the server, and all work without scripts. One gate (console_visit.py) stands
before every page; what is shown is made for who looks (console_overview.py, console_lists.py, console_message.py), so
that a viewer's page has no patient data to leave out. Decisions are shown before they are made (console_deciding.py),
and made by the parts above (console_deeds.py).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp

from translator.ledger import Ledger
from translator.web.console_auth import Door
from translator.web.console_deciding import Deciding
from translator.web.console_deeds import Decisions
from translator.web.console_overview import Figures
from translator.web.console_pages import Pages
from translator.web.console_rendering import Rendering
from translator.web.console_visit import Gate, Sealed

_SECRET_BYTES = 32


def console_application(
    ledger: Ledger,
    decisions: Decisions,
    *,
    session_h: float = 8.0,
    troubles: Callable[[], Mapping[str, str]] = dict,
    clock: Callable[[], float] = time.monotonic,
) -> ASGIApp:
    """
    Build the console of a ledger.

    Shape: `troubles` says by part what is wrong with the service. `clock` measures the waits after wrong passwords.
    Units: `session_h` in hours without a click.
    """
    rendering, door = Rendering(), Door(ledger, session_h, clock)
    gate = Gate(door, rendering.refusal)
    pages = Pages(ledger, Figures(ledger), decisions, rendering, troubles, secrets.token_bytes(_SECRET_BYTES))
    deciding = Deciding(ledger, decisions, door, rendering)
    shown = (*pages.routes(), *deciding.routes())
    routes = [Route(page.path, gate.guard(page), methods=[page.method]) for page in shown]
    handlers: dict[Any, Any] = {HTTPException: gate.lost, Exception: gate.defect}
    application = Starlette(routes=[*routes, Route("/static/{name}", rendering.static)], exception_handlers=handlers)
    return Sealed(application)
