"""Which turn has which words: each rule of attribution as a fact."""

from stt.attribution.ledger import Attribution
from stt.events import Final, Interim, Word


class Ledger(Attribution):
    """An Attribution with short names: everything was fed."""

    def utterance(self, start_ms, end_ms):
        number = self.began(start_ms)
        self.ended(number, end_ms)
        return number

    def says(self, text, end_ms, stream=0):
        self.interim(Interim(tuple(text.split()), end_ms, stream=stream), fed_ms=10**6)

    def settles(self, text, end_ms, times=(), stream=0):
        """``times``: (start, end) per word; without them the words are untimed."""
        pairs = list(times) or [(None, None)] * len(text.split())
        words = tuple(Word(word, *pair) for word, pair in zip(text.split(), pairs, strict=True))
        self.final(Final(words, end_ms, stream=stream), fed_ms=10**6)

    def heard(self, number):
        return " ".join(self.heard_words(number))


def test_a_final_over_one_utterance_is_its_words():
    ledger = Ledger()
    one = ledger.utterance(1000, 2000)
    ledger.settles("שלום לכם", 2100)
    assert ledger.heard(one) == "שלום לכם"


def test_a_segment_over_two_utterances_is_divided_by_word_times():
    ledger = Ledger()
    one, two = ledger.utterance(1000, 2000), ledger.utterance(2500, 3500)
    ledger.settles("a b c d", 3600, [(1000, 1500), (1500, 2000), (2500, 3000), (3000, 3500)])
    assert (ledger.heard(one), ledger.heard(two)) == ("a b", "c d")


def test_without_times_the_trail_divides_a_segment():
    ledger = Ledger()
    one = ledger.utterance(1000, 2000)
    ledger.says("a b", 2000)
    two = ledger.utterance(2500, 3500)
    ledger.says("a b c", 3000)
    ledger.settles("a b c d", 3600)
    assert (ledger.heard(one), ledger.heard(two)) == ("a b", "c d")


def test_words_are_given_out_once_even_when_a_final_comes_late():
    ledger = Ledger()
    one = ledger.utterance(1000, 2000)
    ledger.says("a b", 1900)
    ledger.take(one)
    two = ledger.utterance(2300, 3300)
    ledger.settles("a b c", 3300)
    assert (ledger.heard(one), ledger.heard(two)) == ("a b", "c")


def test_a_taken_word_survives_revision_merge_and_split():
    ledger = Ledger()
    one = ledger.utterance(1000, 2000)
    ledger.says("לא כול כאן", 2000)
    ledger.take(one)
    ledger.began(2400)
    ledger.says("לאכול כאן עכשיו", 2900)
    assert ledger.heard(one) == "לאכול כאן"
    ledger.settles("לא כול כאן עכשיו", 3000)
    assert ledger.heard(one) == "לא כול כאן"


def test_a_repeated_final_is_no_second_one():
    ledger = Ledger()
    one = ledger.utterance(1000, 2000)
    ledger.settles("כן", 2000)
    ledger.settles("כן", 2000)
    assert ledger.heard(one) == "כן"


def test_the_same_word_said_twice_stands_twice():
    ledger = Ledger()
    one, two = ledger.utterance(1000, 1400), ledger.utterance(2500, 2900)
    ledger.settles("כן", 1500)
    ledger.settles("כן", 3000)
    assert (ledger.heard(one), ledger.heard(two)) == ("כן", "כן")


def test_a_final_without_words_settles_nothing_and_erases_nothing():
    ledger = Ledger()
    one = ledger.utterance(1000, 2000)
    ledger.says("שלום", 1900)
    ledger.settles("", 2000)
    assert not ledger.share(one).settled
    ledger.closed(0)
    assert ledger.heard(one) == "שלום"


def test_a_stream_that_ends_without_a_final_settles_its_last_hypothesis():
    ledger = Ledger()
    one = ledger.utterance(1000, 2000)
    ledger.says("שלום לך", 1900)
    ledger.closed(0)
    assert ledger.share(one).settled
    assert ledger.heard(one) == "שלום לך"


