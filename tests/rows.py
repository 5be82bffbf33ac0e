"""Rows of every model, and calls of every kind, for whoever looks at all pages."""

from dataclasses import replace
from datetime import timedelta

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from calls.lines.prices import EnginePrice
from calls.models import (
    AccessEntry,
    Alarm,
    AlarmNotice,
    ApiToken,
    Call,
    CallEvent,
    CallNote,
    CallReview,
    CallTag,
    Correction,
    Dialogue,
    EngineMeasurement,
    Informed,
    LegalHold,
    LineLimit,
    LinePerson,
    MeasuredTurn,
    Mention,
    NumberChange,
    PhoneLine,
    Price,
    PrivacyChange,
    QueuedCall,
    ReviewSample,
    SampledCall,
    SavedValue,
    SpentToken,
    SupervisorAction,
    Tombstone,
    Transcript,
    Trial,
    TurnMark,
    Webhook,
    WebhookDelivery,
)
from calls.storage.line_hours import fold, mark
from calls.storage.queued_calls import queue_ended
from stt.models import TuningProfile
from tests.paths import SAMPLES

ANSWERING = {
    "responder": "silent",
    "temperature": "0.4",
    "max_tokens": "300",
    "max_agent_turns": "60",
    "max_answered_s": "1800",
    "recordings_days": "90",
    "words_days": "365",
    "keeps_recordings": "on",
    "keeps_words": "on",
    "redacts": "on",
}
"""Of a line's form: what a browser sends of its answers when nobody has touched them."""
LINE, CALLER = "+97235550100", "+972501234567"


def make_rows(var_dir, trace, recording):
    """``trace`` and ``recording``: the files of a stream, which are copied into ``var_dir``."""
    folder = var_dir / "recordings"
    folder.mkdir()
    (folder / "whole.trace").write_bytes(trace.read_bytes())
    (folder / "whole.vrec").write_bytes(recording.read_bytes())
    (folder / "traced.trace").write_bytes(trace.read_bytes())
    (folder / "damaged.trace").write_bytes(b'{"event": "Nothing", "now_ms": 1}\n{"frames": 0}\n')
    (folder / "recorded.vrec").write_bytes(recording.read_bytes())
    boss = User.objects.create_superuser("boss", password="boss-password")
    for name in ("dana", "avi"):
        User.objects.create_user(name, is_staff=True, password="a-password").groups.add(
            Group.objects.get(name="reviewer")
        )
    profile = TuningProfile.objects.create(name="default", is_default=True)
    profile._history_user = boss
    profile.vad_hangover_ms = 400
    profile.save()
    TuningProfile.objects.create(
        name="other", vad_aggressiveness=1, streaming=False, model="x", stt_partial_debounce_ms=60, noise_margin_db=3
    )
    lines = [
        PhoneLine.objects.create(
            number=LINE, name="מכירות", profile=profile, monthly_ceiling=50, review_tags="ביטול עסקה, תלונה"
        ),
        PhoneLine.objects.create(
            number="+97235550101", name="שירות", profile=profile, responder="scripted", dialogue=_dialogues()
        ),
    ]
    LinePerson.objects.create(line=lines[0], name="דנה", number="+97231234567")
    LineLimit.objects.create(user=User.objects.get(username="avi")).lines.add(lines[0])
    a, b = (profile.history.get(revision=one) for one in (1, 2))
    Trial.objects.create(line=lines[0], a=a, b=b, started_by=boss)
    Trial.objects.create(line=lines[1], a=a, b=b, started_by=None, ended_at=timezone.now(), ended_by=boss)
    _calls(profile, boss)
    queue_ended()
    _reviews(boss)
    price = Price.objects.create(since="2026-03-01", stt_minute=1, twilio_minute=1, stream_minute=0)
    EnginePrice.objects.create(price=price, engine="deepgram", minute="0.0077")
    now = timezone.now()
    alarm = Alarm.objects.create(kind="line_deaf", line=LINE, raised_at=now, seen_at=now)
    AlarmNotice.objects.create(alarm=alarm, channel="email", due_at=now)
    said = {"user": boss, "username": "boss"}
    SupervisorAction.objects.create(call_sid="CAwhole", kind="end", asked_at=now, outcome="done", **said)
    SupervisorAction.objects.create(
        call_sid="CAwhole", kind="hand_over", asked_at=now, outcome="failed", code="twilio_unreachable", **said
    )
    AccessEntry.objects.create(kind="listen", call_sid="CAwhole", began_at=now, last_at=now, **said)
    AccessEntry.objects.create(kind="correct", call_sid="CAgone", turn=3, began_at=now, last_at=now, **said)
    AccessEntry.objects.create(kind="export", calls=12, began_at=now, last_at=now, **said)
    AccessEntry.objects.create(kind="watch", calls=0, began_at=now, last_at=now + timedelta(minutes=4), **said)
    AccessEntry.objects.create(
        kind="delete",
        calls=0,
        detail="older than 90 days; 3 recordings and traces",
        username="manage.py purge (root)",
        began_at=now,
        last_at=now,
    )
    token = ApiToken(name="CRM", scopes=["calls:read", "words:read"], all_lines=True)
    token.renew()
    token.save()
    hook = Webhook.objects.create(name="CRM", url="https://crm.example.org/calls", secret="whsec_x", line=lines[0])
    of_call = {"webhook": hook, "call": Call.objects.get(call_sid="CAwhole"), "due_at": now}
    WebhookDelivery.objects.create(**of_call, attempts=2, code="http_status", status=503)
    WebhookDelivery.objects.create(**of_call, attempts=10, code="timed_out", given_up_at=now)
    LegalHold.objects.create(call=Call.objects.get(call_sid="CAbusy"), why="תביעה", placed_at=now, **said)
    PrivacyChange.objects.create(line=LINE, setting="words_days", before="365", after="400", changed_at=now, **said)
    NumberChange.objects.create(line=LINE, kind="person", after="דנה: +97231234567", changed_at=now, **said)
    _measurement(boss)
    SpentToken.objects.create(digest="d" * 64, expires_at=now)
    Tombstone.objects.create(digest="e" * 64, forgotten_at=now)
    LogEntry.objects.create(
        user=boss,
        content_type=ContentType.objects.get_for_model(Call),
        object_id=str(Call.objects.first().pk),
        object_repr="CA",
        action_flag=CHANGE,
    )
    SessionStore().create()
    while fold():
        pass
    mark([now])


