"""Profiles: what a form refuses, what is kept of each change, and the way back."""

from dataclasses import replace
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.urls import reverse

from stt.default_profile import default_of
from stt.models import SETTINGS, TuningProfile
from stt.profiles import activate, duplicate, restore
from stt.tuning import CONFLICTS, Tuning, TuningError, conflicts

pytestmark = pytest.mark.django_db


@pytest.fixture
def tuner():
    return get_user_model().objects.create(username="tuner")


@pytest.fixture
def profile():
    return TuningProfile.objects.create(name="quick", phrases="רחוב הרצל")


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("renewal_order", {"renew_after_s": 240, "renew_latest_s": 240}),
        ("deadline_before_timeout", {"stt_fallback_deadline_ms": 500, "stt_timeout_ms": 500}),
        ("hangover_below_batch", {"vad_hangover_ms": 100, "stt_batch_ms": 120}),
        ("debounce_beyond_timeout", {"stt_partial_debounce_ms": 450}),
        ("attempts_outlast_audio", {"stt_attempts": 10, "stt_retry_ms": 3100}),
        ("pause_before_words", {"pause_after_s": 2, "vad_hangover_ms": 1800, "stt_timeout_ms": 450}),
        ("expected_beyond_open", {"answer_pause_expected_ms": 1001}),
        ("unfinished_below_open", {"answer_pause_unfinished_ms": 999}),
        ("first_beyond_total", {"responder_first_ms": 2500, "responder_total_ms": 2500}),
    ],
)
def test_settings_that_do_not_go_together_are_refused_where_they_stand(code, values):
    with pytest.raises(ValidationError) as refused:
        TuningProfile(name="x", **values).full_clean()
    (conflict,) = [c for c in CONFLICTS if c.code == code]
    assert [error.code for error in refused.value.error_dict[conflict.field]] == [code]


@pytest.mark.parametrize(
    ("code", "phrases"),
    [
        ("hint_too_long", "רחוב הרצל\n" + "ש" * 101),
        ("too_many_hints", "\n".join(["שלום"] * 5001)),
        ("hints_too_long", "\n".join(["ש" * 100] * 1001)),
    ],
)
def test_hints_with_which_the_engine_refuses_every_call_are_refused(code, phrases):
    with pytest.raises(ValidationError) as refused:
        TuningProfile(name="x", phrases=phrases).full_clean()
    assert [error.code for error in refused.value.error_dict["phrases"]] == [code]
    with pytest.raises(TuningError, match=code):
        Tuning(phrase_hints=tuple(phrases.splitlines()))
    # A row or a call's record from before there were bounds: what fits is asked for, and the line is heard.
    fitting = TuningProfile(name="x", phrases=phrases, vad_hangover_ms=300).tuning()
    assert fitting.vad_hangover_ms == 300
    assert fitting.phrase_hints
    assert Tuning.from_mapping({"phrase_hints": phrases.splitlines()}).phrase_hints == fitting.phrase_hints


def test_hints_at_the_bounds_are_taken():
    for phrases in ("ש" * 100 + "  ", "\n".join(["ש"] * 5000), "\n".join(["ש" * 100] * 1000)):
        TuningProfile(name="x", phrases=phrases).full_clean()


def test_a_model_that_the_engine_does_not_have_is_refused():
    TuningProfile(name="x", model="command_and_search").full_clean()
    with pytest.raises(ValidationError) as refused:
        TuningProfile(name="x", model="defualt").full_clean()
    assert [error.code for error in refused.value.error_dict["model"]] == ["unknown_model"]


def test_every_conflict_is_tried_above_and_the_defaults_have_none():
    tried = test_settings_that_do_not_go_together_are_refused_where_they_stand.pytestmark[0].args[1]
    assert [code for code, _ in tried] == [c.code for c in CONFLICTS]
    assert conflicts(Tuning().as_dict()) == []
    TuningProfile(name="x").full_clean()


def test_a_call_refuses_only_what_it_cannot_run_with():
    assert Tuning(stt_partial_debounce_ms=450).stt_partial_debounce_ms == 450
    with pytest.raises(TuningError):
        Tuning(renew_after_s=240, renew_latest_s=240)


