"""Turn what a page shows into HTML: templates that escape everything, and the two files that stand beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from translator.web.console_auth import form_token
from translator.web.console_deeds import VERBS
from translator.web.console_visit import Visit
from translator.web.console_words import plural

_HERE = Path(__file__).parent
_STATIC = {"console.css": "text/css; charset=utf-8", "console.js": "text/javascript; charset=utf-8"}
_STATIC |= {"icon.svg": "image/svg+xml"}
_TITLES = {400: "This cannot be read", 403: "Not allowed", 404: "Not there", 405: "Nothing to see here"}
_TITLES |= {409: "Something has changed", 500: "Something went wrong"}
_TITLES |= {422: "This cannot be decided so", 429: "Wait a moment", 503: "The ledger is away just now"}


class Rendering:
    """The templates of the console, loaded once."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["told"] = _told
        self._environment.globals |= {"verbs": VERBS, "plural": plural}
        self._static = {name: (_HERE / "static" / name).read_bytes() for name in _STATIC}

    def page(self, template: str, visit: Visit, values: Mapping[str, Any], status: int = 200) -> Response:
        """Show a page to a visit."""
        shared = {
            "who": visit.who,
            "sees": visit.sees,
            "token": form_token(visit.cookie),
            "path": visit.request.url.path,
        }
        return HTMLResponse(self._environment.get_template(template).render(shared | dict(values)), status)

    def refusal(self, visit: Visit, status: int, text: str) -> Response:
        """Show why something is not done."""
        return self.page("refusal.html", visit, {"title": _TITLES[status], "text": text}, status)

    async def static(self, request: Request) -> Response:
        """Give the style or the script."""
        name = request.path_params["name"]
        if name not in _STATIC:
            return Response(status_code=404)
        return Response(self._static[name], media_type=_STATIC[name])


def _told(text: str) -> Markup:
    """Set what stands between backticks in our own texts as code."""
    parts = [
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts)
