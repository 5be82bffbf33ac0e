"""Text for the ear: the table of phrases, and what holds for any text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.reply import speakable as module
from calls.reply.speakable import phrase_pieces, speakable, spoken_pieces, warm
from tests.calls.reply.speakable_phrases import PHRASES

ALL = [(written, spoken) for group in PHRASES.values() for written, spoken in group]
PIECES = (
    'שלום|מחר|ב-|לקוחות|קוד|מספר הזמנה|ת"ז|יחס|בין|שעות|בשעה|יום א\'|עד|₪|%|½|°|😀|**|`|```|{"a":|}|<tool_call>|[x](|'
    "http://|@|.co.il|1.1.2027|3.12|14:30|9:00-17:00|050-123-4567|*2700|-|–|/|:|,|.|(|)|\n|\u202e|\u05b8|\ud800|\0|٣|²|\ue000"
).split("|")
LIKE_ANSWERS = st.lists(st.one_of(st.sampled_from(PIECES), st.integers(0, 10**12).map(str), st.just(" ")), max_size=25)


@pytest.mark.parametrize(("written", "spoken"), ALL)
def test_a_phrase_is_spoken_as_people_say_it(written, spoken):
    assert speakable(written) == spoken


def test_the_table_is_a_contract_worth_its_name():
    assert len({written for written, _ in ALL}) == len(ALL) >= 80


@given(st.one_of(st.text(st.characters(exclude_categories=())), LIKE_ANSWERS.map("".join)))
def test_any_text_is_spoken_or_dropped(text):
    spoken = speakable(text)
    assert not any(unicodedata.category(one) in ("Nd", "So", "Sc", "Cc", "Cf", "Cs", "Co", "Cn") for one in spoken)
    assert not set(spoken) & set("*_`{}[]<>|#@\\\n()/")
    assert spoken == spoken.strip() and "  " not in spoken
    assert spoken == "" or any(one.isalpha() for one in spoken)


@pytest.mark.parametrize("spoken", sorted({spoken for _, spoken in ALL}))
def test_what_is_speakable_stays_as_it_is(spoken):
    assert speakable(spoken) == spoken


def test_a_piece_that_grows_in_words_is_cut_again():
    pieces = spoken_pieces("סכום של 1,234,567 ₪, " * 8)
    assert len(pieces) > 1 and all(len(one) <= 240 for one in pieces)
    assert " ".join(pieces) == speakable("סכום של 1,234,567 ₪, " * 8)


def test_a_long_text_is_read_in_parts_and_whole():
    assert (
        speakable("יש 3 לקוחות ועוד 49.90 ₪, " * 200)
        == ", ".join(["יש שלושה לקוחות ועוד ארבעים ותשעה שקלים ותשעים אגורות"] * 200 + [""]).rstrip()
    )


def test_a_text_that_the_normalizer_refuses_is_read_digit_by_digit(monkeypatch):
    def refuse(text, config):
        raise module.NormalizerError("refused")

    monkeypatch.setattr(module, "normalize", refuse)
    assert speakable("יש 12 תורים") == "יש אחת שתיים תורים"


def test_warming_reads_no_text_of_anyone():
    warm()
    assert all(speakable(text) for text in module._WARMING)


def test_a_phrase_that_is_said_again_is_read_once():
    phrase = "זה עולה 35 ש״ח, תודה."
    phrase_pieces.cache_clear()
    assert list(phrase_pieces(phrase)) == list(phrase_pieces(phrase)) == spoken_pieces(phrase)
    assert (phrase_pieces.cache_info().hits, phrase_pieces.cache_info().misses) == (1, 1)
