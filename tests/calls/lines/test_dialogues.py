"""Dialogues as rows, and the lines that answer with them."""

import logging
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.utils import translation

from calls.lines import costs
from calls.lines.answering import LineAnswering
from calls.lines.settings_cache import LineCache, first_profile
from calls.models import Dialogue, LinePerson, PhoneLine, Price
from calls.process.change_notices import ChangeNotices
from calls.reply.dialogue_format import MAX_BYTES
from calls.reply.responders.catalogue import ENTRIES
from calls.reply.settings import AnswerPrices
from stt.endpointing.silero import SileroThread
from stt.tuning import Tuning
from tests.calls.reply.dialogues import SMALL
from tests.paths import SAMPLES

pytestmark = pytest.mark.django_db
BOOKING = (SAMPLES / "dialogues" / "booking.yaml").read_text("utf-8")
FAILING = SMALL + "\nexamples: [{talk: [{caller: ירוק, step: phone}]}]"


@pytest.fixture
def line():
    dialogue = Dialogue.objects.create(name="booking", text=BOOKING)
    profile = first_profile(Tuning())
    return PhoneLine.objects.create(
        number="+97231234567", name="sales", profile=profile, responder="scripted", dialogue=dialogue, greeting="שלום"
    )


@pytest.fixture
def dana(line):
    return LinePerson.objects.create(line=line, name="דנה", number="+97235550101")


@pytest.fixture
def cache():
    return LineCache(Tuning(), ChangeNotices(""), SileroThread())


def answer(cache):
    cache.refresh()
    return cache.line("+97231234567").answer


def errors_of(row):
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    return refused.value.message_dict


def test_the_names_of_the_responders_fit_their_column():
    longest = PhoneLine._meta.get_field("responder").max_length
    assert all(len(entry.name) <= longest for entry in ENTRIES)


def test_a_dialogue_is_refused_with_the_path_to_each_fault():
    text = SMALL.replace("expect: yes_no", "expect: perhaps").replace("attempts: 3", "attempts: 6")
    with translation.override("en"):
        errors = errors_of(Dialogue(name="x", text=text))["text"]
    assert errors[0] == "\u2066steps.phone.attempts\u2069: 6 is not from 1 to 5"
    assert errors[1].startswith("\u2066steps.confirm.expect\u2069: there is no kind perhaps; there are: yes_no, choice")
    with translation.override("he"):
        assert (
            errors_of(Dialogue(name="x", text=text))["text"][0] == "\u2066steps.phone.attempts\u2069: 6 אינו בין 1 ל-5"
        )


@pytest.mark.parametrize("text", ["a: *b", "x" * (MAX_BYTES + 1), "steps: [", "steps: {}", "\x07"])
def test_what_is_no_dialogue_is_refused(text):
    assert "text" in errors_of(Dialogue(name="x", text=text))


def test_a_dialogue_may_fail_its_examples_until_a_line_answers_with_it(line, dana):
    draft = Dialogue(name="draft", text=FAILING)
    draft.full_clean()
    line.dialogue.text = FAILING
    assert "examples.0.talk.0.step" in errors_of(line.dialogue)["text"][0]
    PhoneLine.objects.update(responder="silent")
    line.dialogue.full_clean()


def test_each_change_of_a_text_is_a_revision_that_is_kept(line):
    line.dialogue.text = SMALL
    line.dialogue.save()
    line.dialogue.name = "other"
    line.dialogue.save()
    assert line.dialogue.revision == 2
    assert [row.text for row in line.dialogue.history.order_by("history_id")] == [BOOKING, SMALL, SMALL]


def test_a_dialogue_that_a_line_answers_with_stays(line):
    with pytest.raises(models.ProtectedError):
        line.dialogue.delete()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"responder": "scripted"}, "dialogue"),
        ({"responder": "llm"}, "prompt"),
        ({"responder": "parrot"}, "responder"),
        ({"temperature": 2.1}, "temperature"),
        ({"max_tokens": 501}, "max_tokens"),
        ({"max_agent_turns": 0}, "max_agent_turns"),
        ({"max_answered_s": 9}, "max_answered_s"),
        ({"call_ceiling": -1}, "call_ceiling"),
        ({"voice": "not a voice"}, "voice"),
        ({"voice_fallback": "Google"}, "voice_fallback"),
    ],
)
def test_a_line_that_could_not_answer_so_is_refused(values, field):
    profile = first_profile(Tuning())
    line = PhoneLine(number="+97231234567", name="sales", profile=profile, **values)
    assert set(errors_of(line)) == {field}


