"""Calls whose sound a toy engine hears: corrected, on a line that allows it, and who may take them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from calls.models import Call, Correction, PhoneLine, Transcript
from stt.audio import BYTES_PER_MS, FRAME_BYTES, FRAME_MS
from stt.models import TuningProfile
from tests.calls.storage.test_recording import record

LINE = "+97235550100"
ONE, TWO, THREE = (bytes([byte]) * 400 * BYTES_PER_MS for byte in (0x10, 0x20, 0x30))
"""What the toy hears as one, two, three."""
QUIET = b"\xff" * 600 * BYTES_PER_MS


@pytest.fixture
def reviewer(db):
    user = User.objects.create_user("dana", is_staff=True)
    user.groups.add(Group.objects.get(name="reviewer"))
    return user


@pytest.fixture
def line(db, settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    profile = TuningProfile.objects.create(name="default", is_default=True, phrases="קיים")
    since = timezone.now() - timedelta(days=1)
    return PhoneLine.objects.create(number=LINE, name="מכירות", profile=profile, gold_since=since)


@pytest.fixture
def make_call(line, settings):
    """A call that said these words, each corrected to what is given beside it; None: not corrected."""

    def make(sid, spoken, ago=timedelta(minutes=5), **values):
        began_at = timezone.now() - ago
        audio = QUIET + b"".join(sound + QUIET for sound, _, _ in spoken)
        name = f"recordings/{sid}.vrec"
        frames = [audio[at : at + FRAME_BYTES] for at in range(0, len(audio), FRAME_BYTES)]
        record(settings.VAR_DIR / name, [(FRAME_MS * i, frame) for i, frame in enumerate(frames)])
        stream = {"recording": name, "started_at": began_at.isoformat(), "ended_at": timezone.now().isoformat()}
        common = {"to_number": LINE, "started_at": began_at, "ended_at": timezone.now(), "streams": {"MZ1": stream}}
        call = Call.objects.create(call_sid=sid, **common | values)
        for number, (_, heard, said) in enumerate(spoken, 1):
            started_ms = 600 + 1000 * (number - 1)
            Transcript.objects.create(
                call=call, number=number, started_ms=started_ms, ended_ms=started_ms + 400, text=heard, source="final",
                engine="google",
            )  # fmt: skip
            if said is not None:
                correct(call, number, said)
        return call

    return make


def correct(call, turn, text="", *, number=1, withdrawn=False):
    Correction.objects.create(
        call=call, turn=turn, number=number, text=text, withdrawn=withdrawn, turn_revision=0, username="dana",
        made_at=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def corrected(make_call):
    """Two calls, three turns of gold: the toy hears two of them right."""
    return [
        make_call("CA1", [(ONE, "אחד", "אחת"), (TWO, "שתיים", None), (THREE, "שלוש", "שלוש")]),
        make_call("CA2", [(TWO, "תיים", "ארבע")], ago=timedelta(minutes=9)),
    ]
