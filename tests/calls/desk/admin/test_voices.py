"""Spoken texts in the admin: heard, checked by the line's voice, and rendered after a save."""

import json
import re

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import translation

from calls.desk.admin.hearing import WHY_SILENT
from calls.lines.settings_cache import first_profile
from calls.models import Dialogue, PhoneLine
from calls.process.checks import UNSAID, UNSPOKEN, check_spoken_answers
from calls.process.services import Services, services, using
from calls.reply.phrases import PhraseCache
from calls.reply.voice import VoiceError
from calls.reply.voices.espeak import EspeakVoices
from calls.reply.voices.google import GoogleVoices
from calls.reply.voices.recorded import Prompts
from calls.reply.voices.registry import Voices
from stt.models import TuningProfile
from stt.tuning import Tuning
from stt.wavfile import to_ulaw
from tests.calls.reply.dialogues import SMALL
from tests.calls.reply.voices.toy import LETTER_BYTES, ToyVoices
from tests.paths import SAMPLES
from tests.rows import ANSWERING

pytestmark = pytest.mark.django_db
BOOKING = (SAMPLES / "dialogues" / "booking.yaml").read_text("utf-8")
PEOPLE = {"people-TOTAL_FORMS": "0", "people-INITIAL_FORMS": "0"}


class Pointed(ToyVoices):
    """Says what espeak can say, on any machine."""

    name, check = "espeak", EspeakVoices.check


def having(tmp_path, *families):
    return using(Services(voices=Voices(families, PhraseCache(tmp_path / "phrases", 1), Prompts())))


@pytest.fixture
def voices(tmp_path):
    with having(tmp_path, ToyVoices(), Pointed()):
        yield services().voices


@pytest.fixture
def begun(monkeypatch):
    """Renderings that were begun, in place of their threads."""
    found = []
    monkeypatch.setattr(services().rendering, "begin", lambda *args, **more: found.append((*args, more["answers"])))
    return found