def test_words_where_no_utterance_was_become_one_that_the_vad_missed():
    ledger = Ledger()
    ledger.settles("הלו", 900, [(300, 800)])
    (span,) = ledger.take_vad_missed()
    assert (span.start_ms, span.end_ms, ledger.heard(span.number)) == (300, 800, "הלו")
    assert ledger.take_vad_missed() == []


def test_a_timed_word_far_from_every_utterance_is_one_that_the_vad_missed():
    ledger = Ledger()
    one = ledger.utterance(1000, 2000)
    ledger.settles("a b", 9000, [(1200, 1800), (8000, 8500)])
    (span,) = ledger.take_vad_missed()
    assert (ledger.heard(one), ledger.heard(span.number)) == ("a", "b")


def test_one_shot_words_yield_to_stream_words_of_the_same_time():
    ledger = Ledger()
    one = ledger.utterance(1000, 2000)
    ledger.one_shot(one, ("קם",))
    ledger.settles("כן", 2000, [(1300, 1900)])
    assert ledger.heard(one) == "כן"


def test_one_shot_words_that_the_stream_missed_stay():
    ledger = Ledger()
    one = ledger.utterance(1000, 3000)
    ledger.one_shot(one, ("a", "b", "c", "d"))
    ledger.settles("c d", 3000, [(2000, 2500), (2500, 3000)])
    assert ledger.heard(one) == "a b c d"


def test_a_final_that_repeats_words_of_an_earlier_one_adds_only_its_own():
    ledger = Ledger()
    one = ledger.utterance(1000, 3000)
    ledger.settles("a b", 2000, [(1000, 1500), (1500, 2000)])
    ledger.settles("a b c", 3000, [(1000, 1500), (1500, 2000), (2400, 2900)])
    assert ledger.heard(one) == "a b c"


def test_without_times_a_final_that_begins_with_the_last_ones_last_word_adds_only_its_own():
    ledger = Ledger()
    one = ledger.utterance(1000, 3000)
    ledger.settles("a b", 2000)
    ledger.says("c d", 2600)
    ledger.settles("b c d", 3000)
    assert ledger.heard(one) == "a b c d"


def test_without_times_a_word_that_hypotheses_held_again_was_said_again():
    ledger = Ledger()
    one = ledger.utterance(1000, 3000)
    ledger.settles("a b", 2000)
    ledger.says("b c", 2600)
    ledger.settles("b c d", 3000)
    assert ledger.heard(one) == "a b b c d"


def test_a_final_in_pieces_keeps_what_was_spoken_after_it():
    ledger = Ledger()
    one = ledger.utterance(1000, 4000)
    ledger.says("a b", 2000)
    ledger.says("a b c d", 3500)
    ledger.settles("a b", 2000)
    ledger.closed(0)
    assert ledger.heard(one) == "a b c d"


def test_a_final_after_another_streams_end_is_heard():
    ledger = Ledger()
    one = ledger.utterance(1000, 6000)
    ledger.says("a b c d", 2000)
    ledger.settles("a b c", 3000)
    ledger.closed(1)
    ledger.settles("e f", 5000)
    assert ledger.heard(one) == "a b c e f"


def test_a_result_end_ahead_of_the_audio_is_clamped_to_it():
    ledger = Ledger()
    one = ledger.began(1000)
    ledger.interim(Interim(("a",), 99_000), fed_ms=1500)
    assert ledger.share(one).heard_to_ms == 1500


def test_a_missing_result_end_covers_nothing():
    ledger = Ledger()
    one = ledger.utterance(1000, 2000)
    ledger.says("a", None)
    assert ledger.share(one).heard_to_ms is None


def test_forgetting_keeps_a_long_call_small():
    ledger = Ledger()
    for i in range(200):
        number = ledger.utterance(i * 1000, i * 1000 + 500)
        ledger.settles(f"w{i}", i * 1000 + 600)
        ledger.take(number)
        ledger.forget_before(i * 1000 - 5000)
    segments, utterances = ledger.size
    assert segments < 10
    assert utterances < 10
    assert ledger.heard(number) == "w199"


