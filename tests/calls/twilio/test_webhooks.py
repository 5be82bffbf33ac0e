"""Twilio's doors: signatures, webhooks, tokens."""

import json
import time
import xml.etree.ElementTree as ElementTree
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from asgiref.sync import async_to_sync
from django.db import DatabaseError
from django.utils import timezone
from twilio.request_validator import RequestValidator

from calls.lines.line_settings import Fallback, LineSettings
from calls.lines.privacy import Notice
from calls.lines.settings_cache import LineCache
from calls.models import Call, ChangedHour, SupervisorAction
from calls.process.answerers import Answerers
from calls.process.services import services
from calls.reply.voices.registry import Voices
from calls.storage.line_hours import hour_of
from calls.storage.tombstones import bury
from calls.twilio import stream_tokens, webhooks
from calls.twilio.action_rows import STALE_S
from calls.twilio.signature import handshake_is_signed
from stt.tuning import Tuning
from tests.calls.reply.voices.toy import ToyVoices
from voiceapp.runtime import metrics

TOKEN = "12345"
URL = "https://voice.example.org"


@pytest.fixture(autouse=True)
def line(settings):
    settings.TWILIO_AUTH_TOKEN = TOKEN
    settings.PUBLIC_URL = URL


def post(client, path, token=TOKEN, headers=None, **form):
    form = {"CallSid": "CA1", "From": "+972501234567", "To": "+97235550100", **form}
    signature = RequestValidator(token).compute_signature(URL + path, form)
    headers = {"X-Twilio-Signature": signature, "X-Forwarded-Proto": "https", **(headers or {})}
    return client.post(path, form, headers=headers)


def test_voice_connects_the_calls_audio_to_our_socket(client, monkeypatch):
    monkeypatch.setattr(LineCache, "are_known", True)
    response = post(client, "/twilio/voice")
    assert response.status_code == 200
    connect = ElementTree.fromstring(response.content).find("Connect")
    assert connect.get("action") == URL + "/twilio/after"
    stream = connect.find("Stream")
    assert stream.get("url").startswith("wss://voice.example.org/ws/twilio/")
    assert "?" not in stream.get("url")
    assert stream_tokens.read(stream.get("url").rsplit("/", 1)[1]) == stream_tokens.StreamToken("CA1", "+97235550100")
    assert {p.get("name"): p.get("value") for p in stream} == {
        "from_number": "+972501234567",
        "to_number": "+97235550100",
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"From": "\u200e050-123-4567", "To": "03-5550100"}, ("+972501234567", "+97235550100")),
        (
            {"From": "Anonymous", "To": "SIP:sales@PBX.example.org;transport=tls"},
            ("Anonymous", "sip:sales@pbx.example.org"),
        ),
        ({"From": "client:Dana", "To": "whatsapp:+97235550100"}, ("client:Dana", "whatsapp:+97235550100")),
    ],
)
def test_the_calls_numbers_are_kept_in_one_form(client, sent, kept):
    stream = ElementTree.fromstring(post(client, "/twilio/voice", **sent).content).find("Connect/Stream")
    assert tuple(parameter.get("value") for parameter in stream) == kept
    assert stream_tokens.read(stream.get("url").rsplit("/", 1)[1]).to_number == kept[1]


def test_while_the_accounts_token_is_exchanged_either_signs(client, settings):
    """Twilio goes on signing by the old one until the new one is promoted."""
    settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_FALLBACKS = "new", [TOKEN]
    for token, status in ((TOKEN, 200), ("new", 200), ("another", 403), ("", 403)):
        assert post(client, "/twilio/voice", token=token).status_code == status
        signature = RequestValidator(token).compute_signature("wss://voice.example.org/ws/twilio/x", {})
        assert handshake_is_signed("/ws/twilio/x", signature) is (status == 200)
    settings.TWILIO_AUTH_TOKEN_FALLBACKS = []
    assert post(client, "/twilio/voice").status_code == 403


