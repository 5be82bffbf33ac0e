"""Texts of tables: what is marked is what stands there, and has its Hebrew."""

from django.utils import translation
from django.utils.translation import gettext, ngettext

from calls.reply.dialogue_faults import SENTENCES
from voiceapp.django_texts import DJANGO_COUNTED, DJANGO_TEXTS
from voiceapp.runtime.marked_texts import gettext_noop, ngettext_noop


def test_a_marked_text_is_the_text():
    assert gettext_noop("stands twice") == "stands twice"
    assert ngettext_noop("one call", "%d calls") == ("one call", "%d calls")


def test_texts_of_tables_have_their_hebrew():
    with translation.override("he"):
        assert [text for text in (*SENTENCES.values(), *DJANGO_TEXTS) if gettext(text) == text] == []
        assert [one for one, many in DJANGO_COUNTED for n in (1, 8) if ngettext(one, many, n) in (one, many)] == []
