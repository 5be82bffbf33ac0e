"""Dialogues in the admin, and a line that answers with one."""

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from calls.desk.admin import first_dialogue
from calls.lines.settings_cache import first_profile
from calls.models import Dialogue, PhoneLine
from stt.tuning import Tuning
from tests.calls.reply.dialogues import SMALL
from tests.paths import SAMPLES
from tests.rows import ANSWERING

pytestmark = pytest.mark.django_db
BOOKING = (SAMPLES / "dialogues" / "booking.yaml").read_text("utf-8")
ADD, LIST = "admin:calls_dialogue_add", "admin:calls_dialogue_changelist"


@pytest.fixture
def tuner(client):
    user = User.objects.create_user("tuner", is_staff=True)
    user.groups.add(Group.objects.get(name="tuner"))
    client.force_login(user)
    return client


@pytest.fixture
def english(settings):
    settings.LANGUAGE_CODE = "en"


def save(client, address, **values):
    answer = client.post(address, {"name": "תור", "text": BOOKING, **values}, follow=True)
    return answer.content.decode()


def test_a_tuner_saves_a_dialogue_and_sees_its_examples(tuner):
    page = save(tuner, reverse(ADD))
    dialogue = Dialogue.objects.get()
    assert "דוגמאות: 7 מתוך 7 עוברות." in page
    assert dialogue.history.get().history_user.username == "tuner"
    assert "7 מתוך 7 עוברות" in tuner.get(reverse(LIST)).content.decode()
    page = tuner.get(reverse("admin:calls_dialogue_change", args=[dialogue.pk])).content.decode()
    assert page.count("✓") == 7
    assert 'dir="ltr" class="dialogue"' in page


def test_a_new_one_begins_as_a_small_whole_dialogue_whose_examples_pass(tuner):
    shown = tuner.get(reverse(ADD)).context["adminform"].form
    text = shown["text"].value()
    assert text == first_dialogue.TEXT and "תסריט קטן ושלם" in str(shown["text"].help_text)
    assert "דוגמאות: 1 מתוך 1 עוברות." in save(tuner, reverse(ADD), text=text)
    dialogue = Dialogue.objects.get()
    opened = tuner.get(reverse("admin:calls_dialogue_change", args=[dialogue.pk])).context["adminform"].form
    assert opened["text"].value() == dialogue.text


def test_what_differs_is_shown_with_its_place(tuner):
    text = BOOKING.replace('price: "120"', 'price: "<b>"')
    page = save(tuner, reverse(ADD), text=text)
    assert "דוגמאות: 5 מתוך 7 עוברות." in page
    dialogue = Dialogue.objects.get()
    page = tuner.get(reverse("admin:calls_dialogue_change", args=[dialogue.pk])).content.decode()
    assert '<bdi dir="ltr">examples.0.saved.price</bdi> התקבל „120”, ולא „&lt;b&gt;”' in page


def test_a_fault_is_shown_with_its_path_and_nothing_is_saved(tuner):
    page = save(tuner, reverse(ADD), text=SMALL.replace("match: confirm", "match: nowhere"))
    assert "\u2066steps.phone.match\u2069: אין שלב nowhere" in page
    assert not Dialogue.objects.exists()


def test_who_saves_an_older_revision_is_told(tuner):
    dialogue = Dialogue.objects.create(name="תור", text=SMALL)
    address = reverse("admin:calls_dialogue_change", args=[dialogue.pk])
    dialogue.text = BOOKING
    dialogue.save()
    assert "מישהו אחר שינה בינתיים את התסריט" in save(tuner, address, text=SMALL, seen=1)
    assert Dialogue.objects.get().text == BOOKING


@pytest.mark.parametrize("person", ["", "רון", "דנה"])
def test_a_line_lists_whom_its_dialogue_hands_calls_over_to(admin_client, person):
    dialogue = Dialogue.objects.create(name="תור", text=BOOKING)
    line = PhoneLine.objects.create(number="+97231234567", name="קו", profile=first_profile(Tuning()))
    values = {
        "name": "קו",
        "number": line.number,
        "profile": line.profile_id,
        **ANSWERING,
        "responder": "scripted",
        "dialogue": dialogue.pk,
        "people-TOTAL_FORMS": "1",
        "people-INITIAL_FORMS": "0",
        "people-0-name": person,
        "people-0-number": person and "03-5550101",
    }
    address = reverse("admin:calls_phoneline_change", args=[line.pk])
    page = admin_client.post(address, values, follow=True).content.decode()
    told = "\u2066steps.person.next\u2069: ברשימת אנשי הקשר של הקו אין דנה"
    assert (told in page) == (person != "דנה")
    line.refresh_from_db()
    assert line.responder == ("scripted" if person == "דנה" else "silent")


def test_a_line_from_before_that_lists_nobody_can_be_changed_elsewhere(tuner):
    line = PhoneLine.objects.create(
        number="+97231234567",
        name="קו",
        profile=first_profile(Tuning()),
        responder="scripted",
        dialogue=Dialogue.objects.create(name="תור", text=BOOKING),
    )
    values = {"name": "אחר", "number": line.number, "profile": line.profile_id, **ANSWERING, "responder": "scripted"}
    values |= {"dialogue": line.dialogue_id, "people-TOTAL_FORMS": "0", "people-INITIAL_FORMS": "0"}
    tuner.post(reverse("admin:calls_phoneline_change", args=[line.pk]), values)
    line.refresh_from_db()
    assert line.name == "אחר"