def test_a_call_that_is_over_ends(client):
    assert b"<Hangup" in post(client, "/twilio/after", CallStatus="completed").content


@pytest.mark.django_db
def test_a_lost_socket_gets_a_new_stream_of_the_same_call(client):
    Call.objects.create(call_sid="CA1", started_at=timezone.now() - timedelta(seconds=30))
    response = post(client, "/twilio/after", CallStatus="in-progress")
    connect = ElementTree.fromstring(response.content).find("Connect")
    assert connect.get("action") == URL + "/twilio/after?lost=1"
    said = stream_tokens.read(connect.find("Stream").get("url").rsplit("/", 1)[1])
    assert (said.call_sid, said.stream_index) == ("CA1", 1)
    assert 30_000 <= said.base_ms < 40_000


@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/after"])
@pytest.mark.django_db
def test_a_token_says_whose_call_it_opens(client, path):
    root = ElementTree.fromstring(post(client, path, AccountSid="AC7", CallStatus="in-progress").content)
    token = root.find("Connect/Stream").get("url").rsplit("/", 1)[1]
    assert stream_tokens.read(token).account_sid == "AC7"


def test_a_token_of_an_older_version_is_taken(monkeypatch):
    sign = stream_tokens.SteppedSigner.sign_object
    monkeypatch.setattr(
        stream_tokens.SteppedSigner,
        "sign_object",
        lambda signer, said: sign(signer, {key: said[key] for key in said if key != "a"}),
    )
    assert stream_tokens.read(stream_tokens.issue("CA1", account_sid="AC7")) == stream_tokens.StreamToken("CA1")


@pytest.mark.django_db
def test_a_stream_that_was_lost_before_its_row_was_written_is_followed_in_its_time(client, settings):
    settings.REDIS_URL = ""

    async def begin():
        await services().shared.began("CA1", "MZ1", int(time.time() * 1000) - 30_000)

    async_to_sync(begin)()
    root = ElementTree.fromstring(post(client, "/twilio/after", CallStatus="in-progress").content)
    said = stream_tokens.read(root.find("Connect/Stream").get("url").rsplit("/", 1)[1])
    assert 30_000 <= said.base_ms < 40_000


@pytest.mark.django_db
def test_what_we_ended_is_not_begun_again(client):
    Call.objects.create(call_sid="CA1", end_reason="too_long")
    assert b"<Hangup" in post(client, "/twilio/after", CallStatus="in-progress").content


def has(monkeypatch, line):
    """The line that is called has these settings."""
    monkeypatch.setattr(services().lines, "line", lambda number: line)
    monkeypatch.setattr(LineCache, "are_known", True)