def test_profiles_that_stood_before_histories_begin_one():
    begin = import_module("stt.migrations.0005_first_revisions").begin_histories
    TuningProfile.objects.create(name="old", vad_hangover_ms=300)
    TuningProfile.history.all().delete()
    begin(apps, None)
    kept = TuningProfile.history.get()
    assert (kept.revision, kept.vad_hangover_ms, kept.instance.settings()) == (
        1,
        300,
        TuningProfile.objects.get().settings(),
    )


def test_a_profile_as_it_is_made_has_the_defaults():
    assert TuningProfile(name="x").tuning() == replace(Tuning(), profile="x@1", revision=1)


def test_a_changed_setting_is_a_revision_and_a_changed_name_is_none(profile, tuner):
    profile.vad_hangover_ms = 300
    profile._history_user = tuner
    profile.save()
    profile.name = "quicker"
    profile.save()
    assert (profile.revision, profile.tuning().profile) == (2, "quicker@2")
    assert (profile.tuning().profile_id, profile.tuning().revision) == (profile.pk, 2)
    assert list(profile.history.order_by("history_id").values_list("revision", "name")) == [
        (1, "quick"), (2, "quick"), (2, "quicker"),
    ]  # fmt: skip
    changed = profile.history.order_by("history_id")[1]
    assert changed.history_user == tuner
    assert [c.field for c in changed.diff_against(changed.prev_record).changes] == ["vad_hangover_ms"]


def test_two_who_save_an_old_copy_do_not_make_the_same_revision(profile):
    mine, other = TuningProfile.objects.get(), TuningProfile.objects.get()
    mine.vad_hangover_ms, other.vad_hangover_ms = 300, 400
    mine.save()
    other.save()
    assert (mine.revision, other.revision) == (2, 3)


def test_any_revision_can_be_gone_back_to(profile, tuner):
    first = profile.settings()
    profile.vad_hangover_ms, profile.phrases = 300, ""
    profile.save()
    restore(profile, profile.history.get(revision=1), tuner)
    profile.refresh_from_db()
    assert (profile.settings(), profile.revision) == (first, 3)
    assert profile.history.first().history_change_reason == "חזרה לגרסה 1"


def test_a_duplicate_has_the_settings_and_a_name_of_its_own(profile, tuner):
    profile.vad_hangover_ms = 300
    names = [duplicate(profile, tuner).name, duplicate(profile, tuner).name]
    assert names == ["quick 2", "quick 3"]
    assert TuningProfile.objects.get(name="quick 3").settings() == profile.settings()


def test_one_profile_is_the_default(profile, tuner):
    other = TuningProfile.objects.create(name="other", is_default=True)
    activate(profile, tuner)
    assert TuningProfile.objects.get(is_default=True) == profile
    other.refresh_from_db()
    assert (other.is_default, other.revision) == (False, 1)


def form_of(profile, **values):
    ticked = {"early_punctuation": "on", "streaming": "on"}
    return {**profile.settings(), "name": profile.name, **ticked, **values}


def test_the_only_default_cannot_be_unticked(admin_client, profile):
    default = TuningProfile.objects.create(name="default", is_default=True)
    url = reverse("admin:stt_tuningprofile_change", args=[default.pk])
    refused = admin_client.post(url, form_of(default))
    assert "קביעת הפרופיל שנבחר כברירת המחדל" in str(refused.context["adminform"].form.errors["is_default"])
    default.refresh_from_db()
    assert default.is_default
    default.is_default = False
    with pytest.raises(ValidationError) as refusal:
        default.full_clean()
    assert [error.code for error in refusal.value.error_dict["is_default"]] == ["only_default"]
    activate(profile, None)
    assert TuningProfile.objects.get(is_default=True) == profile


def test_ticking_a_second_default_names_the_first_one(profile):
    TuningProfile.objects.create(name="sales", is_default=True)
    profile.is_default = True
    with pytest.raises(ValidationError, match="sales") as refusal:
        profile.full_clean()
    assert "another_default" in [error.code for error in refusal.value.error_dict["is_default"]]


