"""What a supervisor has an answering call do: who may, what is refused, and the rows that are left."""

from datetime import UTC, datetime
from html import unescape
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from calls.desk.codes import ACTIONS
from calls.models import Call, PhoneLine, SupervisorAction
from calls.process.services import services
from calls.reply.orders import Order, SupervisorOrder
from calls.reply.voice import VoiceError
from calls.twilio.action_rows import came_to, quiet_by, standing
from stt.models import TuningProfile

pytestmark = pytest.mark.django_db
LINE = "+97231234567"
COMMANDS = ("say", "quiet", "answer_again")


@pytest.fixture
def call():
    profile = TuningProfile.objects.create(name="p")
    PhoneLine.objects.create(number=LINE, name="מכירות", profile=profile, responder="repeat", voice="toy:he")
    return Call.objects.create(call_sid="CA1", to_number=LINE, started_at=datetime.now(UTC))


@pytest.fixture
def given(monkeypatch):
    """The orders that were given; ``code`` is what comes of each."""
    given = SimpleNamespace(orders=[], code="")

    def give(order):
        given.orders.append(order)
        return given.code

    monkeypatch.setattr(services().orders, "give", give)
    monkeypatch.setattr(services().voices, "check", lambda voice, text: None)
    return given


def signed_in(client, group):
    user = User.objects.create(username=group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client


@pytest.fixture
def supervisor(client, call, given):
    return signed_in(client, "supervisor")


def send(client, command, **typed):
    return client.post(reverse(f"console:{command}", args=["CA1"]), typed, follow=True)


def text_of(answer):
    return unescape(answer.content.decode())


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("group", ["reviewer", "tuner"])
def test_who_may_not_end_calls_may_not_do_this_either(client, call, given, group, command):
    client = signed_in(client, group)
    page = text_of(client.get(reverse("console:call", args=["CA1"])))
    assert "data-opens" not in page and "<dialog" not in page
    assert send(client, command, sentence="שלום").status_code == 403
    assert (given.orders, SupervisorAction.objects.count()) == ([], 0)


def test_a_sentence_is_given_to_the_call_and_its_row_does_not_hold_it(supervisor, given):
    page = text_of(send(supervisor, "say", sentence="  כבר\r\nבודקים.  "))
    (row,) = SupervisorAction.objects.all()
    assert given.orders == [SupervisorOrder("CA1", Order.SAY, "supervisor", "כבר בודקים.", row.ask)]
    assert (row.kind, row.username, row.outcome, row.code) == ("say", "supervisor", "taken", "")
    assert row.done_at >= row.asked_at
    assert "בודקים" not in str(vars(row))
    assert "אמירת משפט: ממתין להשמעה" in page and "בוצע" not in page
    assert f'<li class="action-{row.pk} success">' in page  # by which the script finds it
    state = supervisor.get(reverse("console:call_state", args=["CA1"])).json()
    assert [one["action"] for one in state["done"]] == [row.pk]


@pytest.mark.parametrize(("fate", "shown"), [("said", "נאמר עד סופו"), ("cut", "נקטע באמצע"), ("not_said", "לא נאמר")])
def test_what_became_of_a_sentence_is_shown_and_filtered_by(supervisor, given, fate, shown):
    send(supervisor, "say", sentence="כבר בודקים.")
    came_to("CA1", SupervisorAction.objects.get().ask, fate)
    assert f"אמירת משפט: {shown}" in text_of(supervisor.get(reverse("console:call", args=["CA1"])))
    User.objects.update(is_superuser=True)
    actions = reverse("admin:calls_supervisoraction_changelist")
    assert shown in text_of(supervisor.get(actions, {"outcome": fate}))
    assert "CA1" in text_of(supervisor.get(actions, {"outcome": fate}))
    assert "CA1" not in text_of(supervisor.get(actions, {"outcome": "done"}))


def test_a_sentence_that_was_said_before_its_order_was_known_to_be_taken_stays_said(supervisor, given, monkeypatch):
    def give(order):
        came_to(order.call_sid, order.ask, "said")
        return ""

    monkeypatch.setattr(services().orders, "give", give)
    send(supervisor, "say", sentence="כבר בודקים.")
    assert SupervisorAction.objects.get().outcome == "said"


def test_sent_twice_from_one_page_it_is_said_once(supervisor, given):
    for _ in range(2):
        send(supervisor, "say", sentence="כבר בודקים.", asked="one")
    send(supervisor, "say", sentence="עוד רגע.", asked="one")
    send(supervisor, "say", sentence="כבר בודקים.", asked="another")
    assert [order.text for order in given.orders] == ["כבר בודקים.", "עוד רגע.", "כבר בודקים."]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "text_empty"),
        (" \n ", "text_empty"),
        ("א" * 241, "text_too_long"),
        ("שלום\x07", "bad_character"),
        ("🙂 …", "text_unspeakable"),
    ],
)
def test_what_cannot_be_said_is_refused_with_a_code_and_stays_to_be_mended(supervisor, given, typed, code):
    answer = send(supervisor, "say", sentence=typed)
    assert answer.status_code == 400
    page = text_of(answer)
    assert (
        f'(<bdi dir="ltr">{code}</bdi>)' in page and '<dialog id="say" aria-labelledby="say-title" data-open>' in page
    )
    assert (given.orders, SupervisorAction.objects.count()) == ([], 0)
    if typed.strip() and code != "bad_character":
        assert typed in page


