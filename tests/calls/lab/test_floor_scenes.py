from random import Random

import pytest

from calls.lab.floor_recordings import samples
from calls.lab.floor_scenes import CLEAN, EDGE_MS, LEAD_MS, TAIL_MS, Noise, SceneBuilder, breaths_of
from calls.lab.pause_law import ENGLISH, SHORTEST_MS
from calls.reply.expect import Wholeness, read
from calls.reply.items import Expect, ExpectationKind
from stt.audio import BYTES_PER_MS, LINE_NOISE, dbfs, frames_of, ulaw_to_pcm
from stt.emulator.recordings import Clip, Spoken
from tests.paths import SAMPLES


@pytest.fixture(scope="module")
def recordings():
    return samples(SAMPLES)


def level_dbfs(scene, begin_ms, end_ms):
    return dbfs(ulaw_to_pcm(scene.clip.ulaw[begin_ms * BYTES_PER_MS : end_ms * BYTES_PER_MS]))


def test_a_sentence_keeps_its_words_and_pauses_as_long_as_the_law_says(recordings):
    scenes = recordings.sentence_scenes(ENGLISH, CLEAN, 1, rounds=4)
    assert [[w.text for w in one.clip.words] for one in scenes[: len(recordings.sentences)]] == [
        [word.text for word in clip.words] for clip in recordings.sentences
    ]
    pauses = [pause for scene in scenes for pause in scene.pauses]
    lengths = sorted(end - begin for begin, end in pauses)
    assert len(lengths) > 50 and lengths[0] >= SHORTEST_MS
    assert sum(ms > 600 for ms in lengths) / len(lengths) == pytest.approx(0.217, abs=0.07)


def test_between_its_words_a_pause_is_a_quiet_line(recordings):
    for scene in recordings.sentence_scenes(ENGLISH, CLEAN, 1, rounds=1):
        for begin_ms, end_ms in scene.pauses:
            assert any(word.end_ms == begin_ms for word in scene.clip.words)
            assert any(word.start_ms == end_ms for word in scene.clip.words)
            assert level_dbfs(scene, begin_ms + EDGE_MS, end_ms - EDGE_MS) < -60
        assert len(scene.clip.ulaw) // BYTES_PER_MS >= scene.end_ms + TAIL_MS
        assert scene.clip.words[0].start_ms >= LEAD_MS


def test_a_scene_knows_which_pause_is_under_way(recordings):
    scene = next(one for one in recordings.sentence_scenes(ENGLISH, CLEAN, 1, rounds=1) if one.pauses)
    begin_ms, end_ms = scene.pauses[0]
    assert scene.pause_ms(begin_ms + 1) == end_ms - begin_ms
    assert scene.pause_ms(begin_ms - 1) == 0
    assert scene.pause_ms(scene.end_ms + 1) is None


def test_people_are_cut_where_they_paused_and_synthetic_speech_behind_every_third_word():
    words = [(0, 200), (210, 400), (550, 700), (710, 900), (905, 1000)]
    clip = Clip("clip", b"", tuple(Spoken(str(n), *times) for n, times in enumerate(words)))
    assert [len(breath) for breath in breaths_of(clip)] == [2, 3]
    whole = Clip("clip", b"", tuple(Spoken(str(n), n * 100, n * 100 + 90) for n in range(7)))
    assert [len(breath) for breath in breaths_of(whole)] == [7]
    assert [len(breath) for breath in breaths_of(whole, synthetic=True)] == [3, 3, 1]


def test_a_dictated_number_is_whole_and_its_groups_are_not(recordings):
    for scene in recordings.number_scenes(30, CLEAN, 3):
        text = " ".join(word.text for word in scene.clip.words)
        assert read(scene.expect, text).wholeness is Wholeness.WHOLE
        assert len(scene.clip.words) in (9, 10) and scene.pauses
        for begin_ms, end_ms in scene.pauses:
            said = " ".join(word.text for word in scene.clip.words if word.end_ms <= begin_ms)
            assert read(scene.expect, said).wholeness is not Wholeness.WHOLE
            assert 300 <= end_ms - begin_ms <= 1500


def test_a_short_answer_is_what_its_question_expects(recordings):
    for scene in recordings.word_scenes(CLEAN, 1):
        text = " ".join(word.text for word in scene.clip.words)
        assert scene.expect.kind is not ExpectationKind.OPEN
        assert read(scene.expect, text).wholeness is Wholeness.WHOLE


def test_noise_lies_under_the_whole_call_at_its_distance(recordings):
    pcm = ulaw_to_pcm(bytes(Random(1).choices(range(256), k=8000)))
    clean = recordings.word_scenes(CLEAN, 1)[0]
    noisy = recordings.word_scenes(Noise("15 dB", pcm, 15), 1)[0]
    spoken = level_dbfs(clean, clean.clip.words[0].start_ms, clean.end_ms)
    assert level_dbfs(clean, 0, LEAD_MS - EDGE_MS) < -60
    assert spoken - level_dbfs(noisy, 0, LEAD_MS - 2 * EDGE_MS) == pytest.approx(15, abs=1.5)


def test_a_word_ends_with_its_voice_and_not_where_a_machine_put_its_end():
    voice = bytes(Random(1).choices(range(256), k=300 * BYTES_PER_MS))
    clip = Clip("clip", voice + LINE_NOISE * 700, (Spoken("אחת", 0, 900),))
    builder = SceneBuilder(Random(1))
    builder.speech(clip, clip.words)
    scene = builder.scene("one", Expect())
    assert scene.end_ms == LEAD_MS + 300
    assert len(list(frames_of(scene.clip.ulaw))) * 20 >= LEAD_MS + 300 + TAIL_MS