def member(client, group):
    user = User.objects.create_user(group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client


@pytest.fixture
def tuner(client):
    return member(client, "tuner")


@pytest.fixture
def line():
    line = PhoneLine.objects.create(number="+97231234567", name="קו", profile=first_profile(Tuning()))
    line.people.create(name="דנה", number="+97235550101")  # whom the samples' dialogues hand calls over to
    return line


def saved(client, line, **values):
    """The page that follows."""
    sent = {"name": line.name, "number": line.number, "profile": line.profile_id, **ANSWERING, **PEOPLE, **values}
    return client.post(reverse("admin:calls_phoneline_change", args=[line.pk]), sent, follow=True).content.decode()


def heard(client, text, voice=""):
    return client.post(reverse("desk-hear"), {"text": text, "voice": voice})


def test_a_text_is_heard_as_a_caller_would(tuner, voices):
    answer = heard(tuner, "שלום!", "toy:he")
    assert (answer.status_code, answer["Content-Type"]) == (200, "audio/wav")
    assert answer["Cache-Control"] == "private, no-store"
    assert len(to_ulaw(answer.content)) == 4 * LETTER_BYTES
    assert voices.phrases.size()[0] == 1


@pytest.mark.parametrize(
    ("text", "voice", "status", "code"),
    [
        ("...", "", 422, "text_unspeakable"),
        ("א" * 2001, "", 413, "text_too_long"),
        ("שלום", "nobody:he", 503, "voice_raised"),
    ],
)
def test_what_cannot_be_heard_is_told_with_a_code(tuner, voices, text, voice, status, code):
    answer = heard(tuner, text, voice)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    with translation.override("he"):
        assert answer.json()["message"] == str(WHY_SILENT[code][1])


def test_words_that_need_points_are_named_in_the_pages_language(tuner, tmp_path):
    with having(tmp_path, Pointed(VoiceError("text_unspeakable", "no"))):
        said = heard(tuner, "שָׁלוֹם לכולם, 5 תורים").json()["message"]
    assert said == "הקול אינו יכול להקריא את המילים האלה בלי ניקוד: לכולם, תורים."


@pytest.mark.parametrize("code", ["voice_busy", "voice_slow", "voice_quota", "voice_empty"])
def test_every_failure_has_its_sentence(tuner, voices, monkeypatch, code):
    def failed(*_):
        raise VoiceError(code)

    monkeypatch.setattr(services().rendering, "sound", failed)
    answer = heard(tuner, "שלום")
    with translation.override("he"):
        assert (answer.status_code, answer.json()["message"]) == (WHY_SILENT[code][0], str(WHY_SILENT[code][1]))


def test_who_may_change_no_text_makes_no_sound(client, voices, line):
    assert heard(client, "שלום").status_code == 302
    member(client, "reviewer")
    assert heard(client, "שלום").status_code == 403
    page = client.get(reverse("admin:calls_phoneline_change", args=[line.pk])).content.decode()
    assert "data-hear" not in page
    assert member(client, "tuner").get(reverse("desk-hear")).status_code == 405


def test_a_line_offers_this_servers_voices_and_keeps_one_that_is_elsewhere(tuner, voices, line):
    PhoneLine.objects.update(voice="away:he")
    page = tuner.get(reverse("admin:calls_phoneline_change", args=[line.pk])).content.decode()
    for name in ("toy:he", "espeak:he", "away:he"):
        assert f'<option value="{name}"' in page
    assert '<option value="away:he" selected>' in page
    assert "data-hear-voice" in page
    assert page.count("data-text=") == len(Prompts().all)
    saved(tuner, line, voice="away:he", greeting="שלום")
    line.refresh_from_db()
    assert (line.voice, line.greeting) == ("away:he", "שלום")
    assert "errornote" in saved(tuner, line, voice="nobody:he")


def test_a_greeting_that_the_voice_cannot_say_is_refused_with_its_words(tuner, voices, line):
    page = saved(tuner, line, voice="espeak:he", greeting="שָׁלוֹם לכולם")
    assert "הקול אינו יכול להקריא את המילים האלה בלי ניקוד: לכולם." in page
    assert saved(tuner, line, voice="toy:he", greeting="שָׁלוֹם לכולם").count("errornote") == 0
    assert PhoneLine.objects.get().voice == "toy:he"


@pytest.mark.parametrize("field", ["greeting", "fallback_sentence"])
def test_a_sentence_of_which_nothing_can_be_spoken_is_refused(tuner, voices, line, field):
    for text in ("🙂🙂", "**", "…", "<b></b>"):
        assert "אי אפשר להקריא" in saved(tuner, line, voice="toy:he", **{field: text})
    assert getattr(PhoneLine.objects.get(), field) == ""


def test_a_voice_that_is_emulated_here_is_offered_as_one(tuner, tmp_path, line):
    def offered(**google):
        with having(tmp_path, GoogleVoices(**google)):
            page = tuner.get(reverse("admin:calls_phoneline_change", args=[line.pk])).content.decode()
        return re.findall(r'<option value="(?:google:he-IL-Chirp3-HD-Aoede)?"[^>]*>([^<]*Aoede[^<]*)</option>', page)

    name = "\u2066google:he-IL-Chirp3-HD-Aoede\u2069"
    assert offered(has_credentials=True) == [f"ברירת המחדל בשרת: {name}", name, name]
    assert offered(emulator="127.0.0.1:9") == [
        *(f"ברירת המחדל בשרת: {name} (הדמיה)", f"{name} (הדמיה)", f"{name} (הדמיה)"),
    ]


def test_a_new_line_has_the_default_profile(admin_client, voices):
    TuningProfile.objects.create(name="another")
    default = TuningProfile.objects.create(name="default", is_default=True)
    page = admin_client.get(reverse("admin:calls_phoneline_add")).content.decode()
    assert f'<option value="{default.pk}" selected>' in page


def test_the_servers_first_voice_is_the_one_that_is_asked(tuner, tmp_path, line):
    with having(tmp_path, Pointed()):
        assert "בלי ניקוד: שלום" in saved(tuner, line, greeting="שלום")
    with having(tmp_path):
        assert "errornote" not in saved(tuner, line, greeting="שלום")


def test_a_line_from_before_can_be_changed_elsewhere(tuner, voices, line):
    """A number that callers are sent to is not held up by a greeting that was there."""
    PhoneLine.objects.update(voice="espeak:he", greeting="שלום")
    assert "errornote" not in saved(tuner, line, voice="espeak:he", greeting="שלום", monthly_ceiling="9")


def test_a_dialogue_that_the_lines_voice_cannot_say_is_refused(tuner, voices, line):
    small = Dialogue.objects.create(name="קטן", text=SMALL)
    page = saved(tuner, line, voice="espeak:he", responder="scripted", dialogue=small.pk)
    assert "בלי ניקוד: איזה, צבע, אדום, או, כחול" in page
    booking = Dialogue.objects.create(name="תור", text=BOOKING)
    assert "errornote" not in saved(tuner, line, voice="espeak:he", responder="scripted", dialogue=booking.pk)
    address = reverse("admin:calls_dialogue_change", args=[booking.pk])
    page = tuner.post(address, {"name": "תור", "text": SMALL, "seen": 1}).content.decode()
    assert "בלי ניקוד: איזה, צבע" in page
    assert Dialogue.objects.get(pk=booking.pk).text == BOOKING


def test_a_save_renders_what_the_line_always_says(tuner, voices, line, begun, django_capture_on_commit_callbacks):
    booking = Dialogue.objects.create(name="תור", text=SMALL)
    with django_capture_on_commit_callbacks(execute=True):
        saved(tuner, line, voice="toy:he", greeting="שלום")
    assert begun.pop() == (line.pk, "toy:he", ["שלום"], False)
    with django_capture_on_commit_callbacks(execute=True):
        saved(tuner, line, voice="toy:he", responder="scripted", dialogue=booking.pk)
    pk, _, texts, answers = begun.pop()
    assert (pk, answers) == (line.pk, True)
    assert "איזה צבע?" in texts
    assert "{phone}, נכון?" not in texts
    with django_capture_on_commit_callbacks(execute=True):
        address = reverse("admin:calls_dialogue_change", args=[booking.pk])
        tuner.post(address, {"name": "תור", "text": BOOKING, "seen": 1})
    assert [one[0] for one in begun] == [line.pk]


def test_nothing_is_rendered_where_there_is_no_voice_or_no_word(
    tuner, tmp_path, line, django_capture_on_commit_callbacks
):
    with having(tmp_path), django_capture_on_commit_callbacks(execute=True):
        services().rendering.begin = None
        saved(tuner, line, greeting="שלום")
    with having(tmp_path, ToyVoices()), django_capture_on_commit_callbacks(execute=True):
        services().rendering.begin = None
        saved(tuner, line, greeting="")


def test_what_could_not_be_rendered_is_a_warning_when_the_line_is_opened(tuner, voices, line):
    failed = {"שלום": VoiceError("voice_quota", "no more")}
    services().rendering.failed = {line.pk: failed}.get
    page = tuner.get(reverse("admin:calls_phoneline_change", args=[line.pk])).content.decode()
    assert '<li class="warning">קו: משפט אחד לא הוכן מראש בקול של הקו (\u2066voice_quota\u2069): „שלום”</li>' in page


def test_a_dialogues_texts_can_be_heard_with_the_values_of_its_examples(tuner, voices, line):
    booking = Dialogue.objects.create(name="תור", text=BOOKING)
    PhoneLine.objects.update(responder="scripted", dialogue=booking, voice="espeak:he")
    page = tuner.get(reverse("admin:calls_dialogue_change", args=[booking.pk])).content.decode()
    assert '<option value="espeak:he" selected>' in page
    assert "steps.confirm.say" in page
    played = [part.split('"')[0] for part in page.split('data-text="')[1:]]
    assert len(played) > 15
    assert not any("{" in text for text in played)
    assert (
        "data-hear-voice"
        not in member(tuner, "reviewer").get(reverse("admin:calls_dialogue_change", args=[booking.pk])).content.decode()
    )


def test_the_errors_are_json_that_a_script_reads(tuner, voices):
    assert set(json.loads(heard(tuner, "!").content)) == {"code", "message", "detail"}


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        ({"responder": "repeat", "voice": "espeak:he"}, True),
        ({"responder": "repeat", "voice": "espeak:he", "voice_fallback": "toy:he"}, False),
        ({"responder": "repeat", "voice": "toy:he"}, False),
        ({"responder": "silent", "voice": "espeak:he"}, False),
    ],
)
def test_a_line_that_can_only_apologise_is_warned_of_when_it_is_saved_and_opened(tuner, voices, line, values, warned):
    told = "הוא יוכל רק להתנצל"
    assert (told in saved(tuner, line, **values)) == warned
    page = tuner.get(reverse("admin:calls_phoneline_change", args=[line.pk])).content.decode()
    assert (told in page) == warned
    found = [one.id for one in check_spoken_answers(databases=["default"])]
    assert found == [UNSAID] * warned and check_spoken_answers(databases=None) == []


