"""A browser without JavaScript: it reads a page's form, fills it in, sends it, and follows redirects."""

import html.parser
from dataclasses import dataclass, field
from typing import Any

import httpx2


@dataclass
class Form:
    """A form as a browser sees it: where it goes, what is filled in, what can be filled in."""

    action: str = ""
    hidden: dict[str, str] = field(default_factory=dict)
    filled: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[str] = field(default_factory=list)
    repeated: dict[str, list[str]] = field(default_factory=dict)
    """Hidden fields of answers, of which there may be several of one name."""
    encoding: str = ""


class Reader(html.parser.HTMLParser):
    """Reads a page: its form, the ids on it, and where its labels and links point."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.form = Form()
        self.ids: list[str] = []
        self.points_to: set[str] = set()
        self.tags: list[str] = []
        self._values: dict[str, list[str]] = {}
        self._textarea: str | None = None
        self.feed(page)

    def values(self, name: str) -> list[str]:
        """What can be chosen in a group of buttons or boxes, from the first to the last."""
        return self._values.get(name, [])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what matters of a tag."""
        a = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if "id" in a:
            self.ids.append(a["id"])
        for points in ("for", "aria-describedby", "aria-labelledby"):
            self.points_to |= set(a.get(points, "").split())
        if a.get("href", "").startswith("#"):
            self.points_to.add(a["href"][1:])
        if tag == "form":
            self.form.action = a["action"]
            self.form.encoding = a.get("enctype", "")
        elif tag == "button":
            self.form.buttons += [a["value"]] if a.get("type") != "button" else []
        elif a.get("type") == "hidden":
            self._hidden(a["name"], a["value"])
        elif "name" in a and a.get("tabindex") != "-1" and tag in {"input", "textarea", "select"}:
            self._field(tag, a)

    def _hidden(self, name: str, value: str) -> None:
        if name.startswith("a."):
            self.form.repeated.setdefault(name, []).append(value)
        else:
            self.form.hidden[name] = value

    def _field(self, tag: str, a: dict[str, str]) -> None:
        self.form.names.add(a["name"])
        is_box = a.get("type") in {"radio", "checkbox"}
        if is_box:
            self._values.setdefault(a["name"], []).append(a.get("value", ""))
        if tag == "textarea":
            self._textarea = a["name"]
        elif tag == "input" and (not is_box or "checked" in a):
            self.form.filled.setdefault(a["name"], []).append(a.get("value", ""))

    def handle_data(self, data: str) -> None:
        """A text area's content."""
        if self._textarea:
            self.form.filled[self._textarea] = [data.removeprefix("\n")]
            self._textarea = None


@dataclass
class Browser:
    """A browser without JavaScript, with its own cookies."""

    http: httpx2.AsyncClient
    page: str = ""
    status: int = 0
    address: str = ""
    chosen: list[tuple[str, tuple[str, bytes]]] = field(default_factory=list)
    """Files that go with the next form: field, name and content of each."""

    @property
    def form(self) -> Form:
        """The form on the page."""
        return Reader(self.page).form

    async def open(self, address: str, **headers: str) -> httpx2.Response:
        """Follow a link."""
        answer = await self.http.get(address, headers=headers)
        self.page, self.status, self.address = answer.text, answer.status_code, address
        return answer

    async def send(self, action: str | None = None, **answers: str | list[str]) -> httpx2.Response:
        """Fill the form in (`drink` is the field a.drink, `d__photo` d.photo), press a button, and follow the redirect."""
        answer = await self.post(self.form, action or self.form.buttons[0], **answers)
        self.page, self.status = answer.text, answer.status_code
        if answer.status_code == 303:
            await self.open(answer.headers["location"].partition("#")[0])
        return answer

    async def post(self, form: Form, action: str, **answers: str | list[str]) -> httpx2.Response:
        """Send a form, without following; where it takes files, with those in `chosen`, else with none as browsers do."""
        fields: dict[str, Any] = {
            name: value for name, value in form.filled.items() if not name.startswith("f.")
        }
        named = {name if name.startswith("d__") else f"a__{name}": value for name, value in answers.items()}
        fields |= form.repeated | {name.replace("__", "."): value for name, value in named.items()}
        headers = {"Origin": "http://plugzero.test"}
        data = {**form.hidden, **fields, "action": action}
        if form.encoding != "multipart/form-data":
            return await self.http.post(form.action, data=data, headers=headers)
        files, self.chosen = self.chosen, []
        none = [(name, ("", b"")) for name in sorted(form.names) if name.startswith("f.")]
        return await self.http.post(form.action, data=data, files=files or none, headers=headers)
