"""The engines of a profile: what its form offers, and what it refuses."""

import pytest
from django.core.exceptions import ValidationError
from django.forms import modelform_factory
from django.urls import reverse

from stt.admin import ProfileForm
from stt.engines import catalogue
from stt.engines.catalogue import EngineEntry
from stt.engines_field import EnginesField
from stt.models import TuningProfile
from stt.tuning import Tuning, TuningError

pytestmark = pytest.mark.django_db
WHOLE = EngineEntry(
    name="whole",
    title="Whole",
    hebrew="he",
    capabilities=catalogue.ENTRIES[0].capabilities.__class__(
        streaming=False, one_shot=True, word_times=False, message_bytes=1, half_close=False, price_per_hour=0
    ),
    models=("large",),
    needs={"WHOLE_API_KEY": "your key"},
    make=lambda values: None,
)


@pytest.fixture(autouse=True)
def two_engines(monkeypatch, settings):
    entries = (*catalogue.ENTRIES, WHOLE)
    monkeypatch.setattr(catalogue, "ENTRIES", entries)
    monkeypatch.setattr("stt.engines_field.ENTRIES", entries)
    settings.ENGINE_VARIABLES = {**settings.ENGINE_VARIABLES, "WHOLE_API_KEY": ""}


def refused(**values):
    with pytest.raises(ValidationError) as error:
        TuningProfile(name="x", **values).full_clean()
    return [(one.code, str(one.message) % (one.params or {})) for one in error.value.error_dict["engines"]]


def test_a_place_says_what_each_engine_can():
    field = EnginesField()
    first, second = (dict(one.choices) for one in field.fields[:2])
    assert str(first["google"]).startswith("Google Cloud Speech v1 · iw-IL · ")
    assert "לא מוגדר בשרת הזה" in str(first["whole"]) and "$1.44/h" in str(first["google"])
    assert "" in second and "" not in first
    assert field.clean(["google", "whole", ""]) == "google,whole"
    assert field.widget.decompress("google,whole") == ["google", "whole", ""]


@pytest.mark.parametrize(
    ("engines", "code"),
    [
        ("google,google", "engines_wrong"),
        ("", "engines_wrong"),
        ("google,siri", "unknown_engine"),
        ("whole,google", "first_without_streams"),
    ],
)
def test_engines_that_no_line_can_have_are_refused(engines, code, settings):
    settings.ENGINE_VARIABLES["WHOLE_API_KEY"] = "secret"
    assert code in [code for code, _ in refused(engines=engines)] or code == "engines_wrong"


def test_an_engine_without_its_key_is_refused_where_it_is_new_with_the_variables_name(settings):
    ((code, sentence),) = refused(engines="google,whole")
    assert code == "engine_not_configured" and "WHOLE_API_KEY" in sentence
    settings.ENGINE_VARIABLES["WHOLE_API_KEY"] = "secret"
    profile = TuningProfile(name="x", engines="google, whole")
    profile.full_clean()
    profile.save()
    settings.ENGINE_VARIABLES["WHOLE_API_KEY"] = ""
    profile.full_clean()  # it was named before: another setting can still be changed
    assert profile.tuning().engines == ("google", "whole")


def test_whole_utterances_alone_may_be_heard_by_the_first_where_streaming_is_off(settings):
    settings.ENGINE_VARIABLES["WHOLE_API_KEY"] = "secret"
    TuningProfile(name="x", engines="whole", streaming=False, model="large").full_clean()


def test_a_change_of_the_order_is_a_revision():
    profile = TuningProfile.objects.create(name="x")
    profile.engines = "whole,google"
    profile.save()
    assert (profile.revision, profile.history.first().engines) == (2, "whole,google")


@pytest.mark.parametrize("engines", [(), ("a", "a"), ("a", "b", "c", "d")])
def test_no_call_has_none_or_too_many(engines):
    with pytest.raises(TuningError):
        Tuning(engines=engines)


def test_a_calls_settings_are_read_back():
    tuning = Tuning(engines=("second", "google"))
    assert Tuning.from_mapping(tuning.as_dict()) == tuning
    assert Tuning.from_mapping({}).engines == ("google",)


def test_an_engine_that_there_is_not_is_shown_where_it_stands_and_not_saved(admin_client):
    profile = TuningProfile.objects.create(name="old")
    TuningProfile.objects.filter(pk=profile.pk).update(engines="later,google")
    address = reverse("admin:stt_tuningprofile_change", args=[profile.pk])
    page = admin_client.get(address)
    assert '<option value="later" selected>' in page.content.decode()
    assert "(unknown_engine)" in page.content.decode()
    made = modelform_factory(TuningProfile, form=ProfileForm, fields=["engines"])
    form = made({"engines": "later", "engines_2": "google"}, instance=TuningProfile.objects.get(name="old"))
    assert [error.code for error in form.errors.as_data()["engines"]] == ["unknown_engine"]
    assert "(unknown_engine)" in admin_client.get(reverse("desk-profile", args=[profile.pk])).content.decode()
    TuningProfile.objects.filter(pk=profile.pk).update(engines="google")
    for name in ("admin:stt_tuningprofile_change", "desk-profile"):
        assert "unknown_engine" not in admin_client.get(reverse(name, args=[profile.pk])).content.decode()
