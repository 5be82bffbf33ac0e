"""The pages in Hebrew, as they are read: no name of the program's stands where a word should."""

import re
from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import CASCADE
from django.urls import reverse
from django.utils import translation

from calls.core.agent_turns import Outcome
from calls.core.recognition_health import RecognitionStatus
from calls.core.turns import EndReason, Source
from calls.desk.codes import ACTIONS, COUNTERS, ENDS, EVENTS, NOT_HEARD_AGAIN, STATUSES, TURN_RULES
from calls.models import Call, Trial
from calls.reply.responders.catalogue import entries
from stt.models import TuningProfile
from stt.tuning import BOUNDS
from tests.rows import make_rows
from tests.test_every_page import stream  # noqa: F401 - a fixture

UNSEEN = {"script", "style", "textarea", "title", "template"}
SAID = {"aria-label", "placeholder", "alt"}
VOID = {"input", "br", "img", "link", "meta", "hr", "wbr", "source", "col", "area"}
RAW = re.compile(r"[A-Za-z]+(?:_[A-Za-z0-9]+)+")
"""An identifier of the program's, such as ``covering_final``."""
STATED = {*BOUNDS, *(one.env for one in BOUNDS.values()), "phone_call"}
STATED |= {"new_phone", "User_groups", "Group_permissions", "GOOGLE_APPLICATION_CREDENTIALS", "TTS_EMULATOR_HOST"}
"""Names that people use: a setting's stands in its help and where it is missing (the environment has it so), a model's
is Google's, a step's its author's, and Django's own pages say what else a deletion takes."""
ISSUED = re.compile(r"(?:vapi|msg)_[\w-]+")
"""What tells a token or a message of ours to the people of another system, who see it there as well."""
STORED = {
    *(*Source, *Outcome, *EndReason, *RecognitionStatus, *entries()),
    *(
        code
        for meanings in (EVENTS, COUNTERS, ENDS, STATUSES, TURN_RULES, ACTIONS, NOT_HEARD_AGAIN)
        for code in meanings
    ),
}
"""What rows hold and a page must say in words."""


class SeenText(HTMLParser):
    """The text of a page that a person sees, but for what stands as a code (``class="code"``)."""

    def __init__(self, html):
        super().__init__()
        self.parts, self._open = [], []
        self.named = []
        """What stands in attributes, for whoever hears the page or has not filled a field."""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.named += [value for name, value in attributes if name in SAID and value]
        if tag not in VOID:
            classes = (dict(attributes).get("class") or "").split()
            self._open.append((tag, tag in UNSEEN or "code" in classes))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not any(hidden for _, hidden in self._open):
            self.parts.append(data)

    @property
    def text(self):
        return "\n".join(part for part in self.parts if part.strip())


def addresses():
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield from (reverse(f"{name}_{page}") for page in ("changelist", "add"))
        for row in model.objects.all():
            yield from (reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "delete"))
    for call in Call.objects.all():
        yield reverse("console:call", args=[call.call_sid])
        yield reverse("desk-call", args=[call.call_sid])
    yield from (reverse("desk-profile", args=[row.pk]) for row in TuningProfile.objects.all())
    yield from (reverse("desk-trial", args=[row.pk]) for row in Trial.objects.all())
    yield from (reverse(name) for name in ("admin:index", "console:wall", "console:costs"))


@pytest.fixture
def seen(admin_client, settings, tmp_path, stream):  # noqa: F811
    """Address -> what is seen and said there."""
    settings.VAR_DIR = tmp_path
    make_rows(tmp_path, *stream)
    found = {}
    for address in addresses():
        answer = admin_client.get(address)
        if answer.status_code == 200:
            found[address] = SeenText(answer.content.decode())
    return found


@pytest.fixture
def pages(seen):
    """Address -> its text."""
    return {address: page.text for address, page in seen.items()}


def test_no_page_shows_an_identifier_or_a_stored_value_in_place_of_a_word(pages):
    assert len(pages) > 60
    raw = {address: sorted(set(RAW.findall(ISSUED.sub("", text))) - STATED) for address, text in pages.items()}
    assert {address: names for address, names in raw.items() if names} == {}
    raw = {address: sorted(STORED & {part.strip() for part in text.split("\n")}) for address, text in pages.items()}
    assert {address: values for address, values in raw.items() if values} == {}


def test_what_stands_as_a_code_beside_its_words_is_no_fault():
    html = '<p>שלום <bdi class="code quiet">no_words</bdi><input value="a_b"><script>c_d</script> e_f</p>'
    assert RAW.findall(SeenText(html).text) == ["e_f"]


WORDS = re.compile(r"[A-Za-z][a-z]{2,}(?:[ -][A-Za-z]?[a-z]+)*(?::(?: \d+)*)?")
"""A text of a page that is English and nothing else."""
NAMES = {"English", "Google", "Ctrl", "Shift", "Enter"}
NAMES |= {"admin", "default", "other", "avi", "boss", "dana", "google", "Anonymous", "name", "card", "goodbye"}
"""A language's own name, a vendor's, keys'; and what the rows themselves are called."""


def test_no_text_of_a_hebrew_page_is_english(seen):
    said = {address: {*page.text.split("\n"), *page.named} for address, page in seen.items()}
    found = {address: {part.strip() for part in parts} - NAMES for address, parts in said.items()}
    english = {address: sorted(filter(WORDS.fullmatch, texts)) for address, texts in found.items()}
    assert {address: texts for address, texts in english.items() if texts} == {}


def test_what_a_deletion_takes_along_is_named_in_hebrew():
    """Django's page of a deletion lists rows by their models' names."""
    models = [one for one in apps.get_models() if one._meta.app_label in {"calls", "stt"}]
    relations = [(one, field.remote_field) for one in models for field in one._meta.concrete_fields]
    taken = {one for one, relation in relations if getattr(relation, "on_delete", None) is CASCADE}
    assert len(taken) > 15
    with translation.override("he"):
        names = [str(name) for one in taken for name in (one._meta.verbose_name, one._meta.verbose_name_plural)]
    assert [name for name in names if not re.search("[א-ת]", name)] == []


def test_pictures_of_a_hebrew_page_are_named_in_hebrew(admin_client):
    page = admin_client.get(reverse("admin:auth_user_changelist")).content.decode()
    names = re.findall(r'<img[^>]* alt="([^"]*)"', page)
    assert "כן" in names and [name for name in names if re.search("[A-Za-z]", name)] == []
