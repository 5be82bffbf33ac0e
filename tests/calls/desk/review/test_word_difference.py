"""Which words of two texts differ."""

from calls.desk.review.word_difference import difference


def test_only_the_words_that_differ_are_marked():
    before, after = difference("אני רוצה שתי פיצות", "אני רוצה שלוש פיצות גדולות")
    assert before == (("אני רוצה", False), ("שתי", True), ("פיצות", False))
    assert after == (("אני רוצה", False), ("שלוש", True), ("פיצות", False), ("גדולות", True))


def test_the_same_text_has_no_mark():
    assert difference("כן כן", "כן כן") == ((("כן כן", False),), (("כן כן", False),))


def test_nothing_and_something():
    assert difference("", "שלום") == ((), (("שלום", True),))
    assert difference("שלום", "") == ((("שלום", True),), ())


def test_a_common_word_of_a_long_text_is_no_change():
    long = " ".join(["את"] * 300)
    assert difference(long, f"{long} זה")[1] == ((long, False), ("זה", True))
