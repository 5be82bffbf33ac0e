"""Listening to a call: the player's requests, who may, and what is kept of it."""

import re
from datetime import timedelta

import pytest
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from calls.desk.access_log import entries
from calls.desk.review import views
from calls.desk.review.wave import Wave
from calls.models import AccessEntry, Call, Transcript
from calls.storage.kept_files import GrowingFile, encrypted_by
from calls.storage.recording import line_file
from stt.audio import ULAW_SILENCE, ulaw_to_pcm
from tests.calls.desk.review.conftest import SECONDS
from tests.calls.storage.test_recording import frames, record
from tests.storage_keys import (
    OLD,
    plain_and_encrypted,  # noqa: F401 - a fixture
    under,
)

pytestmark = pytest.mark.django_db
HEAR, MAY_NOT_HEAR = ("reviewer", "supervisor", "admin"), ("tuner",)


def url(call, number=1):
    return reverse("review-audio", args=[call.pk, number])


def page(client, call):
    return client.get(reverse("admin:calls_call_change", args=[call.pk])).content.decode()


@pytest.fixture
def hear(sign_in, call):
    """A request of a reviewer's player: its answer and all that came with it."""
    session = sign_in("reviewer").cookies

    def hear(header="", number=1):
        async def ask():
            client = AsyncClient()
            client.cookies = session
            answer = await client.get(url(call, number), headers={"Range": header} if header else {})
            if not answer.streaming:
                return answer, answer.content
            return answer, b"".join([piece async for piece in answer])

        from asgiref.sync import async_to_sync

        return async_to_sync(ask)()

    return hear


def test_the_whole_is_a_wav_that_can_be_sought_and_is_kept_by_nobody(hear, recording):
    answer, sent = hear()
    assert (answer.status_code, answer["Content-Type"], answer["Accept-Ranges"]) == (200, "audio/wav", "bytes")
    assert answer["Cache-Control"] == "private, no-store"
    assert int(answer["Content-Length"]) == len(sent) == Wave(recording).size_bytes


def test_a_player_that_seeks_gets_the_part_it_asks_for(hear, recording):
    _, whole = hear()
    answer, sent = hear("bytes=32044-64043")
    assert (answer.status_code, answer["Content-Range"]) == (206, f"bytes 32044-64043/{len(whole)}")
    assert sent == whole[32044:64044]
    answer, sent = hear("bytes=0-1")
    assert sent == b"RI"
    answer, sent = hear("bytes=90000-")
    assert sent == whole[90000:]


def test_the_rest_of_hours_is_sent_in_parts(hear, monkeypatch):
    _, whole = hear()
    monkeypatch.setattr(views, "MOST_BYTES", 10_000)
    monkeypatch.setattr(views, "PIECE_BYTES", 3_000)
    answer, sent = hear("bytes=50-")
    assert answer["Content-Range"] == f"bytes 50-10049/{len(whole)}"
    assert sent == whole[50:10_050]


def test_beyond_the_end_there_is_nothing(hear, recording):
    answer, _ = hear("bytes=999999999-")
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{Wave(recording).size_bytes}")


def test_what_a_head_says_is_true_and_nobody_has_listened(sign_in, call, recording):
    answer = sign_in("reviewer").head(url(call))
    assert (answer.status_code, answer["Content-Length"]) == (200, str(Wave(recording).size_bytes))
    assert not AccessEntry.objects.filter(kind="listen").exists()


def test_a_playback_is_one_row_however_often_its_player_asks(hear, call, monkeypatch):
    for header in ("bytes=0-", "bytes=32044-", "bytes=64044-"):
        hear(header)
    row = AccessEntry.objects.get()
    assert (row.kind, row.username, row.call_sid, row.stream_sid) == ("listen", "reviewer", "CA1", "MZ1")
    monkeypatch.setattr(entries, "SAME_ACCESS", timedelta(0))
    hear("bytes=0-")
    assert AccessEntry.objects.count() == 2


