"""What to look at, and what to change, for what stands in a call's rows; docs/operating.md has the same table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from calls.desk.review.call_story import StoryLine
from calls.storage.models import Call

LATE_LOOP_MS = 150
"""From here on a process takes no more calls (calls/process/admission.py)."""
LOST_FRAMES = 0.01
SLOW_FINAL_MS = 1500
DOCTOR = "manage.py doctor --only engines"
ADVICE: Mapping[str, str] = {
    "streaming_lost": f"no stream could be opened: {DOCTOR}; a second engine in the profile would hear meanwhile",
    "unavailable": f"the engine is not reached: {DOCTOR}; look at GOOGLE_CLOUD_SPEECH_ENDPOINT",
    "unauthenticated": f"the engine's key is not taken: {DOCTOR}",
    "permission_denied": f"the engine's key may not recognise: {DOCTOR}",
    "client_failed": f"the engine's key file cannot be used: {DOCTOR}",
    "resource_exhausted": "the engine's quota is used up: ask for more, or lower half_close_requests",
    "half_close_quota_used": "half-closing asks too often: ask for more quota, or lower half_close_requests",
    "hedged": "the stream was silent: docs/latency.md on its finals; a nearer endpoint, or a second engine",
    "fallback_timeout": "the one-shot recogniser was slow: raise stt_fallback_deadline_ms, or choose a nearer endpoint",
    "fallback_busy": "too many utterances waited: look for a dead stream, and at how long one-shots take",
    "engine_failed_over": "the first engine failed in the call: its code says why; docs/engines.md",
    "model_refused": "the profile's model hears no Hebrew: leave it empty, or choose another",
    "hints_refused": "the engine refuses the profile's phrase hints: shorten them",
    "no_words": "speech that nobody understood: listen to the turn; a quiet or noisy line, or another language",
    "emulator_unknown": "an emulator hears, which recognises no speech: leave the engine's emulator variable empty",
    "silero_late": "the voice detector was late: the process has too many calls, or take webrtcvad",
    "recording_unwritten": "the disk did not take all of the recording: manage.py doctor --only disk, and purge",
    "settings_unknown": "the database was away when the call began: manage.py doctor --only database",
    "voice_quota": "the voice's quota is used up: ask for more, or give the line a second voice",
    "voice_slow": "the voice was slow: choose another, or have manage.py phrases --render make what is always said",
}


def advice_on(call: Call, lines: Sequence[StoryLine]) -> Iterator[str]:
    """``code: what to look at and change``, each once, in the order of the story; then what figures say."""
    for code in dict.fromkeys(code for line in lines for code in sorted(line.codes) if code in ADVICE):
        yield f"{code}: {ADVICE[code]}"
    turns = list(call.turns.heard())
    lag_ms = max((turn.loop_lag_ms or 0 for turn in turns), default=0)
    if lag_ms > LATE_LOOP_MS:
        yield f"loop lag of {lag_ms:.0f} ms: the process had too many calls or pages: lower MAX_CALLS, add a process"
    if call.frames_lost > LOST_FRAMES * max(1, call.frames_received):
        yield f"{call.frames_lost} of {call.frames_received} frames lost: the way from Twilio, not this server"
    finals_ms = sorted(turn.final_ms for turn in turns if turn.final_ms is not None)
    if finals_ms and finals_ms[len(finals_ms) // 2] > SLOW_FINAL_MS:
        yield f"half of its texts came later than {SLOW_FINAL_MS} ms: docs/latency.md, and half_close of the profile"