def test_the_default_is_not_deleted_by_its_page_or_with_others(admin_client, profile):
    default = TuningProfile.objects.create(name="sales", is_default=True)
    page = admin_client.post(reverse("admin:stt_tuningprofile_delete", args=[default.pk]), {"post": "yes"})
    assert "sales" in page.content.decode()
    chosen = {"action": "delete_selected", "_selected_action": [default.pk, profile.pk], "post": "yes"}
    admin_client.post(reverse("admin:stt_tuningprofile_changelist"), chosen)
    assert set(TuningProfile.objects.all()) == {default, profile}
    admin_client.post(reverse("admin:stt_tuningprofile_delete", args=[profile.pk]), {"post": "yes"})
    assert set(TuningProfile.objects.all()) == {default}


def test_without_a_ticked_profile_the_one_named_default_rules(profile):
    assert default_of(TuningProfile.objects.all()) is None
    named = TuningProfile.objects.create(name="default")
    assert default_of(TuningProfile.objects.all()) == named
    TuningProfile.objects.filter(pk=profile.pk).update(is_default=True)
    assert default_of(TuningProfile.objects.all()) == profile


def test_the_actions_leave_who_did_it(admin_client, admin_user, profile):
    url = reverse("admin:stt_tuningprofile_changelist")
    admin_client.post(url, {"action": "duplicate", "_selected_action": [profile.pk]})
    admin_client.post(url, {"action": "activate", "_selected_action": [profile.pk]})
    profile.refresh_from_db()
    assert profile.is_default
    assert profile.history.first().history_user == admin_user
    assert TuningProfile.objects.get(name="quick 2").history.get().history_user == admin_user


def test_who_saves_an_older_revision_is_told_so(admin_client, profile):
    url = reverse("admin:stt_tuningprofile_change", args=[profile.pk])
    values = {**profile.settings(), "name": "quick", "early_punctuation": "on", "streaming": "on"}
    stale = {**values, "vad_hangover_ms": 300, "seen": profile.revision}
    assert admin_client.post(url, stale).status_code == 302
    refused = admin_client.post(url, {**stale, "vad_hangover_ms": 400})
    page = refused.content.decode()
    assert "הפרופיל שונה בינתיים" in page
    # Its values are those of the revision that it was opened with, and it says so.
    assert "1 (עכשיו: 2)" in page
    profile.refresh_from_db()
    assert (profile.vad_hangover_ms, profile.revision) == (300, 2)


def test_a_change_keeps_its_reason_and_leads_to_what_it_did(admin_client, profile):
    url = reverse("admin:stt_tuningprofile_change", args=[profile.pk])
    values = {
        **profile.settings(),
        "name": "quick",
        "early_punctuation": "on",
        "streaming": "on",
        "vad_hangover_ms": 300,
    }
    saved = admin_client.post(url, {**values, "reason": "<b>slow</b> speakers"}, follow=True).content.decode()
    it_did = reverse("desk-profile", args=[profile.pk])
    assert f'<a href="{it_did}">' in saved
    assert profile.history.first().history_change_reason == "<b>slow</b> speakers"
    assert "&lt;b&gt;slow&lt;/b&gt; speakers" in admin_client.get(it_did).content.decode()


def test_the_form_shows_every_setting_with_its_unit_and_default(admin_client, profile):
    page = admin_client.get(reverse("admin:stt_tuningprofile_change", args=[profile.pk])).content.decode()
    for name in SETTINGS:
        assert f'name="{name}"' in page
    assert "VAD_HANGOVER_MS: 100–2000 ms (220)" in page


def test_a_browsers_line_ends_are_no_change(db):
    profile = TuningProfile.objects.create(name="quick")
    profile.backchannels = profile.backchannels.replace("\n", "\r\n") + "\r\n"
    profile.phrases = "  "
    profile.save()
    profile.refresh_from_db()
    assert (profile.revision, profile.phrases) == (1, "")
