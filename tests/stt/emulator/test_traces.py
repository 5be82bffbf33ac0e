"""Traces of a real engine, kept and said again."""

import pytest

from stt.emulator.recordings import Spoken
from stt.emulator.speaker import Said
from stt.emulator.timing import Limits
from stt.emulator.traces import Trace, Traced, TraceError, TracePlayer, load_traces
from stt.events import Final, Interim
from tests.stt.emulator.test_service import sentence, stream, with_emulator

FINAL = Said(("שלום", "רב"), 900, spoken=(Spoken("שלום", 100, 400), Spoken("רב", 500, 800)))
TRACE = Trace("apartment_4.wav", "google", "default", (Traced(700, Said(("שלום",), 600)), Traced(1700, FINAL)))


def test_a_trace_is_the_same_after_a_file(tmp_path):
    (tmp_path / TRACE.file_name).write_text(TRACE.as_text(), "utf-8")
    assert load_traces([tmp_path]) == {"apartment_4.wav": TRACE}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"recording": "a", "engine": "g", "model": "m", "results": [1]}'])
def test_a_file_that_is_no_trace_is_named(tmp_path, text):
    (tmp_path / "broken.trace.json").write_text(text)
    with pytest.raises(TraceError, match="broken.trace.json"):
        load_traces([tmp_path])


def test_results_come_as_late_as_they_came_and_in_the_time_of_the_stream():
    player = TracePlayer()
    player.expect(TRACE, 1000)
    assert player.hear(1699) == []
    assert [said.words for said in player.hear(1700)] == [("שלום",)]
    (final,) = player.hear(2700)
    assert (final.end_ms, final.spoken[0].start_ms) == (1900, 1100)


def test_a_half_close_brings_the_finals_of_what_was_spoken():
    player = TracePlayer()
    player.expect(TRACE, 1000)
    assert [said.words for said in player.finish(2000)] == [("שלום", "רב")]
    player.expect(TRACE, 5000)
    assert player.finish(2000) == []


def test_a_half_close_in_mid_speech_brings_the_words_spoken_by_then_and_the_next_stream_the_others():
    player, following = TracePlayer(), TracePlayer()
    player.expect(TRACE, 1000)
    (final,) = player.finish(1500)
    assert (final.words, final.end_ms) == (("שלום",), 1500)
    following.expect(TRACE, -450)
    (final,) = following.hear(2000)
    assert (final.words, final.spoken) == (("רב",), (Spoken("רב", 50, 350),))


def test_a_half_close_that_forces_nothing_waits_for_the_final_as_long_as_ever():
    player = TracePlayer()
    player.expect(TRACE, 1000)
    assert player.finish_after_ms(1900) == 800


def test_the_emulator_answers_a_traced_recording_with_its_trace(tmp_path):
    (tmp_path / TRACE.file_name).write_text(TRACE.as_text(), "utf-8")
    chunks = [sentence()[i : i + 640] for i in range(0, 60_000, 640)]
    heard = with_emulator(lambda client: stream(client, chunks), traces=[tmp_path], limits=Limits(ahead_s=600))
    (final,) = [event for event in heard if isinstance(event, Final)]
    assert [word.text for word in final.words] == ["שלום", "רב"]
    assert [event.words for event in heard if isinstance(event, Interim)] == [("שלום",)]
