"""Somebody at the console without a browser: follows links and sends the forms that pages have."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import httpx

from tests.sandbox_process import NO_TLS
from tests.web.interesting import PASSWORD


class Form(dict[str, str]):
    """The fields of a form, and where it goes."""

    action: str = ""
    label: str = ""


class PageParser(HTMLParser):
    """Collects what a page leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.text: list[str] = []
        self._form: Form | None = None
        self._select = self._chosen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links, forms and fields."""
        given = {name: value or "" for name, value in attrs}
        self.links += [given[name] for name in ("href", "action", "src", "formaction") if name in given]
        if tag == "form":
            self._form = Form()
            self._form.action = given.get("action", "")
            self.forms.append(self._form)
        elif self._form is not None and "name" in given:
            self._form[given["name"]] = given.get("value", "")
            self._select = given["name"] if tag == "select" else ""
        self._chosen = self._select if tag == "option" and "selected" in given else ""

    def handle_endtag(self, tag: str) -> None:
        """Leave a form, or an option."""
        self._form = None if tag == "form" else self._form
        self._chosen = ""

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.text.append(data)
        if self._form is not None:
            self._form.label += data
            if self._chosen:
                self._form[self._chosen] = data


def parsed(answer: httpx.Response) -> PageParser:
    """Read a page."""
    parser = PageParser()
    parser.feed(answer.text)
    return parser


def words(answer: httpx.Response) -> str:
    """Give the text of a page, with single blanks."""
    return re.sub(r"\s+", " ", "".join(parsed(answer).text))


class Person:
    """Somebody with cookies of their own; every answer is kept."""

    def __init__(self, url: str, **headers: str) -> None:
        self.client = httpx.Client(
            base_url=url, headers=headers, trust_env=False, verify=NO_TLS, follow_redirects=False, timeout=60
        )
        self.answers: list[httpx.Response] = []

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Look at a page."""
        answer = self.client.get(path, headers=headers)
        self.answers.append(answer)
        return answer

    def send(self, form: Form, **more: str) -> httpx.Response:
        """Send a form, some of its fields filled in."""
        answer = self.client.post(form.action, data={**form, **more})
        self.answers.append(answer)
        return answer

    def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Log in by the form."""
        (form,) = parsed(self.get("/login")).forms
        return self.send(form, name=name, password=password)

    def ask(self, path: str, verb: str, **fields: str) -> httpx.Response:
        """Press the button of a verb on a page: the first that has these fields."""
        found = parsed(self.get(path)).forms
        form = next(form for form in found if form.get("verb") == verb and fields.items() <= form.items())
        return self.send(form)

    def crawl(self) -> dict[str, httpx.Response]:
        """Follow every link that leads to a page of the console."""
        seen: dict[str, httpx.Response] = {}
        left = ["/"]
        while left:
            path = left.pop(0)
            if path in seen:
                continue
            seen[path] = self.get(path)
            links = (html.unescape(link).partition("#")[0] for link in parsed(seen[path]).links)
            left += [link for link in links if link.startswith("/") and not link.startswith(("/static", "/logout"))]
            left = [link for link in left if link not in ("/decide", "/decide/do", "/messages/search", "/login")]
        return seen


def deciding(answer: httpx.Response) -> Form:
    """Give the form that decides, of a page that asks."""
    (form,) = (form for form in parsed(answer).forms if form.action == "/decide/do")
    return form