def supervised(kind, outcome="done", number="", *, asked_s=1):
    SupervisorAction.objects.create(
        call_sid="CA1",
        kind=kind,
        outcome=outcome,
        number=number,
        asked_at=timezone.now() - timedelta(seconds=asked_s),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("outcome", ["asked", "done"])
def test_a_call_that_was_handed_over_stays_with_its_person(client, outcome):
    supervised("hand_over", outcome, "+97231111111")
    lost = metrics.SOCKETS_LOST._value.get()
    verbs = list(ElementTree.fromstring(post(client, "/twilio/after", CallStatus="in-progress").content))
    assert [(verb.tag, verb.text) for verb in verbs] == [("Dial", "+97231111111")]
    assert metrics.SOCKETS_LOST._value.get() == lost


@pytest.mark.django_db
def test_a_call_that_a_supervisor_ended_is_not_begun_again(client):
    supervised("end")
    assert b"<Hangup" in post(client, "/twilio/after", CallStatus="in-progress").content


@pytest.mark.django_db
@pytest.mark.parametrize(("outcome", "asked_s"), [("failed", 1), ("asked", STALE_S + 1)])
def test_a_hand_over_that_came_to_nothing_leaves_the_call_with_us(client, outcome, asked_s):
    supervised("hand_over", outcome, "+97231111111", asked_s=asked_s)
    assert b"<Stream" in post(client, "/twilio/after", CallStatus="in-progress").content


@pytest.fixture
def no_voice(monkeypatch):
    """A process that has none: Twilio says what must be said."""
    monkeypatch.setattr(services(), "answerers", Answerers(Voices([], None, None), None))


def test_a_greeting_is_the_streams_where_a_voice_can_say_it(client, monkeypatch):
    has(monkeypatch, LineSettings(Tuning(), greeting="שלום"))
    monkeypatch.setattr(services(), "answerers", Answerers(Voices([ToyVoices()], None, None), None))
    (connect,) = ElementTree.fromstring(post(client, "/twilio/voice").content)
    token = connect.find("Stream").get("url").rsplit("/", 1)[1]
    assert connect.tag == "Connect" and stream_tokens.read(token).greets


@pytest.mark.django_db
def test_a_call_whose_answers_failed_gets_the_lines_fallback(client, monkeypatch):
    has(monkeypatch, LineSettings(Tuning(), follow_number="+97231111111"))
    Call.objects.create(call_sid="CA1", end_reason="answer_failed")
    assert b"<Say" in post(client, "/twilio/after", CallStatus="in-progress").content


@pytest.mark.django_db
def test_a_call_that_said_goodbye_goes_to_what_follows(client, monkeypatch):
    has(monkeypatch, LineSettings(Tuning(), follow_number="+97231111111"))
    Call.objects.create(call_sid="CA1", end_reason="answered")
    assert b"<Dial>+97231111111</Dial>" in post(client, "/twilio/after", CallStatus="in-progress").content


@pytest.mark.django_db
def test_a_line_says_how_its_calls_begin_and_what_follows_them(client, monkeypatch, no_voice):
    line = LineSettings(Tuning(), greeting="שלום, מה שלומך?", follow_number="+97231111111")
    has(monkeypatch, line)
    verbs = list(ElementTree.fromstring(post(client, "/twilio/voice").content))
    assert [verb.tag for verb in verbs] == ["Say", "Connect"]
    assert verbs[0].text == "שלום, מה שלומך?"
    Call.objects.create(call_sid="CA1", end_reason="too_long")
    assert b"<Dial>+97231111111</Dial>" in post(client, "/twilio/after", CallStatus="in-progress").content
    assert b"<Hangup" in post(client, "/twilio/after", CallStatus="completed").content


@pytest.mark.parametrize(
    ("notice", "tag", "said"),
    [
        (Notice("השיחה מוקלטת"), "Say", "השיחה מוקלטת"),
        (Notice("השיחה מוקלטת", "https://example.org/notice.mp3"), "Play", "https://example.org/notice.mp3"),
    ],
)
def test_a_notice_is_said_to_its_end_before_anything_is_heard(client, monkeypatch, notice, tag, said):
    has(monkeypatch, LineSettings(Tuning(), greeting="שלום", notice=notice))
    monkeypatch.setattr(services(), "answerers", Answerers(Voices([ToyVoices()], None, None), None))
    told, connect = ElementTree.fromstring(post(client, "/twilio/voice").content)
    assert (told.tag, told.text, connect.tag) == (tag, said, "Connect")
    token = stream_tokens.read(connect.find("Stream").get("url").rsplit("/", 1)[1])
    assert (token.notified, token.notifies, token.greets) == (True, False, True)


@pytest.mark.django_db
def test_a_lost_stream_is_gone_on_with_without_the_notice(client, monkeypatch):
    has(monkeypatch, LineSettings(Tuning(), notice=Notice("השיחה מוקלטת")))
    (connect,) = ElementTree.fromstring(post(client, "/twilio/after", CallStatus="in-progress").content)
    assert connect.tag == "Connect"


def test_who_leaves_a_message_is_told_as_well(client, monkeypatch):
    fallback = Fallback("לא כעת", records=True)
    has(monkeypatch, LineSettings(Tuning(), fallback=fallback, notice=Notice("השיחה מוקלטת")))
    monkeypatch.setattr(services().admission, "draining", True)
    told = [verb.text for verb in ElementTree.fromstring(post(client, "/twilio/voice").content).findall("Say")]
    assert told == ["השיחה מוקלטת", "לא כעת"]


def test_the_greeting_of_a_line_that_is_not_known_yet_is_left_to_the_stream(client, monkeypatch):
    monkeypatch.setattr(LineCache, "are_known", False)
    (connect,) = ElementTree.fromstring(post(client, "/twilio/voice").content)
    token = connect.find("Stream").get("url").rsplit("/", 1)[1]
    assert stream_tokens.read(token).greets


def test_a_greeting_and_a_caller_that_are_no_xml_are_answered_all_the_same(client, monkeypatch, no_voice):
    line = LineSettings(Tuning(), greeting="של\x0bום", fallback=Fallback("לא\x1f היום", "", False))
    has(monkeypatch, line)
    response = ElementTree.fromstring(post(client, "/twilio/voice", From="anonymous\x0b\ufffe").content)
    assert response.find("Say").text == "שלום"
    assert response.find("Connect/Stream/Parameter[@name='from_number']").get("value") == "anonymous"
    monkeypatch.setattr(services().admission, "draining", True)
    assert ElementTree.fromstring(post(client, "/twilio/voice").content).find("Say").text == "לא היום"


@pytest.mark.django_db
def test_a_second_lost_socket_gets_what_the_line_has(client, monkeypatch):
    line = LineSettings(Tuning(), fallback=Fallback("אין מענה", number="+97231111111"))
    has(monkeypatch, line)
    response = ElementTree.fromstring(post(client, "/twilio/after?lost=1", CallStatus="in-progress").content)
    assert response.find("Say").text == "אין מענה"
    assert response.find("Dial").text == "+97231111111"


@pytest.mark.parametrize("refusal", ["draining", "full"])
def test_voice_always_answers_and_says_so_in_hebrew_where_it_cannot_hear(client, monkeypatch, settings, refusal):
    if refusal == "draining":
        monkeypatch.setattr(services().admission, "draining", True)
    else:
        settings.MAX_CALLS = 0
    response = post(client, "/twilio/voice")
    assert response.status_code == 200
    root = ElementTree.fromstring(response.content)
    assert "מצטערים" in root.find("Say").text
    assert root.find("Hangup") is not None


@pytest.mark.django_db
def test_at_full_house_a_lost_stream_takes_no_place_from_its_own_call(client, monkeypatch, settings):
    settings.MAX_CALLS = 1
    for of_call, offered in (("CA1", b"<Stream"), ("CA2", b"<Say")):
        monkeypatch.setattr(services().admission, "_calls", [SimpleNamespace(call_sid=of_call)])
        assert offered in post(client, "/twilio/after", CallStatus="in-progress").content


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/after"])
def test_a_balancer_is_told_to_ask_another_process(client, monkeypatch, path):
    monkeypatch.setattr(services().admission, "draining", True)
    asked = post(client, path, headers={"X-Another-Process": "asked"})
    assert (asked.status_code, asked.content) == (503, b"draining")


@pytest.mark.django_db
def test_a_balancer_cannot_mend_a_call_that_lost_two_sockets(client, monkeypatch):
    monkeypatch.setattr(services().admission, "draining", True)
    assert post(client, "/twilio/after?lost=1", headers={"X-Another-Process": "asked"}).status_code == 200


def test_a_line_can_take_a_message(client, monkeypatch):
    monkeypatch.setattr(services().admission, "draining", True)
    line = LineSettings(Tuning(), fallback=Fallback(records=True))
    has(monkeypatch, line)
    assert ElementTree.fromstring(post(client, "/twilio/voice").content).find("Record") is not None


@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/after", "/twilio/status", "/twilio/stream"])
def test_a_forged_request_is_refused(client, path):
    assert post(client, path, token="other").status_code == 403
    assert client.post(path, {"CallSid": "CA1"}).status_code == 403
    assert client.get(path).status_code == 405


def test_a_request_without_a_call_has_a_code(client):
    response = post(client, "/twilio/voice", CallSid="")
    assert (response.status_code, response.content) == (400, b"missing_call_sid")


@pytest.mark.parametrize("sid", ["CA\0", "CA1/..", "x" * 65, "שיחה"])
@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/after", "/twilio/status", "/twilio/stream"])
def test_a_call_sid_that_cannot_be_has_a_code(client, path, sid):
    response = post(client, path, CallSid=sid, CallStatus="completed")
    assert (response.status_code, response.content) == (400, b"bad_call_sid")


def test_a_lines_address_is_cut_and_cleaned_to_its_column(client):
    to_number = f"sip:{'b' * 46}@pbx\0.example.org;transport=tls;x"
    response = post(client, "/twilio/voice", To=to_number)
    url = ElementTree.fromstring(response.content).find("Connect/Stream").get("url")
    assert stream_tokens.read(url.rsplit("/", 1)[1]).to_number == to_number.replace("\0", "")[:64]


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["²", "①", "٣٣", "-1", "9" * 400])
def test_a_number_that_is_none_is_passed_over(client, number):
    assert post(client, f"/twilio/after?lost={quote(number)}", CallStatus="in-progress").status_code == 200
    assert post(client, "/twilio/status", CallStatus="completed", CallDuration=number).status_code == 204
    assert Call.objects.values_list("status", "twilio_duration_s").get() == ("completed", None)


