"""Rows of two lines, for a person who sees the second alone: of the first, every text is a word that stands nowhere
else."""

from datetime import timedelta
from types import SimpleNamespace

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.utils import timezone

from calls.desk.line_limits.fields import set_limit
from calls.desk.line_limits.seen import USED_BY
from calls.desk.permissions import GROUPS
from calls.models import (
    AccessEntry,
    Alarm,
    ApiToken,
    Call,
    CallNote,
    Correction,
    EngineMeasurement,
    Mention,
    PhoneLine,
    QueuedCall,
    ReviewSample,
    SampledCall,
    SupervisorAction,
    Transcript,
    Trial,
    Webhook,
)
from calls.storage.queued_calls import queue_ended
from stt.models import TuningProfile
from tests.marked_rows import mark

SECRET = "קצפת"
"""In every text of the other line's rows."""
OWN = "+97235559900"
NO_LINES_ROWS = {
    f"calls.{name}"
    for name in ("EnginePrice", "Price", "SpentToken", "SumsState", "ChangedHour", "LineLimit", "Tombstone")
}


def hide_all():
    """All rows that there are become those of lines that the person does not see, but for dialogues and profiles that
    no line uses. Returns what must not be shown."""
    secrets = {SECRET, *Call.objects.values_list("call_sid", flat=True)} - {""}
    secrets |= {number.removeprefix("+972") for number in PhoneLine.objects.values_list("number", flat=True)}
    secrets |= {one for one in AccessEntry.objects.values_list("call_sid", flat=True) if one}
    for model in apps.get_models():
        label = model._meta.label
        if model._meta.app_label in ("calls", "stt") and label not in NO_LINES_ROWS:
            mark(used(model), lambda field, pk: f"{SECRET}{pk}")
    return secrets


def used(model):
    """Its rows, without those that no line uses."""
    rows, label = model._base_manager.all(), model._meta.label
    field = USED_BY.get(label.replace("Historical", ""))
    key = "id__in" if "Historical" in label else "pk__in"
    return rows.filter(**{key: PhoneLine.objects.values(field)}) if field else rows


def show_own(streams):
    """Rows of the person's own line. ``streams``: of a call that was recorded."""
    now = timezone.now()
    boss = User.objects.get(username="boss")
    profile = TuningProfile.objects.create(name="own")
    profile.vad_hangover_ms = 410
    profile.save()
    line = PhoneLine.objects.create(number=OWN, name="קו שלי", profile=profile, review_tags="שלי")
    common = {"to_number": OWN, "from_number": "+972509990000", "started_at": now, "tuning": profile.tuning().as_dict()}
    common |= {"tuning_profile": profile.pk, "tuning_revision": 1}
    over = Call.objects.create(call_sid="CAown", ended_at=now, streams=streams, status="completed", **common)
    running = Call.objects.create(call_sid="CAownrunning", **common)
    for call in (over, running):
        Transcript.objects.create(
            call=call, number=1, started_ms=0, ended_ms=900, text="מילים שלי", source="final", end_reason="silence",
            engine="google", search_text="מילים שלי",
        )  # fmt: skip
    said = {"user": boss, "username": "boss"}
    Correction.objects.create(
        call=over, turn=1, number=1, text="תיקון", search_text="תיקון", turn_revision=0, made_at=now, **said
    )
    queue_ended()
    QueuedCall.objects.filter(pk=over.pk).update(doubt=9)
    me = limited_person()
    note = CallNote.objects.create(call=over, text="@limited שלי", made_at=now, **said)
    Mention.objects.create(note=note, user=me)
    a, b = (profile.history.get(revision=one) for one in (1, 2))
    trial = Trial.objects.create(line=line, a=a, b=b, started_by=boss)
    sample = ReviewSample.objects.create(
        seed="1", line=OWN, since=now - timedelta(days=1), until=now, population=1, size=1, made_at=now, **said
    )
    SampledCall.objects.create(sample=sample, queued_id=over.pk, position=1)
    alarm = Alarm.objects.create(kind="line_deaf", line=OWN, raised_at=now, seen_at=now)
    webhook = Webhook.objects.create(name="own", url="https://own.example.org/", secret="whsec_y", line=line)
    token = ApiToken(name="own", scopes=["calls:read"])
    token.renew()
    token.save()
    token.lines.add(line)
    EngineMeasurement.objects.create(made_at=now, username="boss", line=OWN, turns=1, calls=1, figures=[])
    SupervisorAction.objects.create(call_sid="CAown", kind="end", asked_at=now, outcome="done", **said)
    AccessEntry.objects.create(kind="listen", call_sid="CAown", began_at=now, last_at=now, **said)
    own = (line, profile, over, trial, sample, alarm, webhook, token)
    return SimpleNamespace(me=me, line=line, running=running, rows={type(row): row for row in own})


def limited_person():
    """May everything that a group allows, of one line."""
    me = User.objects.create_user("limited", is_staff=True, password="a-password")
    me.groups.set(Group.objects.filter(name__in=GROUPS))
    set_limit(me, PhoneLine.objects.filter(number=OWN))
    return me
