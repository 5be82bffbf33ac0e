"""Answers and saved values as people are shown them: on a call's page, in the console, in the export."""

import json

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation

from calls.core.agent_turns import AnswerTimes, MadeBy, Outcome, PlayedPart
from calls.core.text import MASK
from calls.desk.answers import RULES, ShownAnswer, saved_values, shown_voice
from calls.desk.permissions import GROUPS
from calls.models import Call, Transcript
from calls.storage import rows
from calls.storage.records import CallEnded, TurnSaved, ValueSaved
from tests.calls.storage.sample_records import NOW, STARTED, answer, turn

pytestmark = pytest.mark.django_db
TEXT = "שלום, במה אפשר לעזור?"


@pytest.fixture
def call():
    """A turn with its answer, of which one word was heard; two saved values."""
    rows.write(
        [
            STARTED,
            TurnSaved("CA1", turn(text="היי", total_ms=1060, revision=1).turn, "MZ1"),
            answer("MZ1"),
            ValueSaved("CA1", "name", "דנה", False, 1, "MZ1"),
            ValueSaved("CA1", "card", "4580", True, 2, "MZ1"),
            CallEnded("CA1", "MZ1", NOW, "stop", 9, 0, 9, reply_tokens=120, reply_characters=21),
        ]
    )
    return Call.objects.get()


def shown(**changes):
    rows.write([STARTED, answer("MZ1", **changes)])
    return ShownAnswer.of(Transcript.objects.get(speaker="agent"))


def stages(times):
    return [(one.name, one.ms) for one in shown(times=times).stages]


def test_what_was_not_heard_stands_apart_from_what_was():
    one = shown()
    assert (one.heard, one.unheard) == ("שלום,", "במה אפשר לעזור?")


def test_an_answer_that_was_played_needs_no_word_for_it():
    assert shown(heard=PlayedPart(TEXT, 1600), code="").outcome == ""


def test_sound_that_was_ready_in_time_leaves_only_the_floor_and_its_sending():
    assert stages(AnswerTimes("open", 1000, 200, 50, 1050)) == [("floor", 1000), ("making", 0), ("sending", 50)]


def test_sound_that_was_late_is_the_responders_and_the_voices_time():
    assert stages(AnswerTimes("open", 400, -700, 750, 1150)) == [("floor", 400), ("making", 700), ("sending", 50)]


def test_what_the_responder_and_what_the_voice_took_stand_apart():
    one = shown(times=AnswerTimes("open", 400, -700, 750, 1150, -300))
    assert [(stage.name, stage.ms) for stage in one.stages] == [
        *(("floor", 400), ("responder", 300), ("voice", 400), ("sending", 50)),
    ]
    assert all(not stage.label.isascii() for stage in one.stages)


def test_an_answer_to_nothing_has_no_bar_of_a_floor_that_nobody_held():
    assert stages(AnswerTimes("opening")) == []


def test_who_answered_and_spoke_is_said_in_words():
    with translation.override("en"):
        one = shown(made_by=MadeBy("scripted", "emulator:he-IL-Chirp3-HD-Aoede"))
        assert (one.responder, one.voice) == ("a dialogue", "\u2066google:he-IL-Chirp3-HD-Aoede\u2069 (emulated)")
        assert shown_voice("recorded") == "a recording"
        assert shown_voice("espeak:he") == "\u2066espeak:he\u2069"
        assert shown_voice("") == ""


def test_a_bar_ends_where_its_scale_ends():
    one = shown(times=AnswerTimes("unfinished", 2000, -9000, 9000, 11_000))
    assert sum(stage.percent for stage in one.stages) == pytest.approx(100)
    assert one.stages[0].percent == pytest.approx(100 * 2000 / 11_000)
    assert len(one.ticks_percent) == 10 and one.ticks_percent[0] == pytest.approx(100 / 11)
    assert "9000 ms" in one.bar_text