def test_voice_answers_without_a_database(client, monkeypatch):
    monkeypatch.setattr(webhooks.Call.objects, "get_or_create", _away)
    assert post(client, "/twilio/voice").status_code == 200


def _away(**_):
    raise DatabaseError("away")


@pytest.mark.django_db
def test_a_status_never_goes_back(client):
    for said, kept in (("ringing", "ringing"), ("completed", "completed"), ("in-progress", "completed")):
        assert post(client, "/twilio/status", CallStatus=said, CallDuration="7").status_code == 204
        assert Call.objects.get().status == kept
    assert Call.objects.get().twilio_duration_s == 7


@pytest.mark.django_db
def test_a_late_status_makes_no_row_of_a_forgotten_call(client):
    bury("", {"CA1"}, timezone.now())
    assert post(client, "/twilio/status", CallStatus="completed", CallDuration="7").status_code == 204
    assert not Call.objects.exists()


@pytest.mark.django_db
def test_a_duration_is_counted_again(client):
    """Its line's hour has changed; a call that was never heard is of no hour."""
    assert post(client, "/twilio/status", CallStatus="completed", CallDuration="7").status_code == 204
    assert not ChangedHour.objects.exists()
    Call.objects.update(started_at=timezone.now())
    assert post(client, "/twilio/status", CallStatus="completed", CallDuration="61").status_code == 204
    assert [one.hour for one in ChangedHour.objects.all()] == [hour_of(Call.objects.get().started_at)]