@pytest.mark.parametrize("responder", ["repeat", "scripted"])
def test_a_line_that_answers_on_a_server_without_a_voice_is_warned_of_with_what_to_set(
    tuner, tmp_path, line, responder
):
    told = "בשרת הזה אין קול"
    address = reverse("admin:calls_phoneline_change", args=[line.pk])
    booking = Dialogue.objects.create(name="תור", text=BOOKING)
    with having(tmp_path):
        assert told not in saved(tuner, line)
        page = saved(tuner, line, responder=responder, dialogue=booking.pk)
        assert PhoneLine.objects.get().responder == responder
        assert page.count(told) == 1 and "TTS_EMULATOR_HOST" in page and "רק להתנצל" not in page
        assert told in tuner.get(address).content.decode()
        assert [one.id for one in check_spoken_answers(databases=["default"])] == [UNSPOKEN]
    with having(tmp_path, Pointed()):
        assert told not in tuner.get(address).content.decode()


def test_a_line_whose_voices_this_server_lacks_is_told_to_choose_another(tuner, voices, line):
    PhoneLine.objects.update(responder="scripted", voice="gone:he")
    told = "אף אחד מהקולות של הקו"
    assert told in tuner.get(reverse("admin:calls_phoneline_change", args=[line.pk])).content.decode()
    PhoneLine.objects.update(voice_fallback="espeak:he")
    assert told not in tuner.get(reverse("admin:calls_phoneline_change", args=[line.pk])).content.decode()
