"""What stored codes mean, in words: of a call's events, turns, counters, ends and statuses. Pages show these, and the
code beside them; docs/operating.md says what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

ANSWERING: Mapping[str, Any] = {
    "responder_raised": _("what answers failed: the caller heard an apology"),
    "responder_unknown": _("the line names what answers, and this server has no such responder: it only listened"),
    "responder_slow": _("the words of an answer did not come in time: the caller heard an apology"),
    "responder_silent": _("what answers had nothing to say"),
    "answer_cut_off": _("the answer was too long, or was filtered: its whole sentences were said"),
    "act_unknown": _("what answers asked for an action, a recording or a person that the line does not have"),
    "act_failed": _("an action of an answer, such as handing the call over, did not come about"),
    "act_twice": _("what answers asked for the same action twice: it was done once"),
    "voice_raised": _("the voice failed"),
    "voice_slow": _("the voice gave no sound in time"),
    "voice_empty": _("the voice ended without a sound"),
    "voice_quota": _("the voice's quota was used up"),
    "voice_fallback": _("the line's other voice, or a recording, spoke instead"),
    "text_unspeakable": _("the voice cannot say this text"),
    "interrupted": _("the caller spoke over the answer, and it was given up for what they said"),
    "barge_in_resumed": _("what was said over the answer was no question, and it went on"),
    "false_start": _("the caller had not finished: the answer stopped, and was given anew to all of it"),
    "echo_heard": _("the line's own words came back, and were not answered"),
    "canceller_missing": _("the echo is loud, and no canceller is installed"),
    "mark_lost": _("Twilio did not say what was played: the clock did"),
    "playback_starved": _("the sound paused within a sentence"),
    "turn_model_late": _("the model of turns was late: silence alone decided"),
    "too_many_turns": _("the call had more answers or minutes than its line allows"),
    "cost_ceiling": _("the call's answers cost as much as its line allows"),
    "answering_broke": _("a fault of the server's own: nothing was answered from here on"),
    "dialogue_invalid": _("the line's dialogue cannot be used"),
    "settings_unknown": _("the call began before its line's settings were known"),
    "settings_late": _("the line's settings became known during the call, and it answers from here on"),
    "notice_said": _("the caller was told the line's notice before anything was heard"),
    "not_recorded": _("the line keeps no recordings"),
    "recording_unwritten": _("the disk did not take all of the recording, or of what explains the call"),
    "words_not_kept": _("the line keeps no words"),
    "conversation_rebuilt": _("the call was another process's: what was said in it was read from its rows"),
    "conversation_unknown": _("nothing is known of what was said before: the call was opened anew"),
    "by_supervisor": _("a supervisor stopped it"),
    "sentence_dropped": _("a supervisor's sentence was not said: the caller went on talking"),
}
HEARING: Mapping[str, Any] = {
    "no_words": _("there was speech, and no word of it was recognised"),
    "too_short": _("a click or a breath, too short for speech"),
    "fallback": _("the one-shot recogniser was asked"),
    "hedged": _(
        "the stream owed words for longer than its engine usually takes, counted since its last result: the one-shot "
        "recogniser was asked beside it"
    ),
    "fallback_failed": _("the one-shot recogniser failed"),
    "fallback_timeout": _("the one-shot recogniser did not answer in time"),
    "fallback_busy": _("too many utterances waited for the one-shot recogniser"),
    "fallback_error": _("the one-shot recogniser raised an error"),
    "rescue": _("an utterance that no stream had heard whole went to the one-shot recogniser"),
    "streaming_lost": _("no recognition stream could be opened: the one-shot recogniser hears"),
    "streaming_back": _("the recognition stream is back"),
    "engine_failed_over": _("another engine of the line hears: the one before it failed"),
    "engine_back": _("an engine that had failed hears again"),
    "no_one_shot": _("none of the line's engines recognises single utterances"),
    "stream_old": _("the recognition stream was renewed before its time ran out"),
    "stream_deaf": _("the recognition stream said nothing of speech and was renewed"),
    "stream_paused": _("the recognition stream was paused in a long silence"),
    "stream_resumed": _("the recognition stream went on with the next speech"),
    "half_close_gains_little": _("asking for finals rests for ten minutes: they come hardly sooner by it"),
    "half_close_lacks_words": _("asking for finals rests for ten minutes: those that were asked for lacked words"),
    "half_close_quota_used": _("asking for finals rests for ten minutes: there were as many requests as are allowed"),
    "half_close_resumed": _("asking for finals pays again, after a rest"),
    "final_lacked_words": _("the one-shot recogniser heard words that the final had not: they are the turn's"),
    "renewal_timeout": _("the old recognition stream did not end in time"),
    "ended_early": _("the recognition stream ended without a word"),
    "breaker_open": _("the recogniser was not asked: it had failed again and again"),
    "stream_stuck": _("the recognition stream took no audio for two minutes"),
    "stream_cancelled": _("the engine's library cancelled the recognition stream"),
    "stream_cut": _("the engine closed the recognition stream before its last word"),
    "malformed_answer": _("the engine answered something that cannot be read"),
    "setting_refused": _("the engine refused a setting of the profile: it is asked again without it"),
    "audio_timeout": _("the engine missed audio and ended the stream"),
    "stream_expired": _("the engine ended the stream: its time was over"),
    "model_not_supported": _("the engine does not have this model for Hebrew"),
    "punctuation_refused": _("the engine writes no punctuation here: the call was heard without"),
    "hints_refused": _("the engine refused the phrase hints: the call was heard without them"),
    "model_refused": _("the engine refused the profile's model: the call was heard with the usual one"),
    "emulator_unknown": _("the emulator does not know this audio: it makes up no words"),
    "client_failed": _("the engine's client could not be made: as a rule the credentials"),
    "whisper_missing": _("Whisper is not installed here"),
    "weights_missing": _("Whisper's folder of weights lacks a file"),
    "weights_unreadable": _("Whisper's weights could not be loaded"),
    "engine_error": _("the engine's library failed"),
    "unavailable": _("the engine could not be reached"),
    "deadline_exceeded": _("the engine did not answer in time"),
    "resource_exhausted": _("the engine's quota was used up"),
    "internal": _("the engine failed within"),
    "unauthenticated": _("the engine refused the credentials"),
    "permission_denied": _("the credentials do not permit this"),
    "invalid_argument": _("the engine refused the request's settings"),
    "not_found": _("the engine does not have what was asked for"),
    "out_of_range": _("the engine refused audio beyond its limit"),
    "failed_precondition": _("the engine cannot be used like this"),
    "unimplemented": _("the engine cannot do this"),
    "cancelled": _("the engine cancelled the request"),
    "aborted": _("the engine gave the request up"),
    "already_exists": _("the engine has this already"),
    "data_loss": _("the engine lost data"),
    "unknown": _("the engine gave no reason"),
}
EVENTS: Mapping[str, Any] = {**ANSWERING, **HEARING}
"""Of events and turns."""
COUNTERS: Mapping[str, Any] = {
    "canceller_missing": _("the echo is loud, and no canceller is installed"),
    "dtmf": _("keys pressed"),
    "bad_json": _("messages that are no JSON"),
    "not_an_object": _("messages that are no object"),
    "unknown_event": _("messages of an unknown kind"),
    "bad_base64": _("audio that cannot be decoded"),
    "empty_payload": _("messages without their audio"),
    "missing_field": _("messages that lack a field"),
    "bad_media_format": _("starts with another audio format"),
    "bad_sid": _("starts with an id that cannot be one"),
    "bad_number": _("messages with a number that cannot be one"),
    "stop_before_start": _("stops before the start"),
    "second_start": _("second starts"),
    "media_before_start": _("audio before the start"),
    "media_after_stop": _("audio after the stop"),
    "foreign_call": _("messages of another call"),
    "foreign_account": _("messages of another account"),
    "foreign_stream": _("messages of another stream"),
    "sequence_repeat": _("repeated messages"),
    "sequence_reordered": _("messages out of order"),
    "sequence_wrong": _("sequence numbers that cannot be right"),
    "sequence_ignored": _("sequence numbers were no longer looked at"),
    "sequence_gap": _("gaps between sequence numbers"),
    "frames_lost": _("frames lost"),
    "timestamp_backwards": _("timestamps that go back"),
    "timestamp_wrong": _("timestamps that cannot be right"),
    "receive_error": _("messages that failed"),
    "odd_payload": _("frames that are not 20 ms"),
    "other_track": _("audio of another track"),
    "half_closed": _("finals asked for early"),
    "half_close_held": _("finals asked for at the end of speech"),
    "half_close_spoken_over": _("finals asked for while the caller went on"),
    "half_close_left_out": _("finals left to come by themselves, to compare"),
    "half_close_rested": _("finals left to come by themselves, while asking for them rested"),
    "half_close_compared": _("finals compared with the one-shot recogniser"),
    "silero_not_ready": _("Silero was not ready: webrtcvad heard"),
    "silero_late": _("frames that Silero decided late"),
    "audio_dropped_ms": _("audio that no stream took (ms)"),
    "events_q_full": _("finals that waited outside the full queue"),
}
ENDS: Mapping[str, Any] = {
    "stop": _("the caller or Twilio ended it"),
    "lost": _("the connection was lost"),
    "replaced": _("a newer stream of the call took over"),
    "drained": _("the server ended"),
    "crashed": _("the server was killed"),
    "silent_line": _("nothing was heard for too long"),
    "too_long": _("the call was longer than allowed"),
    "answered": _("the line said goodbye"),
    "answer_failed": _("answers failed: the line's fallback"),
    "no_start": _("the stream never started"),
    "bad_start": _("the stream's start could not be read"),
    "foreign_start": _("the stream's start was of another call"),
}
"""Why a call ended."""
STATUSES: Mapping[str, Any] = {
    "queued": _("queued"),
    "ringing": _("ringing"),
    "in-progress": _("in progress"),
    "completed": _("completed"),
    "busy": _("busy"),
    "failed": _("failed"),
    "no-answer": _("no answer"),
    "canceled": _("canceled"),
}
"""Twilio's (calls/twilio/call_status.py)."""
TURN_RULES: Mapping[str, Any] = {
    "covering_final": _("a final of all that was said"),
    "held_final": _("a final that was waited with, for more"),
    "strong_partial": _("a strong partial at the end of speech"),
    "timeout": _("the time-out after speech"),
    "deadline": _("the one-shot's deadline"),
    "one_shot": _("the one-shot's words"),
    "one_shot_empty": _("the one-shot gave no words"),
    "unvoiced": _("words where no speech was found"),
    "recovered": _("heard again from the recording"),
}
"""What made a turn of an utterance (calls/core/decision.py)."""
ACTIONS: Mapping[str, Any] = {
    "no_account": _("the server has no Twilio account"),
    "number_not_allowed": _("the number is none of the line's people"),
    "twilio_unreachable": _("Twilio could not be reached"),
    "twilio_21220": _("the call was over already"),
    "already_over": _("the call was over already"),
    "no_such_person": _("the line has no person of this name"),
    "database_away": _("the database did not answer"),
    "call_ended": _("the call has ended, or is about to"),
    "call_not_reached": _("no server has said that it runs this call: it has ended, or Redis cannot be reached"),
    "not_answering": _("nothing answers this call"),
    "no_voice": _("the server has no voice for this line"),
    "too_many_sentences": _("three sentences wait to be said already"),
    "already_quiet": _("the line is quiet already"),
    "not_quiet": _("the line is answering already"),
}
"""Of hand-overs and hang-ups, by supervisors and by what answers; Twilio's other errors are told by their number."""
ACTS: Mapping[str, Any] = {
    "Transfer": _("handing over"),
    "HangUp": _("hanging up"),
    "PlayTones": _("playing tones"),
    "PlayRecording": _("playing a recording"),
    "NoteValue": _("keeping a value"),
}
"""By the names of their classes (calls/reply/items.py), as an event's detail has them."""
NOT_HEARD_AGAIN: Mapping[str, Any] = {
    "trace_missing": _("its trace was not kept, or has been purged"),
    "trace_unreadable": _("its trace is damaged"),
    "storage_key_missing": _("it is encrypted by a key that this server does not have"),
    "storage_keys_unusable": _("this server cannot read its storage keys"),
    "storage_format_unknown": _("it is encrypted in a way that this version does not know"),
    "trace_too_long": _("it is too long for a page: use manage.py whatif"),
    "settings_out_of_bounds": _("a setting of the profile is out of its bounds"),
}
"""Why a call cannot be heard again at other settings."""


WEBHOOKS: Mapping[str, Any] = {
    "http_status": _("the receiver refused it"),
    "redirected": _("the receiver sent it elsewhere: redirects are not followed"),
    "timed_out": _("the receiver did not answer in time"),
    "not_reached": _("the receiver was not reached"),
    "bad_certificate": _("the receiver's certificate is not valid"),
    "address_refused": _("the address is none that calls are sent to"),
}
"""Of a webhook's delivery (calls/process/webhooks/posting.py)."""


def shown_code(code: str, meanings: Mapping[str, Any] = EVENTS) -> str:
    """What it means; a code that a later version has written stands for itself."""
    return str(meanings.get(code, code))
