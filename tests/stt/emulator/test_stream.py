from stt.emulator.recordings import Spoken
from stt.emulator.speaker import Said
from stt.emulator.stream import FaultyResults, frames_of
from stt.emulator.timing import Faults

FINAL = Said(("שלום", "רב"), 900, spoken=(Spoken("שלום", 0, 400), Spoken("רב", 500, 800)))
NEXT = Said(("מה",), 1500, spoken=(Spoken("מה", 1200, 1400),))
INTERIM = Said(("שלום",), 500)


def test_a_stream_without_faults_delivers_what_is_said():
    results = FaultyResults(Faults())
    assert results.due([INTERIM, FINAL], 1.0) == [INTERIM, FINAL]
    assert results.remaining_s(1.0) == 0


def test_a_late_final_holds_back_what_comes_behind_it():
    results = FaultyResults(Faults(late_finals_ms=2000))
    assert results.due([FINAL], 1.0) == []
    assert results.due([INTERIM], 1.5) == []
    assert results.remaining_s(1.5) == 1.5
    assert results.due([], 3.0) == [FINAL, INTERIM]


def test_a_repeated_final_comes_again_a_little_later():
    results = FaultyResults(Faults(repeat_finals=True))
    assert results.due([FINAL], 1.0) == [FINAL]
    assert results.due([], 1.4) == [FINAL]


def test_a_deaf_stream_says_nothing_from_its_age_on():
    results = FaultyResults(Faults(deaf_after_s=8.0))
    assert results.due([INTERIM], 7.9) == [INTERIM]
    assert results.due([FINAL], 8.0) == []


def test_a_final_repeats_the_last_word_of_the_one_before():
    results = FaultyResults(Faults(finals_repeat_words=True))
    assert [said.words for said in results.due([FINAL, NEXT], 2.0)] == [("שלום", "רב"), ("רב", "מה")]


def test_results_without_ends_say_zero():
    assert [said.end_ms for said in FaultyResults(Faults(no_ends=True)).due([INTERIM, FINAL], 1.0)] == [0, 0]


def test_a_rest_of_a_frame_is_no_frame():
    assert frames_of(bytes(350)) == [bytes(160), bytes(160)]
