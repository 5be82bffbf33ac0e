"""What is counted, for ``/metrics``. Declared here, incremented where it happens."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

CALLS_LIVE = Gauge("voiceapp_calls_live", "Calls with an open media socket", registry=REGISTRY)
CALLS_HEARING = Gauge(
    "voiceapp_calls_hearing", "Calls by how they are heard: streaming, degraded, down", ["state"], registry=REGISTRY
)
LOOP_LAG_MS = Gauge("voiceapp_loop_lag_ms", "p95 of the event loop's lateness over ten seconds", registry=REGISTRY)
DISK_USED = Gauge("voiceapp_disk_used_ratio", "Share of the disk of VAR_DIR that is used, 0 to 1", registry=REGISTRY)
TURNS = Counter("voiceapp_turns", "Turns handed on", ["source"], registry=REGISTRY)
TURNS_BY_ENGINE = Counter(
    "voiceapp_turns_by_engine", "Turns handed on, by the engine that gave their words", ["engine"], registry=REGISTRY
)
ENGINE_CHANGES = Counter(
    "voiceapp_engine_changes",
    "Calls that went over to another engine of their line, or back (code: back)",
    ["left", "engine", "code"],
    registry=REGISTRY,
)
HANDED_ON = Histogram(
    "voiceapp_handed_on_seconds",
    "A result has come to the turn that it decides is handed on: what our own code adds",
    buckets=(0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5),
    registry=REGISTRY,
)
TURN_STAGES = Histogram(
    "voiceapp_turn_seconds",
    "Where a caller's turn's time went: partial, first voiced frame to the first partial; final, last voiced frame to "
    "the text handed on",
    ["stage"],
    buckets=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.5, 3.5, 5, 10),
    registry=REGISTRY,
)
TURNS_UNTRACED = Counter(
    "voiceapp_turns_untraced",
    "Turns whose spans the collector did not take, or that waited too long",
    registry=REGISTRY,
)
ANSWERS = Counter("voiceapp_answers", "Answers of the line, by what became of them", ["outcome"], registry=REGISTRY)
ANSWERS_FAILED = Counter(
    "voiceapp_answers_failed",
    "Answers that failed, by how: the caller heard an apology in place of them, or nothing",
    ["code"],
    registry=REGISTRY,
)
ANSWER_STAGES = Histogram(
    "voiceapp_answer_seconds",
    "Where an answer's time went: floor, last voiced frame to the floor taken; responder, from there to the first "
    "piece's words; voice, from those to its first sound; first, floor taken to the first frame sent; total, floor and "
    "first",
    ["stage"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 1, 1.3, 1.6, 2, 2.5, 3.5, 5, 10),
    registry=REGISTRY,
)
ANSWERS_WITHDRAWN = Counter(
    "voiceapp_answers_withdrawn", "Answers that were prepared and given up before a sound was sent", registry=REGISTRY
)
BARGE_INS = Counter(
    "voiceapp_barge_ins",
    "Answers that a caller spoke over and that stopped, by what it was: interrupted, resumed, false_start",
    ["verdict"],
    registry=REGISTRY,
)
BARGE_IN_SECONDS = Histogram(
    "voiceapp_barge_in_seconds",
    "From a caller's first voiced frame over an answer to the decision to stop it",
    buckets=(0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.65, 0.8, 1, 1.5, 2.5),
    registry=REGISTRY,
)
CLEAR_AFTER = Histogram(
    "voiceapp_clear_seconds",
    "From the decision to stop an answer to the clear that was sent",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25),
    registry=REGISTRY,
)
EVENTS = Counter("voiceapp_call_events", "What happened on calls, by its code", ["code"], registry=REGISTRY)
HALF_CLOSE_FINAL_MS = Gauge(
    "voiceapp_half_close_final_ms",
    "Median of the last 50 delays from the end of speech to the final: forced by a half-close, natural",
    ["engine", "kind"],
    registry=REGISTRY,
)
HALF_CLOSE_COMPARED = Gauge(
    "voiceapp_half_close_compared",
    "Of the last 50 finals that were compared with what the one-shot recogniser heard: how many there were",
    ["engine", "kind"],
    registry=REGISTRY,
)
HALF_CLOSE_LACKING = Gauge(
    "voiceapp_half_close_lacking", "How many of those lacked words", ["engine", "kind"], registry=REGISTRY
)
HALF_CLOSE_RESTING = Gauge(
    "voiceapp_half_close_resting", "1 while half-closing rests, by why", ["engine", "reason"], registry=REGISTRY
)
FALLBACKS = Counter("voiceapp_fallbacks", "Utterances given to the one-shot recogniser", registry=REGISTRY)
FALLBACKS_GIVEN_UP = Counter("voiceapp_fallbacks_given_up", "Utterances the bridge had no room for", registry=REGISTRY)
FALLBACKS_FAILED = Counter(
    "voiceapp_fallbacks_failed", "Utterances on which the one-shot recogniser raised an error", registry=REGISTRY
)
COMPARISONS = Counter(
    "voiceapp_comparisons",
    "Utterances with words given to the one-shot recogniser only to compare; they are no fallbacks",
    registry=REGISTRY,
)
COMPARISONS_FAILED = Counter(
    "voiceapp_comparisons_failed",
    "Comparisons on which the one-shot recogniser raised an error, or that the bridge had no room for",
    registry=REGISTRY,
)
ENGINE_ERRORS = Counter(
    "voiceapp_engine_errors",
    "Exceptions of an engine's library that are no errors of its service",
    ["code"],
    registry=REGISTRY,
)
VOICE_ERRORS = Counter(
    "voiceapp_voice_errors", "Pieces of answers that a voice did not say", ["code"], registry=REGISTRY
)
VOICE_FALLBACKS = Counter("voiceapp_voice_fallbacks", "Pieces given to the next voice of a line", registry=REGISTRY)
CHARACTERS_SPOKEN = Counter(
    "voiceapp_characters_spoken", "Characters synthesised, as voices charge them", registry=REGISTRY
)
PHRASES = Counter("voiceapp_phrases", "Looks into the phrase cache: hit, miss", ["found"], registry=REGISTRY)
PHRASES_DAMAGED = Counter("voiceapp_phrases_damaged", "Files of the phrase cache dropped", registry=REGISTRY)
PHRASE_FAILURES = Counter(
    "voiceapp_phrase_failures", "What the phrase cache's disk refused: read, write, delete", ["step"], registry=REGISTRY
)
SETTINGS_REFUSED = Counter(
    "voiceapp_settings_refused",
    "Requests that the engine refused for a profile's settings, and that were made again with less",
    registry=REGISTRY,
)
EVENTS_OVERFLOW = Counter("voiceapp_events_overflow", "Finals that events_q refused", registry=REGISTRY)
SOCKETS_REFUSED = Counter("voiceapp_sockets_refused", "Media sockets refused", ["code"], registry=REGISTRY)
SOCKETS_HELD = Counter(
    "voiceapp_sockets_held",
    "Times that a socket was not read for a while: its application was behind",
    registry=REGISTRY,
)
CONNECTIONS_REFUSED = Counter(
    "voiceapp_connections_refused",
    "Connections closed at once: too many of one source, or of all that nobody has let in",
    ["bound"],
    registry=REGISTRY,
)
READERS_LEFT = Counter(
    "voiceapp_readers_left", "Connections reset because their peer did not read what it was sent", registry=REGISTRY
)
PING_FLOODS = Counter(
    "voiceapp_ping_floods", "WebSockets closed because their peer sent pings without end", registry=REGISTRY
)
BODIES_REFUSED = Counter(
    "voiceapp_bodies_refused",
    "Requests whose body was longer than a webhook's or a page's may be, or that took too long to arrive",
    registry=REGISTRY,
)
CONNECTION_ERRORS = Counter(
    "voiceapp_connection_errors",
    "Connections that failed one of the server's rounds and were reset",
    ["checked"],
    registry=REGISTRY,
)
DRAIN_ERRORS = Counter(
    "voiceapp_drain_errors",
    "Steps of the process's end that failed: the others were taken",
    ["step"],
    registry=REGISTRY,
)
SUPERVISOR_ACTIONS = Counter(
    "voiceapp_supervisor_actions",
    "What supervisors asked of calls: end, hand_over, say, quiet, release; by what came of it",
    ["kind", "outcome"],
    registry=REGISTRY,
)
HAND_OVERS_REFUSED = Counter(
    "voiceapp_hand_overs_refused", "Hand-overs to a number that was not allowed", registry=REGISTRY
)
WEBHOOKS_REFUSED = Counter("voiceapp_webhooks_refused", "Webhooks refused", ["code"], registry=REGISTRY)
SIGN_INS_REFUSED = Counter(
    "voiceapp_sign_ins_refused",
    "Sign-ins refused before a password was looked at: locked, or too many at once",
    ["why"],
    registry=REGISTRY,
)
PAGES_REFUSED = Counter("voiceapp_pages_refused", "Pages refused: too many were asked for at once", registry=REGISTRY)
RECORDS_REFUSED = Counter("voiceapp_records_refused", "Records the writer had no room for", registry=REGISTRY)
WRITER_RETRIES = Counter("voiceapp_writer_retries", "Batches that the database did not take", registry=REGISTRY)
RECORDS_UNWRITABLE = Counter("voiceapp_records_unwritable", "Records the database can never take", registry=REGISTRY)
RECORDS_FORGOTTEN = Counter(
    "voiceapp_records_forgotten", "Records that are no rows: their call was forgotten", registry=REGISTRY
)
RECORDS_UNJOURNALED = Counter(
    "voiceapp_records_unjournaled", "Records that no line of a journal can hold", registry=REGISTRY
)
JOURNAL_FAILURES = Counter("voiceapp_journal_failures", "Batches that the disk did not take", registry=REGISTRY)
JOURNALS_RECOVERED = Counter("voiceapp_journals_recovered", "Journals of dead processes read", registry=REGISTRY)
PEAKS_NOT_KEPT = Counter(
    "voiceapp_peaks_not_kept",
    "Waveforms that are computed again each time: their folder takes nothing",
    registry=REGISTRY,
)
RECORDING_DROPPED = Counter("voiceapp_recording_dropped", "Seconds of audio not kept", registry=REGISTRY)
STORAGE_FAILURES = Counter(
    "voiceapp_storage_failures",
    "Files of calls, or parts of them, that cannot be decrypted",
    ["code"],
    registry=REGISTRY,
)
TURNS_RECOVERED = Counter("voiceapp_turns_recovered", "Turns heard again from recordings", registry=REGISTRY)
SOCKETS_LOST = Counter("voiceapp_sockets_lost", "Streams lost with their caller on the line", registry=REGISTRY)
CALLS_NOT_HEARD = Counter("voiceapp_calls_not_heard", "Callers who got the line's fallback", registry=REGISTRY)
ALARM_LOOKS_MISSED = Counter(
    "voiceapp_alarm_looks_missed", "Looks that the alarms' thread had no time for", registry=REGISTRY
)
ALARM_ROUNDS_FAILED = Counter(
    "voiceapp_alarm_rounds_failed",
    "Rounds of the alarms' threads that failed: database, unknown",
    ["code"],
    registry=REGISTRY,
)
NOTICES_FAILED = Counter(
    "voiceapp_notices_failed", "Notices that were not sent, by channel", ["channel"], registry=REGISTRY
)
WEBHOOK_DELIVERIES = Counter(
    "voiceapp_webhook_deliveries",
    "Attempts to tell a webhook of a call's end: sent, failed (tried again), given_up",
    ["outcome"],
    registry=REGISTRY,
)
LIVE_UNSENT = Counter(
    "voiceapp_live_unsent", "Batches for those who watch that the channel layer did not take", registry=REGISTRY
)
LISTENERS = Gauge("voiceapp_listeners", "People who listen in to a running call by this process", registry=REGISTRY)
LISTENERS_DROPPED = Counter(
    "voiceapp_listeners_dropped", "Listeners sent away because their browser took no sound", registry=REGISTRY
)
SOUND_UNSENT = Counter(
    "voiceapp_sound_unsent",
    "Fifths of a second of a call's sound that the channel layer did not take",
    registry=REGISTRY,
)
WATCHERS_LOST = Counter(
    "voiceapp_watchers_lost", "Watchers sent away because the channel layer did not answer", registry=REGISTRY
)
SILERO_LOST = Counter(
    "voiceapp_silero_lost", "Times that Silero could not be loaded or failed: webrtcvad hears", registry=REGISTRY
)
TURN_MODEL_LOST = Counter(
    "voiceapp_turn_model_lost",
    "Times that smart-turn could not be loaded or failed: silence decides",
    registry=REGISTRY,
)
PUMP_ERRORS = Counter("voiceapp_pump_errors", "Exceptions at the wall of a call's pump", registry=REGISTRY)
RECEIVE_ERRORS = Counter("voiceapp_receive_errors", "Exceptions at the wall of a call's socket", registry=REGISTRY)
REPLY_ERRORS = Counter("voiceapp_reply_errors", "Exceptions at the wall of a call's answering", registry=REGISTRY)
RESPONDER_ERRORS = Counter("voiceapp_responder_errors", "Exceptions that responders raised", registry=REGISTRY)
MODEL_USAGE_DISBELIEVED = Counter(
    "voiceapp_model_usage_disbelieved",
    "Answers whose tokens a model's server counted absurdly: they were estimated",
    registry=REGISTRY,
)
THREADS_FAILED = Counter(
    "voiceapp_threads_failed", "Exceptions at the walls of a process's threads and tasks", ["thread"], registry=REGISTRY
)
SETTINGS_ROUNDS_FAILED = Counter(
    "voiceapp_settings_rounds_failed",
    "Rounds in which no settings of lines could be read, what was last read stands: settings_unreadable, database_away",
    ["code"],
    registry=REGISTRY,
)
SETTINGS_ROWS_UNREAD = Counter(
    "voiceapp_settings_rows_unread",
    "Readings of a row of settings (a line, a profile...) that failed: what was last read of it stands",
    ["kind"],
    registry=REGISTRY,
)