def test_a_hypothesis_of_new_words_after_a_pause_leaves_the_old_ones_standing():
    ledger = Ledger()
    one = ledger.utterance(1000, 1600)
    ledger.says("שלום לכם", 1700)
    ledger.take(one)
    two = ledger.utterance(2600, 3400)
    ledger.says("אפשר מחר", 3300)
    assert ledger.heard(one) == "שלום לכם"
    assert one in ledger.provisional()
    assert ledger.share(two).text == "אפשר מחר"


def test_a_hypothesis_left_standing_is_taken_back_by_a_final_that_says_other_words_at_its_time():
    ledger = Ledger()
    one, two = ledger.utterance(1000, 1400), ledger.utterance(3000, 5200)
    ledger.settles("yes", 1450, [(1000, 1400)])
    ledger.says("yet", 3400)
    ledger.says("so that is all right", 5500)  # after two seconds without a hypothesis
    ledger.settles("so that is all right", 5300, [(3000, 3350), (3600, 3900), (4000, 4400), (4500, 4800), (4900, 5200)])
    assert (ledger.heard(one), ledger.heard(two)) == ("yes", "so that is all right")


def test_no_hypothesis_stands_beside_a_one_shot():
    ledger = Ledger()
    one = ledger.utterance(1000, 1600)
    ledger.says("פותס", 1700)
    ledger.one_shot(one, ("פותח",))
    share = ledger.share(one)
    assert (share.text, share.settled) == ("פותח", True)


def test_a_border_that_moves_back_gives_the_cut_word_to_the_stream_that_heard_it_whole():
    ledger = Ledger()
    one = ledger.utterance(1000, 3000)
    ledger.says("ab dog", 1900)
    ledger.renewed(0, 2000)
    ledger.renewed(0, 1600)
    ledger.settles("ab dog", 2000, [(1000, 1400), (1500, 2000)])
    ledger.closed(0)
    ledger.settles("dogma c", 3000, [(1500, 2200), (2300, 2900)], stream=1)
    assert ledger.heard(one) == "ab dogma c"


def test_a_final_that_lies_behind_a_moved_border_leaves_nothing_of_its_hypotheses():
    ledger = Ledger()
    one = ledger.utterance(1500, 3000)
    ledger.says("dog", 1900)
    ledger.renewed(0, 1600)
    ledger.settles("dog", 2000, [(1500, 2000)])
    ledger.closed(0)
    ledger.settles("dogma", 3000, [(1500, 2200)], stream=1)
    assert ledger.heard(one) == "dogma"


def test_a_word_on_the_border_that_both_streams_say_is_one_word():
    ledger = Ledger()
    one = ledger.utterance(1000, 2600)
    ledger.renewed(0, 2000)
    ledger.settles("a b", 2000, [(1000, 1400), (1500, 2000)])
    ledger.closed(0)
    ledger.settles("b c", 2600, [(1850, 2300), (2400, 2600)], stream=1)
    assert ledger.heard(one) == "a b c"


def test_a_word_said_again_behind_the_border_is_two_words():
    ledger = Ledger()
    one = ledger.utterance(1000, 2600)
    ledger.renewed(0, 2000)
    ledger.settles("a no", 1900, [(1000, 1400), (1500, 1880)])
    ledger.closed(0)
    ledger.settles("no c", 2600, [(1950, 2300), (2400, 2600)], stream=1)
    assert ledger.heard(one) == "a no no c"


def test_a_word_on_the_edge_of_a_one_shots_audio_stands_in_the_turn_that_holds_its_time():
    ledger = Ledger()
    one, two = ledger.utterance(1000, 2000), ledger.utterance(2250, 3000)
    ledger.asked(one, 760, 2220)
    ledger.one_shot(one, ["של", "שתי"])
    ledger.settles("שתי החברות", 3000, [(2100, 2320), (2320, 3000)])
    assert (ledger.heard(one), ledger.heard(two)) == ("של", "שתי החברות")


def test_words_of_one_utterance_touch_the_one_shot_beside_it():
    ledger = Ledger()
    one, two, far = ledger.utterance(1000, 2000), ledger.utterance(2250, 3000), ledger.utterance(9000, 9500)
    ledger.asked(one, 760, 2220)
    ledger.one_shot(one, ["של", "שתי"])
    assert ledger.take_touched() == {one, two, far}
    ledger.settles("שתי החברות", 3000, [(2100, 2320), (2320, 3000)])
    assert ledger.take_touched() == {one, two}
    assert ledger.take_touched() == set()


