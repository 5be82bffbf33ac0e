"""The process that runs Whisper: ``python -m stt.engines.whisper_decoder DIRECTORY DECODERS THREADS``.

Reads requests from standard input, each a line of JSON (id, bytes, before, language) and its 8 kHz PCM16: ``before``
bytes of what was said before, then ``bytes`` of what is asked for. Answers each on standard output by a line of JSON:
its id and its words, or an error. Says first that it is ready, or why it cannot be.
Ends when standard input does. Imported by nobody: it needs the extra (requirements-whisper.txt).
"""

from __future__ import annotations

import json
import math
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, BinaryIO

NICENESS = 10
"""Of ten processors' shares a process of this niceness gets one, where another one wants them all."""
LEAST_LOGPROB = -1.0
"""Words of a segment below this mean log probability are made up, as a rule: noise makes Whisper say sentences."""
WINDOW = {
    "beam_size": 5,
    # Both: it loops otherwise, on slow speech above all.
    "repetition_penalty": 1.1,
    "no_repeat_ngram_size": 3,
    # No second try at another temperature: it takes as long again.
    "temperature": 0.0,
    "condition_on_previous_text": False,
}
WHISPER_HZ = 16_000
BYTES_A_S = 16_000
"""Of 8 kHz PCM16."""
SPEECH_PROBABILITY, QUIET_BEFORE_S, QUIET_BEHIND_S = 0.3, 1.0, 0.5
"""What Silero calls speech, and the quiet that it is given around an utterance. With its own threshold of 0.5 and no
quiet it finds none in 19 of 57 recordings of single words (he_gc_*); with these it misses none of them, and lets 43 of
99 pieces of office noise through, to LEAST_LOGPROB."""
MB = 1024
"""In kB, as Linux counts a process's memory."""


class UnknownLanguage(ValueError):
    """Asked for a language that the model does not have."""


def main(directory: str, decoders: int, threads: int) -> None:
    # Nothing that a library prints is taken for an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # The server ends it by closing its input, once it has drained.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_IGN)
    os.nice(NICENESS)
    lock = threading.Lock()

    def say(answer: dict[str, Any]) -> None:
        with lock:
            answers.write(json.dumps(answer).encode() + b"\n")
            answers.flush()

    try:
        from faster_whisper import WhisperModel

        model = WhisperModel(
            directory,
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
            num_workers=decoders,
            local_files_only=True,
        )
    except (ImportError, RuntimeError, ValueError, OSError) as error:
        code = "whisper_missing" if isinstance(error, ImportError) else "weights_unreadable"
        say({"error": code, "message": f"{type(error).__name__}: {error}"})
        return
    say({"ready": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MB})

    def answer(number: int, decoded: Future[list[str]]) -> None:
        error = decoded.exception()
        if error is None:
            say({"id": number, "words": decoded.result()})
        else:
            code = "invalid_argument" if isinstance(error, UnknownLanguage) else "engine_error"
            say({"id": number, "error": code, "message": f"{type(error).__name__}: {error}"})

    pool = ThreadPoolExecutor(decoders)
    for number, pcm, language, before in requests_of(sys.stdin.buffer):
        pool.submit(words_of, model, pcm, language, before).add_done_callback(partial(answer, number))
    # Without waiting for what is under way: nobody reads it.
    os._exit(0)


def words_of(model: Any, pcm: bytes, language: str, before: bytes = b"") -> list[str]:
    """The words of 8 kHz PCM16, heard behind ``before``; none where there is no speech.

    Raises UnknownLanguage, and what the library raises."""
    import numpy as np
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    if language not in model.supported_languages:
        raise UnknownLanguage(f"Whisper does not know the language {language!r}")
    audio = _at_whispers_rate(pcm)
    if not audio.any():
        return []
    # Silero, which faster-whisper brings along: Whisper itself hears sentences in noise, and takes a second for it.
    quiet = [np.zeros(int(seconds * WHISPER_HZ), np.float32) for seconds in (QUIET_BEFORE_S, QUIET_BEHIND_S)]
    if not get_speech_timestamps(np.concatenate([quiet[0], audio, quiet[1]]), VadOptions(SPEECH_PROBABILITY)):
        return []
    if before:
        audio, from_s = _at_whispers_rate(before + pcm), len(before) / BYTES_A_S
        segments, _ = model.transcribe(audio, language=language, word_timestamps=True, **WINDOW)
        timed = [word for one in segments if one.avg_logprob >= LEAST_LOGPROB for word in one.words]
        # A word is the utterance's whose middle lies in it.
        own = [word for word in timed if (word.start + word.end) / 2 >= from_s]
        # Noise behind a sentence would be as likely as the sentence.
        logprob = sum(math.log(max(word.probability, 1e-9)) for word in own) / max(len(own), 1)
        return "".join(word.word for word in own).split() if logprob >= LEAST_LOGPROB else []
    segments, _ = model.transcribe(audio, language=language, **WINDOW)
    return [word for one in segments if one.avg_logprob >= LEAST_LOGPROB for word in one.text.split()]


def _at_whispers_rate(pcm: bytes) -> Any:
    """8 kHz PCM16 as Whisper's floats."""
    import numpy as np

    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / 32768
    if not len(samples):
        return samples
    spectrum = np.fft.rfft(samples)
    # Twice as many samples of the same band.
    doubled = np.concatenate([spectrum, np.zeros(len(samples) + 1 - len(spectrum), spectrum.dtype)])
    return (2 * np.fft.irfft(doubled, 2 * len(samples))).astype(np.float32)


def requests_of(source: BinaryIO) -> Iterator[tuple[int, bytes, str, bytes]]:
    """Each request's id, its audio, its language and the audio before it, until the input ends."""
    for line in source:
        header = json.loads(line)
        before, pcm = source.read(header["before"]), source.read(header["bytes"])
        if len(pcm) < header["bytes"]:
            return  # the server has ended
        yield header["id"], pcm, header["language"], before


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
