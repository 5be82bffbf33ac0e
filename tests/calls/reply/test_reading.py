from calls.reply.reading import NOTHING, Wholeness


def test_a_text_with_nothing_of_what_was_expected_is_unfinished_and_has_no_value():
    assert (NOTHING.wholeness, NOTHING.value) == (Wholeness.UNFINISHED, "")