def _dialogues():
    """One that answers; one that fails an example, and one that is no dialogue, as no page would save them."""
    text = (SAMPLES / "dialogues" / "booking.yaml").read_text("utf-8")
    Dialogue.objects.create(name="נכשל", text=text.replace('price: "120"', 'price: "121"'))
    Dialogue.objects.create(name="לא תסריט", text="steps: [")
    return Dialogue.objects.create(name="קביעת תור", text=text)


def _calls(profile, user):
    now = timezone.now()
    tuning = replace(profile.tuning(), vad_hangover_ms=220).as_dict()
    started = {"started_at": (now - timedelta(minutes=9)).isoformat()}
    over = {**started, "ended_at": now.isoformat()}
    kinds = {
        "CAwhole": {
            "streams": {"MZ1": {**over, "recording": "recordings/whole.vrec"}},
            "counters": {"dtmf": 2, "sequence_gap": 1},
            "status": "completed",
            "end_reason": "answered",
        },
        "CAtwostreams": {
            "streams": {
                "MZ1": {**over, "recording": "recordings/whole.vrec"},
                "MZ2": {**over, "started_at": now.isoformat(), "recording": "recordings/traced.vrec"},
            }
        },
        "CAtraced": {"streams": {"MZ1": {**over, "recording": "recordings/traced.vrec"}}},
        "CArecorded": {"streams": {"MZ1": {**over, "recording": "recordings/recorded.vrec"}}},
        "CAdamaged": {"streams": {"MZ1": {**over, "recording": "recordings/damaged.vrec"}}},
        "CApurged": {"streams": {"MZ1": {**over, "recording": "recordings/purged.vrec"}}},
        "CAunstarted": {"streams": {"MZ1": {}}, "tuning": {}},
        "CAoneshots": {"streams": {"MZ1": over}, "hearing": "degraded"},
        "CAturnless": {"streams": {"MZ1": over}},
        "CArunning": {"streams": {"MZ1": {**started, "recording": "recordings/running.vrec"}}, "ended_at": None},
        "CAanswering": {"streams": {"MZ1": started}, "ended_at": None, "to_number": "+97235550101"},
        "CAolder": {
            "streams": {"MZ1": {**over, "recording": "recordings/traced.vrec"}},
            "tuning": {"vad_hangover_ms": 5, "new": 1},
        },
        "CAcrashed": {"streams": {"MZ1": started}, "ended_at": None, "started_at": now - timedelta(days=3)},
        "CAbusy": {"status": "busy", "started_at": None, "ended_at": None, "tuning": {}},
        "CAhidden": {"from_number": "Anonymous", "to_number": "", "streams": {"MZ1": over}},
    }
    for sid, values in kinds.items():
        common = {"from_number": CALLER, "to_number": LINE, "started_at": now, "ended_at": now, "tuning": tuning}
        common |= {"tuning_profile": profile.pk, "tuning_revision": 1, "twilio_duration_s": 61, "process": "host:1"}
        call = Call.objects.create(call_sid=sid, **{**common, **values})
        if sid not in ("CAturnless", "CAbusy", "CAunstarted"):
            _turns(call, "fallback" if sid == "CAoneshots" else "final")
    answered = Call.objects.get(call_sid="CAwhole")
    _answers(answered)
    corrected = Call.objects.get(call_sid="CAwhole")
    for number, text, withdrawn in ((1, "שלום רב", False), (2, "", True), (3, "שלום", False)):
        Correction.objects.create(
            call=corrected, turn=1, number=number, text=text, withdrawn=withdrawn, turn_revision=0, user=user,
            username="boss", made_at=now,
        )  # fmt: skip


