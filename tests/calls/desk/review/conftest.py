"""A call that was recorded, and people of each group."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from calls.models import Call, Transcript
from tests.calls.storage.test_recording import frames, record

BEGINS_MS = 140
SECONDS = 6


@pytest.fixture
def sign_in(client, db):
    """The client as a member of the group; a group's people are told apart by name."""

    def sign_in(group, name=""):
        user, _ = User.objects.get_or_create(username=name or group, is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def recording(settings, tmp_path):
    """Six seconds of a stream that began at 140 ms."""
    settings.VAR_DIR = tmp_path
    path = tmp_path / "recordings" / "20261125" / "CA1-MZ1.vrec"
    record(path, [(BEGINS_MS + 20 * i, frame) for i, frame in enumerate(frames(50 * SECONDS))])
    return path


@pytest.fixture
def call(db, recording, settings):
    """Ended, with two turns."""
    began_at = timezone.now() - timedelta(minutes=5)
    stream = {
        "recording": str(recording.relative_to(settings.VAR_DIR)),
        "started_at": began_at.isoformat(),
        "ended_at": (began_at + timedelta(seconds=SECONDS)).isoformat(),
    }
    call = Call.objects.create(call_sid="CA1", started_at=began_at, ended_at=timezone.now(), streams={"MZ1": stream})
    for number, (started_ms, text) in enumerate([(1000, "שלום"), (3000, "שתי פיצות")], 1):
        Transcript.objects.create(
            call=call, number=number, started_ms=started_ms, ended_ms=started_ms + 900, text=text, source="final"
        )
    return call