def test_a_line_asks_a_model_only_where_the_server_has_one(settings):
    line = PhoneLine(
        number="+97231234567", name="sales", profile=first_profile(Tuning()), responder="llm", prompt="היה קצר."
    )
    settings.LLM_API_KEY = settings.LLM_BASE_URL = ""
    assert set(errors_of(line)) == {"responder"}
    settings.LLM_BASE_URL = "http://127.0.0.1:9030/v1"
    line.full_clean()


def test_a_line_answers_only_with_a_dialogue_that_passes_its_examples(line):
    line.full_clean()
    for text, said in ((FAILING, "0 of 1"), ("steps: [", "dialogue_invalid")):
        line.dialogue.text = text
        with translation.override("en"):
            assert said in errors_of(line)["dialogue"][0]
    line.responder = "silent"
    line.full_clean()


def test_a_process_of_before_may_still_add_a_line():
    profile = first_profile(Tuning())
    new = {field.column for field in LineAnswering._meta.local_fields}
    old = {field.column: "" for field in PhoneLine._meta.local_concrete_fields if field.column not in new | {"id"}}
    old |= {"number": "+97231234567", "profile_id": profile.pk, "fallback_records": False, "monthly_ceiling": None}
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(old))
        cursor.execute(f"INSERT INTO calls_phoneline ({', '.join(old)}) VALUES ({marks})", list(old.values()))  # noqa: S608
    line = PhoneLine.objects.get()
    assert (line.responder, line.max_agent_turns, line.temperature, line.dialogue) == ("silent", 60, 0.4, None)
    assert len(new) == 12


def test_a_call_takes_what_answers_it_as_the_line_has_it(line, cache):
    LinePerson.objects.create(line=line, name="דנה", number="+97235550101")
    LinePerson.objects.create(line=line, name="דנה", number="+97235550102")
    PhoneLine.objects.update(voice="espeak:he", max_agent_turns=7, call_ceiling="0.25", keeps_callers_words=True)
    taken = answer(cache)
    assert (taken.responder, taken.voice, taken.greeting, taken.keeps_callers_words) == (
        "scripted",
        "espeak:he",
        "שלום",
        True,
    )
    assert taken.dialogue == line.dialogue.script()
    assert taken.people == {"דנה": "+97235550101"}
    assert (taken.limits.agent_turns, taken.limits.answered_s, taken.limits.cost) == (7, 1800, 0.25)
    assert cache.line("+1").answer.responder == "silent"


def test_a_call_is_charged_what_was_entered_for_its_month_else_list_prices(line, cache):
    assert answer(cache).prices == AnswerPrices(float(costs.DEFAULT.tokens), None)
    nothing = {"stt_minute": 0, "twilio_minute": 0, "stream_minute": 0}
    Price.objects.create(since=date(2020, 1, 1), million_tokens=7, million_characters=9, **nothing)
    assert answer(cache).prices == AnswerPrices(7.0, 9.0)


def test_a_dialogue_that_became_invalid_keeps_its_last_good_revision_and_is_told_once(line, cache, caplog):
    good = answer(cache).dialogue
    line.dialogue.text = "steps: ["
    line.dialogue.save()
    with caplog.at_level(logging.ERROR):
        assert [answer(cache).dialogue for _ in range(3)] == [good] * 3
    (told,) = caplog.records
    assert "dialogue booking: dialogue_invalid: dialogue: this is neither YAML nor JSON" in told.getMessage()
    line.dialogue.text = SMALL
    line.dialogue.save()
    assert answer(cache).dialogue.start == "colour"


def test_a_dialogue_that_has_never_been_good_answers_nobody(line, cache):
    line.dialogue.text = "x"
    line.dialogue.save()
    assert answer(cache).dialogue is None


def test_a_text_is_read_from_the_database_and_parsed_only_when_it_has_changed(
    line, cache, django_assert_num_queries, monkeypatch
):
    answer(cache)
    monkeypatch.setattr(Dialogue, "script", lambda self: pytest.fail("parsed again"))
    with django_assert_num_queries(6) as queries:
        answer(cache)
    assert not [query for query in queries.captured_queries if '"calls_dialogue"."text"' in query["sql"]]


def test_a_dialogue_names_nobody_whom_a_line_that_it_answers_does_not_list(line, dana):
    line.dialogue.full_clean()
    dana.delete()
    with translation.override("en"):
        told = "\u2066steps.person.next\u2069: the line lists nobody named דנה"
        assert errors_of(line.dialogue) == {"text": [told]}
    PhoneLine.objects.update(responder="silent")
    line.dialogue.full_clean()


def test_a_text_is_read_and_its_examples_are_run_once_for_all_pages_that_show_them():
    one, other = Dialogue(name="one", text=SMALL), Dialogue(name="other", text=SMALL)
    assert one.script() is other.script() and one.results() is other.results()
    changed = Dialogue(name="one", text=SMALL + "\n")
    assert changed.script() is not one.script() and changed.script() == one.script()
