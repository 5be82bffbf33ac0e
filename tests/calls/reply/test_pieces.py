"""Words as they come, cut into pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.reply.pieces import LONGEST_WORD, TOO_LONG_WORD, PieceCutter, within

WORDS = (
    'שלום|מחר|ד"ר כהן|49.90|15.3.2026|ת.ז. שלך|*2700 או *2800|,|, |. |? |! |\n|\n\n|...|1,250 ש"ח|א. ב. יהושע|'
    "Dr. Levi|😀| |1. |- |**חשוב**|:|; |כן|3:2|\u05b0|x_1|(|)"
).split("|")
ANSWERS = st.lists(st.sampled_from(WORDS), max_size=60).map("".join)


def cut(text, sizes=()):
    """The pieces of a text that comes in parts of these sizes, over and over."""
    cutter, pieces, at = PieceCutter(), [], 0
    while at < len(text):
        size = sizes[len(pieces) % len(sizes)] if sizes else len(text)
        pieces += cutter.push(text[at : at + size])
        at += size
    return pieces + cutter.finish()


def bare(text):
    return "".join(text.split())


@given(ANSWERS, st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_every_character_stands_in_one_piece_in_order(text, sizes):
    pieces = cut(text, sizes)
    assert bare("".join(pieces)) == bare(TOO_LONG_WORD.sub(r"\1", text))
    assert all(0 < len(one) <= 240 and one == one.strip() for one in pieces)


@given(st.text(), st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_any_text_can_be_cut(text, sizes):
    assert all(0 < len(one) <= 240 for one in cut(text, sizes))


def test_a_sentence_is_given_when_the_next_one_begins():
    cutter = PieceCutter()
    assert cutter.push("שלום. ") == []
    assert cutter.push("מה") == ["שלום."]
    assert cutter.push(" שלומך?") == []
    assert cutter.finish() == ["מה שלומך?"]


def test_the_first_piece_ends_at_a_comma_after_25_characters():
    cutter = PieceCutter()
    assert cutter.push("כן, ") == []
    assert cutter.push('אפשר לקבוע תור לד"ר כהן,') == []
    assert cutter.push(" ביום") == ['כן, אפשר לקבוע תור לד"ר כהן,']
    assert cutter.push(" חמישי בשעה עשר וחצי בבוקר, או ביום") == []
    assert cutter.finish() == ["ביום חמישי בשעה עשר וחצי בבוקר, או ביום"]


def test_an_end_before_the_comma_wins():
    assert cut("התור נקבע. נתראה ביום חמישי הקרוב בבוקר, אצל דנה") == [
        "התור נקבע.",
        "נתראה ביום חמישי הקרוב בבוקר, אצל דנה",
    ]


def test_short_forms_and_numbers_stay_whole():
    for text in (
        'ניפגש אצל ד"ר כהן מחר',
        "המחיר 49.90 שקלים",
        "ב-15.3.2026 נסגור",
        "הת.ז. שלך רשומה",
        "הספר של א. ב. יהושע",
        "חייגו *2700 או *2800",
        "סכום של 1,250 שקלים",
    ):
        for sizes in ((1,), (2, 3), (len(text),)):
            assert cut(text, sizes) == [text]


def test_a_line_is_a_piece():
    assert cut("- חלב\n- לחם\n\nזה הכול", (3,)) == ["- חלב", "- לחם", "זה הכול"]


def test_a_long_sentence_is_cut_at_its_last_comma_or_space():
    text = "מילה " * 40 + "סוף, " + "ועוד מילים " * 20
    pieces = cut(text, (7,))
    assert pieces[0].endswith("סוף,") and all(len(one) <= 240 for one in pieces)
    assert cut("12" * 250) == ["12" * 120, "12" * 120, "12" * 10]


def test_a_word_that_is_too_long_to_be_one_is_not_waited_for():
    for sizes in ((1,), (7,), (100_000,)):
        assert cut(f"שלום {'אָ' * 5000} לך.", sizes) == [f"שלום {'אָ' * LONGEST_WORD}א לך."]
    assert cut("א" * LONGEST_WORD) == ["א" * LONGEST_WORD]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("משפט אחד. משפט שני. וזה לא", ["משפט אחד.", "משפט שני."]),
        ("משפט אחד. משפט שני.", ["משפט אחד.", "משפט שני."]),
        ('הוא אמר "כן!"', ['הוא אמר "כן!"']),
        ("אני לא", []),
        ("המחיר הוא 49.", []),
        ('בסדר. {"name": "hang_up', ["בסדר."]),
    ],
)
def test_of_words_that_are_cut_off_whole_sentences_are_left(text, pieces):
    cutter = PieceCutter()
    assert [*cutter.push(text), *cutter.cut_off()] == pieces and cutter.finish() == []


def test_a_number_and_its_unit_are_not_parted():
    text = "ב" * 234 + " 1250 ₪ ועוד"
    assert within(text, 240)[0] == "ב" * 234


def test_a_tool_call_in_the_words_is_taken_out_whole_however_it_comes():
    call = '{"name": "transfer", "arguments": {"person": "דנה כהן. בבקשה, עכשיו"}}'
    for leaked in (call, f"<tool_call>{call}</tool_call>", "transfer(person='דנה. כהן')", f"```json\n{call}\n```"):
        for size in (1, 3, 8, 200):
            pieces = cut(f"רגע אחד. {leaked} תודה רבה.", (size,))
            assert bare("".join(pieces)) == "רגעאחד.תודהרבה.", (leaked, size, pieces)


def test_a_tool_call_that_is_never_closed_is_not_spoken():
    assert cut('רגע אחד. {"name": "transfer", "argu', (5,)) == ["רגע אחד."]


def test_what_only_looks_like_one_is_spoken_in_the_end():
    assert cut("a < b and hang_up is a word", (4,)) == ["a < b and hang_up is a word"]


def test_words_that_are_waited_for_too_long_are_taken_up_to_the_last_whole_one_and_none_is_lost():
    cutter = PieceCutter()
    assert cutter.push("אחת, שתיים ושל") == []
    assert cutter.words_so_far() == ["אחת, שתיים"]
    assert cutter.words_so_far() == []
    assert [*cutter.push("וש. ארבע"), *cutter.finish()] == ["ושלוש.", "ארבע"]


def test_what_no_row_keeps_is_in_no_piece():
    cutter = PieceCutter()
    assert cutter.push("שלום\u202e דנה\u2066\u200b.\x07\rמה\fנשמע") + cutter.finish() == ["שלום דנה.", "מה", "נשמע"]