def test_the_longest_sentence_is_said(supervisor, given):
    send(supervisor, "say", sentence="כן " * 79 + "לא.")
    assert len(given.orders[0].text) == 240


def test_words_that_the_voice_cannot_say_without_points_are_named(supervisor, given, monkeypatch):
    def check(voice, text):
        assert voice == "toy:he"
        raise VoiceError("text_unspeakable", "bare")

    monkeypatch.setattr(services().voices, "check", check)
    answer = send(supervisor, "say", sentence="כבר בודקים.")
    assert answer.status_code == 400
    assert "בודקים" in text_of(answer) and "text_unspeakable" in text_of(answer)
    assert given.orders == []


def test_a_line_is_quiet_until_it_answers_again_and_the_page_says_by_whom(supervisor, given):
    state = reverse("console:call_state", args=["CA1"])
    page = text_of(send(supervisor, "quiet"))
    assert '<bdi id="quiet-by">supervisor</bdi>' in page and 'data-opens="be-quiet" hidden' in page
    assert (quiet_by("CA1"), supervisor.get(state).json()["quiet_by"]) == ("supervisor", "supervisor")
    page = text_of(send(supervisor, "answer_again"))
    assert 'data-opens="answer-again" hidden' in page
    assert (quiet_by("CA1"), supervisor.get(state).json()["quiet_by"]) == ("", "")
    assert [order.order for order in given.orders] == [Order.QUIET, Order.RELEASE]


@pytest.mark.parametrize("code", ["call_not_reached", "not_answering", "no_voice", "too_many_sentences", "call_ended"])
def test_what_the_call_refuses_is_said_and_kept(supervisor, given, code):
    given.code = code
    page = text_of(send(supervisor, "say", sentence="כבר בודקים."))
    row = SupervisorAction.objects.get()
    assert (row.outcome, row.code) == ("failed", code)
    assert code in page and page.count(str(ACTIONS[code])) == 2  # what came of it just now, and what was done


def test_a_call_that_has_ended_is_asked_for_nothing(supervisor, call, given):
    Call.objects.update(ended_at=datetime.now(UTC))
    assert "data-opens" not in text_of(supervisor.get(reverse("console:call", args=["CA1"])))
    send(supervisor, "quiet")
    assert (given.orders, SupervisorAction.objects.get().code) == ([], "call_ended")


def test_a_line_that_only_listens_is_offered_a_sentence_alone(supervisor):
    PhoneLine.objects.update(responder="silent")
    page = text_of(supervisor.get(reverse("console:call", args=["CA1"])))
    assert 'data-opens="say"' in page
    assert 'data-opens="be-quiet"' not in page and 'data-opens="answer-again"' not in page


def test_twilio_asks_what_follows_as_if_nothing_had_been_done(supervisor, given):
    for command in COMMANDS:
        send(supervisor, command, sentence="כן.")
    assert standing("CA1") is None