def test_a_word_said_twice_around_a_pause_stands_twice():
    ledger = Ledger()
    one, two = ledger.utterance(1000, 1400), ledger.utterance(1700, 2100)
    ledger.asked(one, 760, 1620)
    ledger.one_shot(one, ["כן"])
    ledger.settles("כן", 2100, [(1680, 2080)])
    assert (ledger.heard(one), ledger.heard(two)) == ("כן", "כן")


def test_audio_that_one_utterances_one_shot_was_given_is_not_given_to_the_nexts():
    ledger = Ledger()
    ledger.asked(ledger.utterance(1000, 2000), 760, 2220)
    two = ledger.utterance(2250, 3000)
    assert ledger.borders(two)[0] == 2220


def test_a_word_before_the_border_that_the_old_stream_never_said_is_the_new_ones():
    ledger = Ledger()
    one = ledger.utterance(1000, 3000)
    ledger.renewed(0, 2000)
    ledger.closed(0)
    ledger.settles("יהללוך סלה", 3000, [(1500, 1900), (2200, 2900)], stream=1)
    assert ledger.heard(one) == "יהללוך סלה"


def test_a_word_behind_the_border_that_the_new_stream_never_says_is_the_old_ones():
    ledger = Ledger()
    one = ledger.utterance(1000, 3000)
    ledger.renewed(0, 2000)
    ledger.settles("או יותר נכון", 2400, [(1100, 1500), (1500, 1900), (2020, 2400)])
    ledger.closed(0)
    assert ledger.heard(one) == "או יותר"
    ledger.closed(1)
    assert ledger.heard(one) == "או יותר נכון"


def test_a_word_that_the_stream_before_the_last_has_said_is_no_second_one():
    """Two half-closes within a second: the third stream hears what the first has said."""
    ledger = Ledger()
    one, two = ledger.utterance(1000, 2000), ledger.utterance(2300, 4000)
    ledger.renewed(0, 2050)
    ledger.settles("ערים ערביות", 2050, [(1000, 1500), (1500, 2050)])
    ledger.closed(0)
    ledger.renewed(1, 2350)
    ledger.closed(1)
    ledger.settles("ערביות לוד", 2900, [(1850, 2280), (2300, 2900)], stream=2)
    assert (ledger.heard(one), ledger.heard(two)) == ("ערים ערביות", "לוד")


def test_a_hypothesis_words_that_an_utterances_one_shot_did_not_hear_are_its_neighbours():
    ledger = Ledger()
    one, two = ledger.utterance(1000, 2000), ledger.utterance(2300, 3300)
    ledger.says("יי את כל", 3300)
    ledger.take(two)
    ledger.closed(0)
    assert ledger.heard(two) == "יי את כל"
    ledger.one_shot(two, ["את", "כל", "אהביו"])
    assert (ledger.heard(one), ledger.heard(two)) == ("יי", "את כל אהביו")


def test_an_earlier_word_that_a_later_stream_gives_stands_in_its_place():
    ledger = Ledger()
    one = ledger.utterance(1000, 3000)
    ledger.renewed(0, 2300)
    ledger.settles("בקרוב", 2300, [(1900, 2250)])
    ledger.closed(0)
    ledger.settles("מוכנים לאיכלוס", 3000, [(1500, 1850), (2400, 3000)], stream=1)
    assert ledger.heard(one) == "מוכנים בקרוב לאיכלוס"


def test_a_one_shot_claims_no_word_from_before_its_stream_began():
    ledger = Ledger()
    one, _, three = ledger.utterance(1000, 2000), ledger.utterance(2300, 3300), ledger.utterance(4500, 5500)
    ledger.says("a", 2900)
    ledger.closed(0, fed_ms=4000)
    ledger.says("אפשר", 5000, stream=1)
    ledger.take(three)
    ledger.one_shot(one, ["אם", "אפשר"])
    assert (ledger.heard(one), ledger.heard(three)) == ("אם אפשר", "אפשר")
