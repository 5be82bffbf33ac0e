"""A profile that demands that no new first engine hears worse by so many points."""

from dataclasses import asdict

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from calls.desk.engines.measuring import MeasuredEngine
from calls.desk.tuning.uncertainty import Estimate
from calls.models import EngineMeasurement
from stt.models import TuningProfile
from stt.profiles import activate, restore

pytestmark = pytest.mark.django_db
CHANGELIST = "admin:stt_tuningprofile_changelist"


@pytest.fixture(autouse=True)
def configured(settings):
    keys = {"DEEPGRAM_API_KEY": "k", "SONIOX_API_KEY": "k"}
    settings.ENGINE_VARIABLES = settings.ENGINE_VARIABLES | keys
    settings.STT_EMULATOR_HOST = "x:1"


@pytest.fixture
def profile():
    return TuningProfile.objects.create(name="sales", is_default=True, most_wer_points=2)


def heard(engine, wer, *, way="stream", emulated=False, failed=0.0):
    figures = {"wer": wer, "cer": 0.0, "short": 0.0, "final_p50": 0.0, "final_p95": 0.0, "failed": failed}
    estimates = {name: Estimate(value) for name, value in figures.items()}
    return MeasuredEngine(engine, way, "", emulated, "1", 100, 0, {}, estimates, Estimate(0.0), [])


def measured(*engines):
    return EngineMeasurement.objects.create(
        made_at=timezone.now(), turns=60, calls=40, figures=[asdict(one) for one in engines]
    )


def refused(profile, **changes):
    """The code with which the profile's form refuses these changes; None where it takes them."""
    for name, value in changes.items():
        setattr(profile, name, value)
    try:
        profile.clean()
    except ValidationError as error:
        (one,) = error.error_dict["engines"]
        return one.code, " ".join(error.messages)
    return None


def test_an_engine_that_was_not_measured_beside_the_first_is_refused_with_what_to_run(profile):
    code, said = refused(profile, engines="deepgram,google")
    assert code == "engine_not_measured"
    assert "manage.py wer --engine google --engine deepgram --way stream" in said


@pytest.mark.parametrize(("wer", "taken"), [(0.319, True), (0.321, False)])
def test_one_that_was_measured_is_taken_up_to_so_many_points_worse(profile, wer, taken):
    measured(heard("google", 0.30), heard("deepgram", wer))
    found = refused(profile, engines="deepgram,google")
    assert (found is None) is taken
    assert taken or (found[0] == "engine_worse" and "2.1" in found[1])


def test_the_newest_measurement_of_both_counts_and_stand_ins_do_not(profile):
    measured(heard("google", 0.30), heard("deepgram", 0.50))
    measured(heard("google", 0.30), heard("deepgram", 0.30))
    measured(heard("google", 0.30), heard("soniox", 0.30))
    measured(heard("google", 0.30), heard("deepgram", 0.90, emulated=True))
    measured(heard("google", 0.30, way="one-shot"), heard("deepgram", 0.90, way="one-shot"))
    measured(heard("google", 0.30), heard("deepgram", 0.90, failed=1.0))
    assert refused(profile, engines="deepgram") is None
    assert refused(profile, engines="deepgram", streaming=False)[0] == "engine_worse"


def test_without_a_demand_and_with_the_same_first_engine_nothing_is_asked(profile):
    assert refused(profile, engines="google,deepgram") is None
    assert refused(profile, engines="deepgram", most_wer_points=None) is None


def test_no_other_profile_and_no_older_revision_gets_round_it(profile):
    me = User.objects.create(username="me")
    other = TuningProfile.objects.create(name="other", engines="deepgram")
    with pytest.raises(ValidationError, match="manage.py wer --engine google --engine deepgram"):
        activate(other, me)
    profile.refresh_from_db()
    assert profile.is_default
    TuningProfile.objects.filter(pk=profile.pk).update(engines="soniox")
    older = profile.history.first()
    profile.refresh_from_db()
    with pytest.raises(ValidationError, match="soniox"):
        restore(profile, older, me)
    profile.refresh_from_db()
    assert profile.engines == "soniox"


def test_the_admin_and_the_profiles_page_say_why(profile, client):
    client.force_login(User.objects.create_superuser("root"))
    other = TuningProfile.objects.create(name="other", engines="deepgram")
    pick = {"action": "activate", "_selected_action": [other.pk]}
    page = client.post(reverse(CHANGELIST), pick, follow=True, headers={"Accept-Language": "he"})
    assert "עדיין לא נמדד" in page.content.decode()
    TuningProfile.objects.filter(pk=profile.pk).update(engines="soniox")
    back = reverse("desk-back", args=[profile.pk, profile.history.first().pk])
    page = client.post(back, follow=True, headers={"Accept-Language": "en"})
    assert "was not yet measured" in page.content.decode()
    assert TuningProfile.objects.get(pk=profile.pk).engines == "soniox"
