import pytest

from calls.lab.floor_recordings import people, samples
from calls.lab.floor_scenes import CLEAN, breaths_of
from calls.lab.pause_law import ENGLISH
from calls.lab.rig import RigError
from tests.paths import SAMPLES


def test_the_samples_are_sentences_answers_and_digits():
    recordings = samples(SAMPLES)
    assert recordings.synthetic and recordings.noises == (CLEAN,)
    assert len(recordings.sentences) > 10 and len(recordings.words) >= 5
    assert {"אפס", "חמש"} <= set(recordings.digits)
    assert not set(recordings.sentences) & set(recordings.words)


def test_people_pause_at_places_of_their_own_and_their_noise_is_an_offices(clips):
    recordings = people(clips)
    assert sum(len(breaths_of(clip)) - 1 for clip in recordings.sentences) > 50
    assert len(recordings.digits) == 10 and len(recordings.words) == 30
    clean, office = recordings.noises
    assert (clean.name, office.name, office.snr_db) == ("clean", "15 dB", 15)
    scenes = recordings.some(10, 1).sentence_scenes(ENGLISH, CLEAN, 1, rounds=1)
    assert len(scenes) == 5 and any(scene.pauses for scene in scenes)


def test_a_few_of_them_are_chosen_by_their_places():
    recordings = samples(SAMPLES)
    few = recordings.some(5, 1)
    assert list(few.sentences) == list(recordings.sentences[::5]) and few.digits == recordings.digits


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(RigError, match="no_recordings"):
        samples(tmp_path)