def _reviews(user):
    """A call that was reviewed, one that somebody has open, and a sample of both."""
    now = timezone.now()
    by = {"user": user, "username": "boss", "made_at": now}
    dana, avi = (User.objects.get(username=name) for name in ("dana", "avi"))
    whole, opened = (Call.objects.get(call_sid=sid) for sid in ("CAwhole", "CAtraced"))
    CallReview.objects.create(call=whole, verdict="follow_up", corrected=1, opened_at=now, **by)
    QueuedCall.objects.filter(pk=whole.pk).update(done=1, wanted=2, last_reviewer=user)
    QueuedCall.objects.filter(pk=opened.pk).update(
        claimed_by=avi, claimed_at=now, claimed_until=now + timedelta(minutes=10)
    )
    Informed.objects.create(call=whole, user=avi)
    TurnMark.objects.create(call=whole, turn=1, kind="crosstalk", **by)
    CallTag.objects.create(call=whole, name="תלונה", **by)
    note = CallNote.objects.create(call=whole, text="@dana לבדוק את המחיר", **by)
    Mention.objects.create(note=note, user=dana)
    days = {"since": now - timedelta(days=7), "until": now}
    sample = ReviewSample.objects.create(seed="1f2e", line=LINE, population=9, size=2, **days, **by)
    for position, call in enumerate((opened, whole), 1):
        SampledCall.objects.create(sample=sample, queued_id=call.pk, position=position)


def _measurement(user):
    """Two engines, of which one failed; a turn whose call is elsewhere."""
    some, none = {"value": 0.25, "low": 0.1, "high": 0.4}, {"value": None, "low": None, "high": None}
    names = ("wer", "cer", "short", "final_p50", "final_p95", "failed")
    common = {"way": "stream", "model": "default", "emulated": True, "price_per_hour": "1.44", "words": 8, "short": 2}
    figures = [
        {**common, "engine": "google", "estimates": dict.fromkeys(names, some), "difference": none, "codes": {},
         "finals_ms": list(range(300, 680, 20))},
        {**common, "engine": "gone", "estimates": dict.fromkeys(names, none), "difference": some,
         "codes": {"unavailable": 2}, "finals_ms": []},
    ]  # fmt: skip
    row = EngineMeasurement.objects.create(
        made_at=timezone.now(), user=user, username="boss", line=LINE, profile="default@2", turns=2, calls=1,
        figures=figures,
    )  # fmt: skip
    whole = Call.objects.get(call_sid="CAwhole")
    for engine, call, heard in (("google stream", whole, "שלום לב"), ("gone stream", None, "")):
        MeasuredTurn.objects.create(measurement=row, call=call, turn=1, engine=engine, said="שלום רב 5", heard=heard)


def _answers(call):
    common = {"call": call, "speaker": "agent", "responder": "scripted", "voice": "he-IL-Chirp3-HD-Aoede"}
    times = {"floor_rule": "open", "floor_ms": 1000, "first_audio_ms": 400, "total_ms": 1400}
    times |= {"text_ms": -200, "prepared_ms": -350}
    for number, (heard, outcome, code) in enumerate(
        (("שלום, במה אפשר לעזור?", "played", ""), ("כמה", "interrupted", "mark_lost"), ("", "failed", "voice_raised")),
        1,
    ):
        Transcript.objects.create(
            number=5000 + number, started_ms=2000 * number + 1200, ended_ms=2000 * number + 1900, outcome=outcome,
            text=heard if number == 1 else "כמה פיצות תרצו להזמין?", played_text=heard, heard_ms=300, code=code,
            withdrawals=number - 1, answers=number, tokens=90, characters=40, search_text="", **times, **common,
        )  # fmt: skip
    SavedValue.objects.create(call=call, key="name", value="דנה", number=1)
    SavedValue.objects.create(call=call, key="card", value="4580", secret=True, number=2)


def _turns(call, source):
    common = {"call": call, "engine": "google", "model": "phone_call", "attempts": 1}
    common |= {"end_reason": "silence", "rule": "one_shot" if source == "fallback" else "covering_final"}
    for number, text in enumerate(("שלום", "שתי פיצות", ""), 1):
        Transcript.objects.create(
            number=number, started_ms=2000 * number, ended_ms=2000 * number + 900, text=text,
            revised_text="שלום לך" if number == 1 else None, source=source if text else "none",
            code="" if text else "no_words", final_ms=700 if text else None, partial_ms=300 if text else None, **common,
        )  # fmt: skip
    now = timezone.now()
    for at, (code, detail) in enumerate(
        [("stream_old", "stream 0"), ("fallback", "utterance 2"), ("act_failed", "Transfer, דנה: no_account"),
         ("responder_raised", "ZeroDivisionError")], 1,
    ):  # fmt: skip
        CallEvent.objects.create(call=call, number=at, at=now, code=code, detail=detail)
