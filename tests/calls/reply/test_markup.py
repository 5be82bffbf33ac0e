"""What is no speech is taken out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.reply.markup import has_words, open_tool_syntax, plain, sentences_of_lines, without_tool_syntax
from calls.reply.speakable import speakable

CALLS = (
    '{"name": "hang_up", "arguments": {"why": "a } in a string \\" too"}}',
    '[{"name": "hang_up"}]',
    "<tool_call>x</tool_call>",
    '<function=transfer>{"person": "a"}</function>',
    "```\ncode\n```",
    "play_tones(digits='12')",
    "functions.hang_up({})",
    '[TOOL_CALLS] hang_up {"a"}\n',
    "<think>he wants > 3</think>",
)


@pytest.mark.parametrize("call", CALLS)
def test_a_tool_call_is_taken_out(call):
    assert without_tool_syntax(f"לפני {call} אחרי").split() == ["לפני", "אחרי"]


@pytest.mark.parametrize("call", CALLS)
def test_a_text_that_ends_inside_of_a_tool_call_says_where_it_began(call):
    for end in range(2, len(call) - 1):
        begin = open_tool_syntax(f"לפני {call[:end]}")
        assert begin == len("לפני "), call[:end]


def test_words_are_no_tool_call():
    for text in ("note the time", "3 < 5", "(סוגריים)", "[סוגריים]", "{סוגריים}", 'אמר "כן": בסדר'):
        assert without_tool_syntax(text) == text
    assert open_tool_syntax("שלום, מה שלומך?") is None


@given(st.text(st.sampled_from("{}[]()<>`\"'\\:|/_abתש 1\n"), max_size=60))
def test_any_text_is_plain_text_in_the_end(text):
    open_tool_syntax(text)
    assert "`" not in plain(text)


def test_markdown_is_opened():
    assert plain("## כותרת\n> ציטוט **חשוב** ו*מודגש*\n---\n1. ~~אחד~~\n") == "כותרת. ציטוט חשוב ומודגש. אחד"


def test_a_star_before_a_number_is_a_star():
    assert plain("*2700 או *2800, **חשוב**") == "*2700 או *2800, חשוב"


def test_links_give_their_text_and_addresses_nothing():
    assert plain("[לאתר](https://a.b/c) ![תמונה](x.png) https://a.b/c?d").split() == ["לאתר", "תמונה"]


def test_a_line_is_a_sentence():
    assert sentences_of_lines("א\nב,\n\nג!\nד") == "א. ב. ג! ד"


def test_digits_of_other_scripts_are_digits_and_controls_go():
    assert plain("٣\u200f ４\u0007\ufe0f 👍🏽").split() == ["3", "4"]


@pytest.mark.parametrize("text", ["שלום", "**שלום**", "5", "½", "hello", "[מחיר](https://x.il)"])
def test_a_text_with_a_letter_or_a_figure_has_words(text):
    assert has_words(text)


@pytest.mark.parametrize("text", ["", " ", "🙂", "...", "**", "<b></b>", "https://x.il", "\u200f\u2066", "```x```"])
def test_marks_pictures_and_links_are_no_words(text):
    assert not has_words(text)
    assert speakable(text) == ""