@pytest.mark.django_db
def test_a_status_that_is_none_is_passed_over(client):
    assert post(client, "/twilio/status", CallStatus="dreaming").status_code == 204
    assert not Call.objects.exists()


def test_the_handshake_is_signed_over_the_public_wss_address():
    signature = RequestValidator(TOKEN).compute_signature("wss://voice.example.org/ws/twilio/t", {})
    assert handshake_is_signed("/ws/twilio/t", signature)
    assert not handshake_is_signed("/ws/twilio/t/", signature)
    assert not handshake_is_signed("/ws/twilio/t", "")


def test_signatures_as_twilio_computes_them(clips, settings):
    vectors = json.loads((Path(clips).parent / "twilio" / "signature_vectors.json").read_text())
    settings.PUBLIC_URL = "https://mycompany.com"
    cases = [
        c for c in vectors["wss_cases_computed_by_twilio_python_9_13_0"] if c["url"].startswith("wss://mycompany.com/")
    ]
    assert cases
    for case in cases:
        assert handshake_is_signed(case["url"].removeprefix("wss://mycompany.com"), case["signature"])


def test_a_forged_or_old_token_opens_nothing(monkeypatch):
    with pytest.raises(stream_tokens.TokenError, match="forged"):
        stream_tokens.read("nonsense")
    token = stream_tokens.issue("CA1")
    with pytest.raises(stream_tokens.TokenError, match="forged"):
        stream_tokens.read(token[:-2] + "xx")
    monkeypatch.setattr(stream_tokens, "VALID_S", -1 - stream_tokens.STEP_S)
    with pytest.raises(stream_tokens.TokenError, match="expired"):
        stream_tokens.read(token)


