"""A page as a person uses it: its links, and its forms with the values that stand in them and their buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    action: str
    method: str
    id: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    """As a browser would send them, without a button's."""
    choices: list[tuple[str, list[str]]] = field(default_factory=list)
    """Of each select, its name and what may be chosen."""
    boxes: list[tuple[str, str]] = field(default_factory=list)
    """Checkboxes that are not ticked."""
    buttons: list[tuple[str, str]] = field(default_factory=list)
    """Name and value; ("", "") of a button without a name."""


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.forms = [], []
        self.refused = set()
        """Names of fields whose values a form did not take."""
        self._open = self._select = self._textarea = None
        self._later = []
        self.feed(text)
        for owner, take in self._later:
            for form in self.forms:
                if form.id == owner:
                    take(form)

    def handle_starttag(self, tag, pairs):
        attributes = dict(pairs)
        name, value = attributes.get("name") or "", attributes.get("value") or ""
        if attributes.get("aria-invalid") == "true":
            self.refused.add(name)
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        elif tag == "audio" and attributes.get("src"):
            self.links.append(attributes["src"])
        elif tag == "form":
            method = (attributes.get("method") or "get").lower()
            self._open = Form(attributes.get("action") or "", method, attributes.get("id") or "")
            self.forms.append(self._open)
        elif "disabled" in attributes:
            return
        elif tag == "input":
            self._input(attributes, name, value)
        elif tag == "button" and (attributes.get("type") or "submit") == "submit":
            self._into(attributes, lambda form: form.buttons.append((name, value)))
        elif tag == "select" and name:
            self._select = (attributes, name, [], [])
        elif tag == "option" and self._select:
            self._select[2].append(value)
            if "selected" in attributes:
                self._select[3].append(value)
        elif tag == "textarea" and name:
            self._textarea = (attributes, name, [])

    def handle_data(self, data):
        if self._textarea:
            self._textarea[2].append(data)

    def handle_endtag(self, tag):
        if tag == "form":
            self._open = None
        elif tag == "select" and self._select:
            attributes, name, options, chosen = self._select
            self._select = None
            if not chosen and "multiple" not in attributes:
                chosen = options[:1]
            self._into(attributes, lambda form: form.choices.append((name, options)))
            self._into(attributes, lambda form: form.fields.extend((name, one) for one in chosen))
        elif tag == "textarea" and self._textarea:
            attributes, name, text = self._textarea
            self._textarea = None
            self._into(attributes, lambda form: form.fields.append((name, "".join(text))))

    def _input(self, attributes, name, value):
        kind = (attributes.get("type") or "text").lower()
        if kind in ("submit", "image"):
            self._into(attributes, lambda form: form.buttons.append((name, value)))
        elif kind in ("checkbox", "radio") and "checked" not in attributes:
            self._into(attributes, lambda form: form.boxes.append((name, value or "on")))
        elif name and kind not in ("button", "reset", "file"):
            self._into(attributes, lambda form: form.fields.append((name, value)))

    def _into(self, attributes, take):
        if owner := attributes.get("form"):
            self._later.append((owner, take))
        elif self._open is not None:
            take(self._open)
