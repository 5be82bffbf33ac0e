"""The emulator's results as Google's messages, and what faults make of a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.cloud.speech_v1.types import cloud_speech

from stt.emulator.recordings import Spoken
from stt.emulator.speaker import Said
from stt.emulator.timing import Faults

StreamingResponse = cloud_speech.StreamingRecognizeResponse.pb()
RecognizeResponse = cloud_speech.RecognizeResponse.pb()


def streaming_response(said: Said, config: Any, faults: Faults) -> Any:
    """A StreamingRecognizeResponse. ``config``: the request's RecognitionConfig."""
    response = StreamingResponse()
    if said.spoken is not None:
        result = response.results.add(is_final=True)
        _add_final(result, said.spoken, config, faults)
        _set_ms(result.result_end_time, said.end_ms)
        return response
    head = len(said.words) - said.tail
    for words, stability in ((said.words[:head], 0.9), (said.words[head:], 0.1)):
        if words:
            result = response.results.add(stability=stability)
            if faults.empty_alternatives:
                result.alternatives.add()
            if faults.no_transcripts:
                result.alternatives.add(words=[{"word": word} for word in words])
            else:
                result.alternatives.add(transcript=" ".join(words))
            _set_ms(result.result_end_time, said.end_ms)
    return response


def one_shot_response(spoken: Sequence[Spoken], config: Any, faults: Faults) -> Any:
    """A RecognizeResponse; without words it holds no result."""
    response = RecognizeResponse()
    if spoken:
        _add_final(response.results.add(), spoken, config, faults)
    return response


def _add_final(result: Any, spoken: Sequence[Spoken], config: Any, faults: Faults) -> None:
    texts = [word.text for word in spoken]
    if config.enable_automatic_punctuation:
        texts[-1] += "."
    if faults.empty_alternatives:
        result.alternatives.add()
    best = result.alternatives.add(confidence=0.9)
    if not faults.no_transcripts:
        best.transcript = " ".join(texts)
    if config.enable_word_time_offsets:
        for entry in _listed([Spoken(t, w.start_ms, w.end_ms) for t, w in zip(texts, spoken, strict=True)], faults):
            info = best.words.add(word=entry.text)
            _set_ms(info.start_time, entry.start_ms)
            _set_ms(info.end_time, entry.end_ms)
    if faults.empty_alternatives:
        result.alternatives.add(transcript=" ".join(reversed(texts)), confidence=0.1)


def _listed(spoken: list[Spoken], faults: Faults) -> list[Spoken]:
    """The entries of a final's word list."""
    if faults.no_word_lists:
        return []
    if faults.short_word_lists:
        return spoken[: (len(spoken) + 1) // 2]
    if faults.gaps_in_word_lists:
        return [*spoken[:1], *spoken[1:][-1:]]
    if faults.joined_words:
        pairs = [spoken[i : i + 2] for i in range(0, len(spoken), 2)]
        return [Spoken(" ".join(w.text for w in pair), pair[0].start_ms, pair[-1].end_ms) for pair in pairs]
    return spoken


def _set_ms(duration: Any, ms: int) -> None:
    duration.seconds, duration.nanos = ms // 1000, ms % 1000 * 1_000_000
