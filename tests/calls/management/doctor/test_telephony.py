"""What the doctor finds of the Twilio account: through the official client, against its stand-in."""

import pytest

from calls.management.doctor import telephony
from calls.management.doctor.finding import FindingState
from calls.models import PhoneLine
from stt.models import TuningProfile
from tests.twilio_rest import ACCOUNT_SID, PORT, TwilioRest

pytestmark = pytest.mark.django_db
NUMBER, PUBLIC = "+97235550100", "https://voice.example.org"
LEADING_HERE = {
    "phone_number": NUMBER,
    "voice_url": f"{PUBLIC}/twilio/voice",
    "voice_method": "POST",
    "voice_fallback_url": f"{PUBLIC}/twilio/after",
    "voice_fallback_method": "POST",
    "status_callback": f"{PUBLIC}/twilio/status",
    "status_callback_method": "POST",
}


@pytest.fixture
def rest(settings, monkeypatch):
    settings.TWILIO_HTTP_CLIENT = "tests.twilio_rest.LoopbackClient"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, "12345"
    settings.PUBLIC_URL = PUBLIC
    with TwilioRest("12345") as rest:
        monkeypatch.setenv(PORT, str(rest.port))
        yield rest


@pytest.fixture
def line():
    return PhoneLine.objects.create(number=NUMBER, name="מכירות", profile=TuningProfile.objects.create(name="p"))


def found():
    return [(one.check, one.state) for one in telephony.account()]


def test_a_number_that_leads_here_whole_is_well(rest, line):
    rest.numbers = [LEADING_HERE]
    assert found() == [("twilio", FindingState.OK), ("number", FindingState.OK)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"voice_url": "https://old.example.org/twilio/voice"}, "voice_url is https://old.example.org/twilio/voice"),
        ({"voice_method": "GET"}, "voice_url is asked by GET"),
        ({"voice_fallback_url": None}, "voice_fallback_url is not set"),
        ({"status_callback": ""}, "status_callback is not set"),
        ({"status_callback_method": "GET"}, "status_callback is asked by GET"),
    ],
)
def test_what_of_a_number_leads_elsewhere_is_named(rest, line, change, says):
    rest.numbers = [LEADING_HERE | change]
    *_, number = telephony.account()
    assert (number.state, number.detail) == (FindingState.FAILED, f"{NUMBER}: {says}")
    assert number.advice == f"run manage.py connect_number {NUMBER}"


def test_a_line_whose_number_is_not_the_accounts_is_a_warning(rest, line):
    assert found() == [("twilio", FindingState.OK), ("number", FindingState.WARNING)]


def test_an_account_without_a_number_here_is_told_how(rest):
    rest.numbers = [LEADING_HERE | {"voice_url": "https://elsewhere.example.org/"}]
    *_, number = telephony.account()
    assert number.state is FindingState.WARNING and "connect_number" in number.advice


def test_a_wrong_token_is_said(rest, settings):
    settings.TWILIO_AUTH_TOKEN = "another"
    (finding,) = telephony.account()
    assert finding.state is FindingState.FAILED and "20003" in finding.detail and "TWILIO_AUTH_TOKEN" in finding.advice


def test_an_account_that_is_suspended_is_said(rest):
    rest.status = "suspended"
    assert next(telephony.account()).state is FindingState.FAILED


def test_a_twilio_that_is_away_is_said(rest, monkeypatch):
    monkeypatch.setenv(PORT, "1")
    (finding,) = telephony.account()
    assert finding.state is FindingState.FAILED and "api.twilio.com" in finding.advice


def test_without_an_account_nothing_is_asked(settings):
    settings.TWILIO_ACCOUNT_SID = ""
    (finding,) = telephony.account()
    assert finding.state is FindingState.SKIPPED and "TWILIO_ACCOUNT_SID" in finding.detail