def test_who_listened_is_kept_when_the_call_and_the_person_go(hear, call):
    hear("bytes=0-1")
    row = AccessEntry.objects.get()
    row.user.delete()
    call.delete()
    assert AccessEntry.objects.get().username == "reviewer"


@pytest.mark.parametrize("group", MAY_NOT_HEAR)
def test_who_may_not_listen_has_no_player_and_gets_nothing(sign_in, call, group):
    client = sign_in(group)
    assert client.get(url(call)).status_code == 403
    shown = page(client, call)
    assert "<audio" not in shown
    assert 'class="play"' not in shown
    assert not AccessEntry.objects.filter(kind="listen").exists()


@pytest.mark.parametrize("group", HEAR)
def test_who_may_listen_has_a_player_and_a_button_at_every_turn(sign_in, call, group):
    shown = page(sign_in(group), call)
    assert re.findall(r'<audio[^>]* src="([^"]+)"', shown) == [url(call)]
    # 100 ms before the turn, which began 860 ms into the recording, to 300 ms behind it.
    buttons = re.findall(r'data-stream="stream-1" data-from="([\d.]+)" data-to="([\d.]+)"', shown)
    assert buttons == [("0.76", "2.06"), ("2.76", "4.06")]


def test_who_is_not_logged_in_is_asked_to_be(client, call):
    assert "/login/" in client.get(url(call))["Location"]


@pytest.mark.parametrize(
    "path",
    [
        "recordings/20261125/gone.vrec",
        "",
        None,
        "../outside.vrec",
        "recordings/../../outside.vrec",
        "/etc/hostname",
        "recordings/20261125/other.txt",
        "recordings/\0",
    ],
)
def test_where_there_is_no_recording_the_answer_and_the_page_say_so(sign_in, call, recording, settings, path):
    outside = settings.VAR_DIR.parent / "outside.vrec"
    outside.write_bytes(recording.read_bytes())
    (recording.parent / "other.txt").write_text("none")
    if path is None:
        del call.streams["MZ1"]["recording"]
    else:
        call.streams["MZ1"]["recording"] = str(outside) if path.startswith("/") else path
    call.save()
    client = sign_in("reviewer")
    answer = client.get(url(call))
    assert answer.status_code == 404
    why = "היא פגומה" if path == "recordings/20261125/other.txt" else "אין הקלטה"
    assert why in answer.content.decode()
    shown = page(client, call)
    assert why in shown
    assert "<audio" not in shown
    assert 'class="play"' not in shown
    assert not AccessEntry.objects.filter(kind="listen").exists()


@pytest.mark.parametrize("number", [0, 2, 99])
def test_a_stream_that_the_call_does_not_have_is_not_found(sign_in, call, number):
    assert sign_in("reviewer").get(url(call, number)).status_code == 404


def test_a_call_that_never_was_heard_says_that_there_is_no_recording(sign_in):
    assert "אין הקלטה" in page(sign_in("reviewer"), Call.objects.create(call_sid="CAbusy", status="busy"))


def test_what_is_still_recorded_is_heard_when_it_is_over(sign_in, call):
    del call.streams["MZ1"]["ended_at"]
    call.save()
    client = sign_in("reviewer")
    assert client.get(url(call)).status_code == 404
    assert "עדיין מוקלטת" in page(client, call)
    call.streams["MZ1"]["started_at"] = (timezone.now() - timedelta(days=2)).isoformat()
    call.save()
    assert "<audio" in page(client, call)  # its process died, and nobody closed it


def test_a_turn_of_the_second_stream_plays_there(sign_in, call, settings):
    second = settings.VAR_DIR / "recordings" / "20261125" / "CA1-MZ2.vrec"
    record(second, [(20_000 + 20 * i, frame) for i, frame in enumerate(frames(100))])
    later = timezone.now().isoformat()
    stream = {"recording": "recordings/20261125/CA1-MZ2.vrec", "started_at": later, "ended_at": later}
    call.streams["MZ2"] = stream
    call.save()
    Transcript.objects.create(call=call, number=10_001, started_ms=20_500, ended_ms=21_000, source="final")
    shown = page(sign_in("reviewer"), call)
    assert shown.count("<audio") == 2
    assert 'data-stream="stream-2" data-from="0.4" data-to="1.3"' in shown
    assert shown.count('data-stream="stream-1"') == 2


