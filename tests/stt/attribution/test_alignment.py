"""Words of one hypothesis matched with those of another."""

import pytest

from stt.attribution.alignment import (
    Entry,
    align,
    alike,
    continues,
    in_order,
    merge,
    repeated,
    same_word_and_time,
    set_times,
)
from stt.events import Word


def listed(*entries):
    return [Word(text, start_ms, end_ms) for text, start_ms, end_ms in entries]


FRESH = Entry("", 2000, 1500)


def owned(text):
    """Words of turns 1, 2, …"""
    return [Entry(word, 1000, 500, number) for number, word in enumerate(text.split(), 1)]


@pytest.mark.parametrize(
    ("newer", "owners", "left_out"),
    [
        ("אני רוצה תור", [1, 2, 3], ""),
        ("אני רוצה תור מחר", [1, 2, 3, None], ""),
        ("אני, רוצה תור.", [1, 2, 3], ""),
        ("אז אני רוצה תור", [None, 1, 2, 3], ""),
        # Misheard, merged, split: letter by letter.
        ("אני רוצים תור", [1, 2, 3], ""),
        ("אנירוצה תור", [1, 3], ""),
        ("אני רו צה תור", [1, 2, 2, 3], ""),
        ("אני רוצה", [1, 2], "תור"),
        ("אני", [1], "רוצה תור"),
        ("", [], "אני רוצה תור"),
    ],
)
def test_words_of_a_newer_hypothesis_inherit_whose_they_are(newer, owners, left_out):
    entries, old = align(owned("אני רוצה תור"), newer.split(), FRESH)
    assert [entry.text for entry in entries] == newer.split()
    assert [entry.owner for entry in entries] == owners
    assert [entry.text for entry in old] == left_out.split()


def test_a_new_word_has_the_evidence_of_the_hypothesis_that_brought_it():
    entries, _ = align(owned("אני"), ["אני", "רוצה"], FRESH)
    assert (entries[0].seen_ms, entries[1]) == (1000, Entry("רוצה", 2000, 1500))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("שלום לכם", "שלום לכם חברים", True),
        ("לא כול כאן", "לאכול כאן", True),
        ("שלום, לכם.", "שלום לכם", True),
        ("שלום לכם", "אפשר מחר", False),
    ],
)
def test_two_hypotheses_are_alike_as_far_as_the_shorter_goes(one, other, same):
    assert alike(one.split(), other.split()) is same
    assert alike(other.split(), one.split()) is same


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("שלום לכם", "שלום לכם חברים", True),
        # The newest word is the first to be revised.
        ("שלום לך", "שלום אפשר", True),
        ("שלום לכם חברים", "שלום", False),
        ("כן", "אפשר מחר", False),
    ],
)
def test_a_hypothesis_continues_one_whose_settled_words_it_begins_with(old, new, same):
    assert continues(old.split(), new.split()) is same


@pytest.mark.parametrize(
    ("before", "words", "again"),
    [
        ("אתה רוצה", "אתה רוצה לקבוע", (2, 2)),
        ("אתה רוצה", "רוצה לקבוע", (1, 2)),
        ("אתה רוצה", "לקבוע תור", (0, 0)),
        # A hypothesis, or a final in pieces, has not come to the end of them.
        ("אתה רוצה", "אתה", (1, 1)),
        # Misheard, merged or split, and punctuated.
        ("אתה רוצה", "אתה רוצ ה. לקבוע", (3, 2)),
        ("אתה רוצה", "אתרוצה לקבוע", (1, 2)),
        # The words that fit best, and no more of them.
        ("יי בכל", "בכל דרכיו", (1, 2)),
        ("כן", "כן כן", (1, 1)),
        ("כן כן", "כן כן לא", (2, 2)),
    ],
)
def test_words_that_two_streams_heard_are_found_by_their_letters(before, words, again):
    assert repeated(before.split(), words.split(), 1000) == again


@pytest.mark.parametrize(("voiced_ms", "count"), [(0, 0), (249, 0), (250, 2)])
def test_no_more_words_are_repeated_than_fit_into_the_voice_that_both_heard(voiced_ms, count):
    assert repeated(["אתה", "רוצה"], ["אתה", "רוצה", "לקבוע"], voiced_ms)[0] == count


def test_words_that_were_merged_and_are_split_again_keep_their_own_evidence():
    old = [Entry("ישברו", 1000, 0, owner=1), Entry("ואתה", 2000, 1000)]
    (merged,), _ = align(old, ["ישברוואתה"], Entry("", 2200, 2000))
    entries, left_out = align([merged], ["ישברו", "ואתה", "נותן"], Entry("", 2500, 2200))
    assert [(entry.text, entry.seen_ms, entry.owner) for entry in entries] == [
        ("ישברו", 1000, 1),
        ("ואתה", 2000, None),
        ("נותן", 2500, None),
    ]
    assert left_out == []


def test_a_final_that_merges_words_leaves_none_of_them_out():
    _, left_out = align([Entry(text, 0, 0) for text in ("לא", "כול", "כאן")], ["לאכול"], Entry("", 0, 0))
    assert [entry.text for entry in left_out] == ["כאן"]


def test_times_that_go_back_or_lie_ahead_of_the_audio_are_not_believed():
    entries = [Entry(text, 0, 0) for text in "abcd"]
    set_times(entries, listed(("a", 100, 300), ("b", 50, 200), ("c", 400, 600), ("d", 700, 1001)), latest_ms=1000)
    assert [(entry.start_ms, entry.end_ms) for entry in entries] == [(100, 300), (None, None), (400, 600), (None, None)]


@pytest.mark.parametrize(
    ("word", "same"),
    [
        (("a.", 120, 320), True),
        (("b", 100, 300), False),
        (("a", 200, 400), False),
        (("a", 199, 399), True),
        (("a", None, None), False),
    ],
)
def test_a_word_is_the_same_when_it_shares_more_than_half_of_its_time(word, same):
    assert same_word_and_time(Entry("a", 0, 0, None, 100, 300), Word(*word)) is same


def test_words_stand_by_their_times_and_one_without_a_time_behind_its_predecessor():
    entries = [Entry("b", 0, 0, None, 500, 700), Entry("c", 0, 0), Entry("a", 0, 0, None, 100, 300)]
    assert [entry.text for entry in in_order(entries)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("one_shot", "stream", "merged"),
    [
        ("a b", [], "a b"),
        ("", [("a", 0, 100)], "a"),
        ("a b c d", [("c", 0, 100), ("d", 100, 200)], "a b c d"),
        ("a x c", [("a", 0, 100), ("b", 100, 200), ("c", 200, 300)], "a b c"),
        # Without a time a word takes the place of one that is like it only.
        ("קם", [("קום", None, None)], "קום"),
        ("a", [("b", None, None)], "a b"),
        ("a b c", [("d", 0, 100)], "a b c d"),
    ],
)
def test_one_shot_words_and_stream_words_stand_once(one_shot, stream, merged):
    entries = [Entry(text, 0, 0, None, start_ms, end_ms) for text, start_ms, end_ms in stream]
    assert merge(one_shot.split(), entries) == tuple(merged.split())
