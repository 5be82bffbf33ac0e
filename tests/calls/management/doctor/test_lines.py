"""The doctor reads the rows of settings as processes do."""

import pytest
from django.db import DatabaseError

from calls.management.doctor import lines
from calls.management.doctor.finding import FindingState
from calls.models import PhoneLine
from stt.models import TuningProfile

pytestmark = pytest.mark.django_db


def found():
    return [(finding.state, finding.detail) for finding in lines.lines()]


def test_rows_that_can_be_read_are_well():
    profile = TuningProfile.objects.create(name="x", is_default=True)
    PhoneLine.objects.create(number="+1", name="sales", profile=profile)
    assert found() == [(FindingState.OK, "the settings of 1 line can be read")]


def test_a_profile_that_no_call_can_have_is_named():
    profile = TuningProfile.objects.create(name="x", is_default=True)
    TuningProfile.objects.filter(pk=profile.pk).update(vad_hangover_ms=5)
    [(state, said)] = found()
    assert state is FindingState.FAILED
    assert f"profile {profile.pk} cannot be read (settings_out_of_bounds)" in said


def test_profiles_of_which_none_is_the_default_are_a_warning():
    TuningProfile.objects.create(name="default")
    [(state, said)] = found()
    assert (state, "no profile is ticked" in said) == (FindingState.WARNING, True)


def test_a_database_that_cannot_be_read_has_a_code(monkeypatch):
    def away(*_):
        raise DatabaseError("away")

    monkeypatch.setattr(lines, "read_settings", away)
    [(state, said)] = found()
    assert (state, said.partition(":")[0]) == (FindingState.FAILED, "settings_unreadable")
