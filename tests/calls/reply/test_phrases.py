"""The phrase cache: what was said once is there at once, and nothing damaged is ever played."""

import asyncio
import multiprocessing
import os
import time

import pytest

from calls.reply import phrases
from calls.reply.phrases import HEADER, PhraseCache, name_of
from voiceapp.runtime import metrics

ULAW = bytes(range(256)) * 40
VOICE = "toy:he"


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


def put(cache, text, ulaw=ULAW, voice=VOICE):
    run(cache.put(voice, text, ulaw))


def get(cache, text, voice=VOICE):
    return run(cache.get(voice, text))


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def file_of(folder, text):
    name = name_of(VOICE, text)
    return folder / name[:2] / f"{name}.ulaw"


@pytest.fixture
def cache(tmp_path):
    return PhraseCache(tmp_path, 1)


def test_what_was_put_is_found_by_this_process_and_the_next_one(cache, tmp_path):
    put(cache, "שלום")
    assert get(cache, "שלום") == ULAW
    assert get(PhraseCache(tmp_path, 1), "שלום") == ULAW


def test_a_phrase_is_one_voices_and_one_texts(cache):
    put(cache, "שלום")
    assert get(cache, "שלום", voice="toy:en") is None
    assert get(cache, "שלומות") is None


def test_the_folder_says_no_words(cache, tmp_path):
    put(cache, "שלום")
    (path,) = files(tmp_path)
    assert path == file_of(tmp_path, "שלום")
    assert "שלום".encode() not in path.read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[: HEADER.size + 1],
        lambda data: b"",
        lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
        lambda data: b"XXXX" + data[4:],
    ],
)
def test_a_damaged_file_is_dropped_and_counted_and_never_played(cache, tmp_path, damage):
    put(cache, "שלום")
    path = file_of(tmp_path, "שלום")
    path.write_bytes(damage(path.read_bytes()))
    before = metrics.PHRASES_DAMAGED._value.get()
    fresh = PhraseCache(tmp_path, 1)
    assert get(fresh, "שלום") is None
    assert not path.exists()
    assert metrics.PHRASES_DAMAGED._value.get() == before + 1
    put(fresh, "שלום")
    assert get(fresh, "שלום") == ULAW


def test_what_was_not_used_for_longest_goes_first(cache, tmp_path):
    big = ULAW * 25
    for age, text in enumerate(["א", "ב", "ג"]):
        put(cache, text, big)
        os.utime(file_of(tmp_path, text), (1000 + age, 1000 + age))
    assert get(PhraseCache(tmp_path, 1), "א") == big
    for number in range(4, 6):
        put(cache, str(number), big)
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 1 << 20
    assert file_of(tmp_path, "א").exists() and file_of(tmp_path, "5").exists()
    assert not file_of(tmp_path, "ב").exists()


def test_what_another_process_has_added_counts(cache, tmp_path, monkeypatch):
    monkeypatch.setattr(phrases, "LOOK_AGAIN", 2)
    put(cache, "mine")
    other = PhraseCache(tmp_path, 100)
    for number in range(5):
        put(other, str(number), ULAW * 25)
    put(cache, "mine too")
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 1 << 20


def test_a_purge_leaves_nothing_and_reaches_other_processes(cache, tmp_path, monkeypatch):
    put(cache, "שלום")
    (tmp_path / "aa").mkdir()
    abandoned = tmp_path / "aa" / "killed.part"
    abandoned.write_bytes(b"half")
    os.utime(abandoned, (1, 1))
    assert PhraseCache(tmp_path, 1).purge() == 2
    assert files(tmp_path) == []
    monkeypatch.setattr(phrases, "TOUCH_S", 0.0)
    assert get(cache, "שלום") is None
    assert cache._hot_bytes == 0


def test_a_file_that_is_being_written_is_left_alone(cache, tmp_path):
    (tmp_path / "aa").mkdir()
    (tmp_path / "aa" / "now.part").write_bytes(b"half")
    assert cache.purge() == 0


def test_memory_is_bounded(cache, monkeypatch):
    monkeypatch.setattr(phrases, "HOT_BYTES", 3 * len(ULAW))
    for number in range(6):
        put(cache, str(number))
    put(cache, "5")
    assert list(cache._hot) == [name_of(VOICE, text) for text in ("3", "4", "5")]
    assert cache._hot_bytes == 3 * len(ULAW)


def test_a_hot_phrase_needs_no_disk(cache, monkeypatch):
    put(cache, "שלום")
    monkeypatch.setattr(PhraseCache, "_read", lambda *_: pytest.fail("the disk was asked"))
    assert get(cache, "שלום") == ULAW


def test_the_disk_is_asked_off_the_loop(cache, tmp_path, monkeypatch):
    put(cache, "שלום")
    fresh, read = PhraseCache(tmp_path, 1), PhraseCache._read

    def slow(self, name):
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        return read(self, name)

    monkeypatch.setattr(PhraseCache, "_read", slow)
    assert get(fresh, "שלום") == ULAW


def test_a_limit_of_nothing_plays_nothing_that_was_kept_before(tmp_path):
    asyncio.run(PhraseCache(tmp_path, 1).put("toy", "שלום", ULAW))
    assert asyncio.run(PhraseCache(tmp_path, 1).get("toy", "שלום")) == ULAW
    assert asyncio.run(PhraseCache(tmp_path, 0).get("toy", "שלום")) is None


def test_a_limit_of_nothing_keeps_nothing(tmp_path):
    cache = PhraseCache(tmp_path, 0)
    put(cache, "שלום")
    assert files(tmp_path) == []
    assert get(cache, "שלום") is None


def test_a_disk_that_takes_nothing_is_counted_and_no_failure(tmp_path):
    (tmp_path / "file").write_text("")
    cache = PhraseCache(tmp_path / "file", 1)
    before = metrics.PHRASE_FAILURES.labels("write")._value.get()
    put(cache, "שלום")
    assert metrics.PHRASE_FAILURES.labels("write")._value.get() == before + 1
    assert get(cache, "שלום") is None


def test_a_write_that_fails_half_way_leaves_nothing(cache, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(phrases.os, "replace", refuse)
    put(cache, "שלום")
    assert files(tmp_path) == []


def _work(folder, seed):
    cache = PhraseCache(folder, 1)

    async def rounds():
        for number in range(60):
            text = str((number * 7 + seed) % 40)
            ulaw = await cache.get(VOICE, text)
            assert ulaw is None or ulaw == text.encode() * 20_000
            await cache.put(VOICE, text, text.encode() * 20_000)

    asyncio.run(rounds())


def test_processes_share_a_folder(tmp_path):
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_work, args=(tmp_path, seed)) for seed in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert not list(tmp_path.rglob("*.part"))
    # Each looks again after LOOK_AGAIN of its own, so the folder may be over by what the others added meanwhile.
    cache = PhraseCache(tmp_path, 1)
    put(cache, "last")
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 1 << 20
    assert all(time.time() - path.stat().st_mtime < 60 for path in files(tmp_path))
