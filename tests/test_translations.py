"""Every text of the pages has its Hebrew, and what is served is what is written."""

import re
import shutil
import unicodedata
from pathlib import Path

import django
import polib
import pytest
from django.core.management import CommandError, call_command
from django.template.defaultfilters import truncatechars
from django.test import override_settings
from django.utils import translation
from django.utils.translation import gettext, ngettext

from calls.desk.rows import direction
from stt.engine_variables import shown_engine
from stt.engines.catalogue import by_name
from tests.paths import ROOT

HEBREW = ROOT / "voiceapp" / "locale" / "he" / "LC_MESSAGES"


def test_every_text_is_translated():
    catalogue = polib.pofile(str(HEBREW / "django.po"))
    assert [entry.msgid for entry in catalogue if not entry.translated()] == []
    in_words = [entry for entry in catalogue if re.search("[A-Za-z]", re.sub(r"%\(\w+\)s", "", entry.msgid))]
    said = [text for entry in in_words for text in (entry.msgstr_plural.values() or [entry.msgstr])]
    assert all(re.search("[א-ת]", text) for text in said)


@pytest.mark.parametrize("language", ["he", "en"])
def test_a_shortened_id_is_its_first_letters_and_dots(language):
    """Django's Hebrew has U+202E before the dots."""
    with translation.override(language):
        assert truncatechars("CA" + "0a" * 16, 12) == "CA0a0a0a0a0…"


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


def catalogue_of(application, language):
    path = Path(django.__file__).parent / application / "locale" / language / "LC_MESSAGES" / "django.po"
    return {entry.msgid: entry for entry in polib.pofile(str(path))}


@pytest.mark.parametrize("application", ["contrib/admin", "contrib/auth"])
def test_what_djangos_own_pages_lack_in_hebrew_is_here(application):
    """The heads of the admin's lists of models stood in English on every Hebrew page."""
    theirs, ours = catalogue_of(application, "he"), {entry.msgid for entry in polib.pofile(str(HEBREW / "django.po"))}
    lacking = {text for text in catalogue_of(application, "en") if text not in theirs or not theirs[text].translated()}
    assert lacking and lacking <= ours


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="needs GNU gettext")
def test_collecting_the_texts_changes_nothing(capsys):
    """Texts that are looked up from tables are marked where they stand; what nobody asks for is gone."""
    call_command("collect_texts", "--check")
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="needs GNU gettext")
def test_collecting_says_what_would_change(tmp_path, capsys):
    """In a site of a few files: one text is new, one is gone, one is as it was, one has got a placeholder's mark."""
    catalogue = tmp_path / "voiceapp" / "locale" / "he" / "LC_MESSAGES" / "django.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        'msgid "gone"\nmsgstr "איננו"\n\nmsgid "%(n)s stay"\nmsgstr "%(n)s נשארים"\n\nmsgid "kept"\nmsgstr "נשמר"\n'
    )
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text('{% load i18n %}{% translate "kept" %}{% translate "kept too" %}')
    (tmp_path / "calls").mkdir()
    (tmp_path / "calls" / "table.py").write_text('SAID = {"a": _("%(n)s stay")}\n')
    before = catalogue.read_text()
    with override_settings(BASE_DIR=tmp_path), pytest.raises(CommandError, match="^catalogue_differs: "):
        call_command("collect_texts", "--check")
    assert sorted(capsys.readouterr().out.splitlines()) == ["+ kept too", "- gone", "~ %(n)s stay"]
    assert catalogue.read_text() == before
    with override_settings(BASE_DIR=tmp_path):
        call_command("collect_texts")
    entries = {one.msgid: (one.msgstr, one.flags) for one in polib.pofile(str(catalogue))}
    marked = {"%(n)s stay": ("%(n)s נשארים", ["python-format"])}
    assert entries == {**marked, "kept": ("נשמר", []), "kept too": ("", [])}
    assert catalogue.with_suffix(".mo").exists()


OLD_WORDS = ("מבע", "חרטה", "מה זה עשה", "מה אם", "פיגור לולאה", "כוונון", "מילת ביניים", "מילות ביניים", "יכול להגיד")
OLD_WORDS += ("אמולטור", "אמולצי")
"""Translated literally; an Israeli call centre says: אמירה, שיעור תיקונים, השפעת ההגדרות, סימולציה, עומס בשרת,
פרופיל הגדרות, הודעת המתנה, אינו יכול להקריא, הדמיה."""


def test_the_words_are_those_of_the_trade():
    catalogue = polib.pofile(str(HEBREW / "django.po"))
    said = [text for entry in catalogue for text in (entry.msgstr_plural.values() or [entry.msgstr])]
    assert [text for text in said if any(word in text for word in OLD_WORDS)] == []


def test_one_is_not_said_as_many():
    with translation.override("he"):
        said = [ngettext("one call", "%(count)s calls", count) % {"count": count} for count in (1, 3)]
    assert said == ["שיחה אחת", "3 שיחות"]


def test_an_engines_name_is_hebrew_to_a_browser_where_any_of_it_is():
    """In an element of its own a browser goes by the first strong letter, and turned "Whisper, על השרת הזה" around."""
    with translation.override("he"):
        names = [shown_engine(name) for name in by_name()]
    hebrew = [name for name in names if direction(name) == "rtl"]
    assert hebrew
    for name in hebrew:
        first = next(kind for kind in map(unicodedata.bidirectional, name) if kind in {"L", "R"})
        assert first == "R", name
