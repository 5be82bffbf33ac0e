"""A profile's form is tried on calls before anything is saved."""

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from calls.models import Call
from stt.models import TuningProfile
from tests.calls.whatif.test_comparison import kept_call  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def tuner(client):
    user = User.objects.create_user("tuner", is_staff=True)
    user.groups.add(Group.objects.get(name="tuner"))
    client.force_login(user)
    return client


@pytest.fixture
def profile():
    return TuningProfile.objects.create(name="quick")


def send(client, profile, **changes):
    values = {**profile.settings(), "name": profile.name, "seen": profile.revision, **changes}
    on = {name: "on" for name, value in values.items() if value is True}
    off = {name for name, value in values.items() if value is False}
    sent = {name: value for name, value in {**values, **on}.items() if name not in off}
    return client.post(reverse("desk-try", args=[profile.pk]), sent)


def test_unsaved_values_are_tried_on_a_call_and_nothing_is_saved(tuner, profile, kept_call):  # noqa: F811
    answer = send(tuner, profile, settle_ms=0, stt_timeout_ms=150)
    assert answer["Location"] == f"{reverse('desk-call', args=[kept_call.call_sid])}?profile=tried"
    page = tuner.get(answer["Location"])
    said = page.content.decode()
    assert page.context["chosen"].stt_timeout_ms == 150
    assert '<tr class="changed">' in said and "הערכים האלה לא נשמרו" in said
    assert (page.context["chosen"].pk, TuningProfile.objects.get().stt_timeout_ms) == (None, profile.stt_timeout_ms)
    assert TuningProfile.objects.get().revision == profile.revision and profile.history.count() == 1
    # The profiles as they are saved stand beside them.
    saved = tuner.get(reverse("desk-call", args=[kept_call.call_sid]), {"profile": profile.pk}).content.decode()
    assert '<tr class="changed">' not in saved and "quick, ערכים שלא נשמרו" in saved


def test_what_the_form_refuses_it_says_itself(tuner, profile, kept_call):  # noqa: F811
    answer = send(tuner, profile, vad_hangover_ms=5)
    said = answer.content.decode()
    assert answer.status_code == 200 and "errorlist" in said
    assert f'action="{reverse("admin:stt_tuningprofile_change", args=[profile.pk])}"' in said
    assert 'value="5"' in said
    assert "tried" not in tuner.get(reverse("desk-call", args=[kept_call.call_sid])).content.decode()


def test_without_a_call_that_can_be_heard_again_that_is_said(tuner, profile):
    Call.objects.create(call_sid="CA1", started_at="2026-11-25T10:00:00Z", ended_at="2026-11-25T10:00:00Z")
    assert "אין שיחה שאפשר לנתח מחדש" in send(tuner, profile).content.decode()


def test_of_a_profiles_own_calls_the_newest_is_taken(tuner, profile, kept_call):  # noqa: F811
    own = Call.objects.create(
        call_sid="CAown", started_at="2026-11-24T10:00:00Z", ended_at="2026-11-24T10:00:00Z",
        streams=kept_call.streams, tuning=kept_call.tuning, tuning_profile=profile.pk, tuning_revision=profile.revision,
    )  # fmt: skip
    assert f"/{own.call_sid}/" in send(tuner, profile)["Location"]


def test_the_form_offers_it_to_who_may_tune_and_read(tuner, profile):
    address = reverse("admin:stt_tuningprofile_change", args=[profile.pk])
    assert f'formaction="{reverse("desk-try", args=[profile.pk])}"' in tuner.get(address).content.decode()
    User.objects.get().groups.set([Group.objects.get(name="supervisor")])
    assert send(tuner, profile).status_code == 403