def test_a_turn_beyond_its_recording_has_no_button(sign_in, call):
    Transcript.objects.create(call=call, number=3, started_ms=60_000, ended_ms=61_000, source="final")
    assert page(sign_in("reviewer"), call).count('class="play"') == 2


def test_a_recording_whose_key_is_missing_says_so_and_the_rest_of_the_page_stands(sign_in, call, recording):
    recording.unlink()
    with under(OLD):
        record(recording, [(20 * i, frame) for i, frame in enumerate(frames(100))])
    client = sign_in("reviewer")
    for path in (url(call), reverse("review-peaks", args=[call.pk, 1])):
        answer = client.get(path)
        assert (answer.status_code, "חסר ב־STORAGE_KEYS" in answer.content.decode()) == (404, True)
    shown = page(client, call)
    assert "חסר ב־STORAGE_KEYS" in shown and "שתי פיצות" in shown and "<audio" not in shown


def test_a_damaged_second_is_silence_and_the_others_are_heard(hear, recording):
    _, whole = hear()
    data = bytearray(recording.read_bytes())
    data[len(data) // 2] ^= 1
    recording.write_bytes(data)
    _, heard = hear()
    silent = [at for at in range(44, len(whole), 16_000) if heard[at : at + 16_000] != whole[at : at + 16_000]]
    assert len(heard) == len(whole) and len(silent) == 1
    assert heard[silent[0] : silent[0] + 16_000] == ulaw_to_pcm(ULAW_SILENCE * 8000)


def test_the_page_says_where_a_recordings_end_is_missing(sign_in, call, recording):
    # The fixture's stream was never finished, as that of a process that was killed.
    said = "סוף ההקלטה חסר" in page(sign_in("reviewer"), call)
    assert said == (encrypted_by(recording) is not None)
    file = GrowingFile(recording)
    file.finish()
    file.close()
    assert "סוף ההקלטה חסר" not in page(sign_in("reviewer"), call)


def test_the_page_says_how_many_seconds_cannot_be_read(sign_in, call, recording):
    client = sign_in("reviewer")
    assert "שנייה אחת" not in page(client, call)
    data = bytearray(recording.read_bytes())
    data[len(data) // 2] ^= 1
    recording.write_bytes(data)
    assert "אי אפשר לקרוא שנייה אחת מההקלטה" in page(client, call)


def test_less_than_came_is_a_recording_without_its_end(sign_in, call):
    client = sign_in("reviewer")
    call.streams["MZ1"]["frames_received"] = 50 * (SECONDS + 3)
    call.save()
    assert "סוף ההקלטה חסר" in page(client, call)


def test_the_page_says_that_the_disk_did_not_take_all_of_a_recording(sign_in, call, recording):
    client = sign_in("reviewer")
    call.streams["MZ1"]["frames_received"] = 50 * (SECONDS + 3)
    call.save()
    event = call.events.create(number=10_900, at=timezone.now(), code="recording_unwritten")
    said = "הדיסק לא קלט את כולה"
    assert said not in page(client, call)  # another stream's
    event.number = 900
    event.save()
    shown = page(client, call)
    assert said in shown and "סוף ההקלטה חסר" not in shown and "<audio" in shown
    recording.unlink()
    assert "הדיסק לא קלט ממנה דבר" in page(client, call)


def test_a_file_that_took_nothing_is_not_called_damaged(sign_in, call, recording):
    recording.write_bytes(b"")
    shown = page(sign_in("reviewer"), call)
    assert "הדיסק לא קלט ממנה דבר" in shown and "פגומה" not in shown


def test_what_the_line_said_and_cannot_be_played_is_said(sign_in, call, recording):
    line_file(recording).write_bytes(b"no recording")
    assert "אי אפשר להשמיע את מה שהקו אמר" in page(sign_in("reviewer"), call)