def test_a_short_bar_has_three_seconds():
    one = shown(times=AnswerTimes("open", 1000, 200, 50, 1050))
    assert sum(stage.percent for stage in one.stages) == pytest.approx(35)
    assert one.ticks_percent == (pytest.approx(100 / 3), pytest.approx(200 / 3))


def test_every_stored_word_is_said_in_hebrew(client, call):
    """The pages are Hebrew unless somebody asks for another language."""
    for outcome in Outcome:
        one = shown(heard=PlayedPart("", 0, outcome), revision=9)
        assert outcome == "played" or one.outcome not in ("", outcome)
    assert not [said for said in RULES.values() if str(said).isascii()]


def test_a_callers_page_has_both_sides_and_what_was_saved(admin_client, call):
    page = admin_client.get(reverse("admin:calls_call_change", args=[call.pk])).content.decode()
    assert page.count('class="said answer"') == 1
    assert '<bdi><span class="heard">שלום,</span>' in page
    assert "<span>במה אפשר לעזור?</span></del>" in page
    assert "1060 ms" in page
    assert "correct-5001" not in page and "correct-1" in page
    assert "<p>מענה 1</p>" in page and ">5001<" not in page
    assert "דנה" in page and "4580" in page


@pytest.mark.parametrize("group", GROUPS)
def test_only_who_may_read_secrets_sees_one(client, call, group):
    user = User.objects.create(username=group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    found = {one["key"]: one["value"] for one in saved_values(call, user)}
    assert found == {"name": "דנה", "card": "4580" if group == "admin" else MASK}
    for url in (
        reverse("admin:calls_call_change", args=[call.pk]),
        reverse("console:call", args=["CA1"]),
        reverse("console:call_state", args=["CA1"]),
    ):
        assert ("4580" in client.get(url).content.decode()) is (group == "admin"), url


def test_the_console_is_given_turns_and_answers_by_the_keys_of_their_updates(admin_client, call):
    state = admin_client.get(reverse("console:call_state", args=["CA1"])).json()
    ((caller,), (said,)) = state["turns"], state["answers"]
    assert (caller["key"], caller["total_ms"]) == ("MZ1:1", 1060)
    assert (said["key"], said["heard"], said["unheard"]) == ("MZ1:5001", "שלום,", "במה אפשר לעזור?")
    assert (said["outcome"], said["floor_rule"], said["playing"]) == (*("interrupted", "open", False),)
    assert said["stages"] == {"floor": 1000, "responder": 10, "voice": 30, "sending": 20}


def test_the_console_is_whole_without_its_script(admin_client, call):
    page = admin_client.get(reverse("console:call", args=["CA1"])).content.decode()
    assert '<bdi><span class="heard">שלום,</span>' in page
    assert "120" in page and "דנה" in page


def test_the_costs_page_has_what_answers_used(admin_client, call):
    Call.objects.update(started_at=call.started_at.now(call.started_at.tzinfo))
    page = admin_client.get(reverse("console:costs")).content.decode()
    assert "<td>120</td><td>21</td>" in page


def exported(capsys):
    call_command("export_calls")
    return json.loads(capsys.readouterr().out)


def test_the_export_has_answers_among_the_turns_and_masks_secrets(call, capsys):
    found = exported(capsys)
    caller, said = found["turns"]
    assert (caller["speaker"], caller["total_ms"], "heard_text" in caller) == ("caller", 1060, False)
    record = answer().turn
    row = {**record.as_row(), "heard_text": "שלום,", "source": ""}
    assert {name: said[name] for name in row if name in said} == {
        name: value for name, value in row.items() if name in said
    }
    assert said.keys() >= {
        "heard_text",
        "heard_ms",
        "outcome",
        "floor_rule",
        "floor_ms",
        "text_ms",
        "first_audio_ms",
        "code",
    }
    assert found["saved_values"] == [
        {"key": "name", "value": "דנה", "secret": False},
        {"key": "card", "value": MASK, "secret": True},
    ]


def test_a_call_without_answers_is_exported_as_before(capsys):
    rows.write([STARTED, turn()])
    found = exported(capsys)
    assert "saved_values" not in found
    assert "outcome" not in found["turns"][0]
