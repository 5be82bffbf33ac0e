"""What the tables of docs/endpointing.md count."""

from stt.audio import dbfs, ulaw_to_pcm
from stt.endpointing.endpointer import Endpointer, EndpointOptions
from stt.endpointing.endpointing_metrics import Figures, Found, Sentence, hear, in_noise
from tests.sounds import silence, speech, tone

SENTENCE = Sentence(((1000, 1400), (1400, 1800), (2200, 2600)))


def figures(*found, sentence=SENTENCE):
    counted = Figures()
    counted.add([sentence], found)
    return counted


def test_one_utterance_is_no_cut():
    counted = figures(Found(1040, 2560, 2780))
    assert (counted.found, counted.cut, counted.cuts, counted.cut_words, counted.torn) == (1, 0, 0, 0, 0)
    assert (counted.clipped_ms, counted.delays_ms) == ([40], [180])


def test_an_end_told_in_mid_sentence_is_a_cut_and_the_words_behind_it_are_counted():
    counted = figures(Found(1000, 1800, 2020), Found(2200, 2600, 2820))
    assert (counted.cut, counted.cuts, counted.cut_words, counted.torn) == (1, 1, 1, 0)
    assert counted.delays_ms == [220]


def test_a_word_in_two_utterances_is_torn():
    assert figures(Found(1000, 1500, 1720), Found(1740, 2600, 2820)).torn == 1


def test_an_end_told_too_early_for_good_is_a_cut_without_a_delay():
    counted = figures(Found(1000, 1800, 2020))
    assert (counted.cut, counted.cut_words, counted.delays_ms) == (1, 1, [])


def test_what_nobody_said_is_a_false_start_and_what_nobody_heard_is_missed():
    counted = figures(Found(5000, 5200, 5420))
    assert (counted.sentences, counted.found, counted.false_starts) == (1, 0, 1)


def test_an_utterance_counts_where_most_of_it_was_said():
    other = Sentence(((2700, 3400),))
    counted = Figures()
    counted.add([SENTENCE, other], [Found(1000, 2600, 2820), Found(2550, 3400, 3620)])
    assert (counted.found, counted.cut) == (2, 0)


def test_hearing_tells_each_end_and_the_one_that_the_recording_cuts_off():
    frames = silence(1000) + speech(600) + silence(600) + speech(600)
    first, second = hear(Endpointer(EndpointOptions(hangover_ms=220)), frames)
    assert abs(first.start_ms - 1000) <= 60
    assert first.told_ms - first.end_ms == 220
    assert second.told_ms == 2800


def test_noise_stands_as_far_below_the_speech_as_asked():
    spoken = b"".join(tone(440, 440, 3000))
    said, noise = Sentence(((0, 3000),)), ulaw_to_pcm(b"".join(tone(300, 310, 1000)))
    without_speech = in_noise(spoken + b"\xff" * 8000, said, noise, 10, 300)[-8000:]
    speech_dbfs = dbfs(ulaw_to_pcm(spoken))
    assert abs(speech_dbfs - dbfs(ulaw_to_pcm(without_speech)) - 10) < 0.5
