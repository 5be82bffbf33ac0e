"""Every text of the pages has its Hebrew, and what is served is what is written."""

import re

import polib
from django.utils import translation
from django.utils.translation import gettext, ngettext

from tests.paths import ROOT

HEBREW = ROOT / "voiceapp" / "locale" / "he" / "LC_MESSAGES"


def test_every_text_is_translated():
    catalogue = polib.pofile(str(HEBREW / "django.po"))
    assert [entry.msgid for entry in catalogue if not entry.translated()] == []
    said = [text for entry in catalogue for text in (entry.msgstr_plural.values() or [entry.msgstr])]
    assert all(re.search("[א-ת]", text) for text in said)


def test_no_text_stands_twice():
    said = [(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(HEBREW / "django.po"))]
    assert len(said) == len(set(said))


def test_every_marked_text_is_in_the_catalogue():
    catalogue = {entry.msgid for entry in polib.pofile(str(HEBREW / "django.po"))}
    marked = set()
    for folder in ("calls", "stt", "voiceapp"):
        for path in (ROOT / folder).rglob("*.py"):
            marked |= set(re.findall(r'\b_\(\s*"([^"]+)"\s*\)', path.read_text("utf-8")))
    assert len(marked) > 50
    assert marked <= catalogue


def test_the_compiled_catalogue_is_the_written_one():
    written = {entry.msgid: entry.msgstr for entry in polib.pofile(str(HEBREW / "django.po"))}
    compiled = {entry.msgid: entry.msgstr for entry in polib.mofile(str(HEBREW / "django.mo"))}
    assert compiled == written


def test_a_hebrew_page_says_it_in_hebrew():
    with translation.override("he"):
        assert gettext("tuning profile") == "פרופיל הגדרות"
    with translation.override("en"):
        assert gettext("tuning profile") == "tuning profile"


OLD_WORDS = ("מבע", "חרטה", "מה זה עשה", "מה אם", "פיגור לולאה", "כוונון", "מילת ביניים", "מילות ביניים", "יכול להגיד")
"""Translated literally; an Israeli call centre says: אמירה, שיעור תיקונים, השפעת ההגדרות, סימולציה, עומס בשרת,
פרופיל הגדרות, הודעת המתנה, אינו יכול להקריא."""


def test_the_words_are_those_of_the_trade():
    catalogue = polib.pofile(str(HEBREW / "django.po"))
    said = [text for entry in catalogue for text in (entry.msgstr_plural.values() or [entry.msgstr])]
    assert [text for text in said if any(word in text for word in OLD_WORDS)] == []


def test_one_is_not_said_as_many():
    with translation.override("he"):
        said = [ngettext("one call", "%(count)s calls", count) % {"count": count} for count in (1, 3)]
    assert said == ["שיחה אחת", "3 שיחות"]