def test_a_webhook_that_is_replayed_gets_the_same_token(client, monkeypatch):
    monkeypatch.setattr(stream_tokens.time, "time", lambda: 1_800_000_000.0)
    first, again = (post(client, "/twilio/voice").content for _ in range(2))
    assert first == again
    assert post(client, "/twilio/voice", CallSid="CA2").content != first
    monkeypatch.setattr(stream_tokens.time, "time", lambda: 1_800_000_000.0 + stream_tokens.STEP_S)
    assert post(client, "/twilio/voice").content != first


def test_a_token_is_valid_for_a_minute_at_least(monkeypatch):
    for asked_s in (1_800_000_000.0, 1_800_000_000.0 + stream_tokens.STEP_S - 1):
        monkeypatch.setattr(stream_tokens.time, "time", lambda asked_s=asked_s: asked_s)
        token = stream_tokens.issue("CA1")
        monkeypatch.setattr(stream_tokens.time, "time", lambda asked_s=asked_s: asked_s + stream_tokens.VALID_S)
        assert stream_tokens.read(token).call_sid == "CA1"


@pytest.mark.django_db(transaction=True)
async def test_a_token_is_spent_once(settings):
    settings.REDIS_URL = ""
    token = stream_tokens.issue("CA1")
    assert await stream_tokens.spend(token) is stream_tokens.SpendPlace.DATABASE
    with pytest.raises(stream_tokens.TokenError, match="spent"):
        await stream_tokens.spend(token)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "localhost:6379", "redis://127.0.0.1:abc/0"])
async def test_without_redis_and_database_a_token_is_spent_in_the_process(settings, monkeypatch, url):
    settings.REDIS_URL = url

    def away(_):
        raise DatabaseError("away")

    monkeypatch.setattr(stream_tokens, "_insert", away)
    monkeypatch.setattr(stream_tokens, "_database_away_until_s", 0.0)
    token = stream_tokens.issue(f"CA{url}")
    assert await stream_tokens.spend(token) is stream_tokens.SpendPlace.PROCESS
    with pytest.raises(stream_tokens.TokenError, match="spent"):
        await stream_tokens.spend(token)


@pytest.mark.django_db
@pytest.mark.parametrize("odd", ["²", "٣", "-1", "1e3", "9" * 30, "\0", ""])
def test_a_count_that_is_no_number_of_twilios_is_passed_over(client, odd):
    assert post(client, "/twilio/status", CallStatus="completed", CallDuration=odd).status_code == 204
    assert Call.objects.get(call_sid="CA1").twilio_duration_s is None
    answer = post(client, f"/twilio/after?lost={quote(odd)}", CallSid="CA2", CallStatus="in-progress")
    assert answer.status_code == (400 if odd == "\0" else 200)
