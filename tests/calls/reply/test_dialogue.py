import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.reply.aloud import without_points
from calls.reply.dialogue import position_after
from calls.reply.items import (
    ActStatus,
    Expect,
    ExpectationKind,
    HangUp,
    NoteValue,
    PlayRecording,
    PlayTones,
    Say,
    Transfer,
)
from calls.reply.responder import Exchange, Occasion
from tests.calls.reply.dialogues import TODAY, Talk, notes, script, spoken


@pytest.fixture
def talk():
    talk = Talk(script())
    talk.opening()
    return talk


def at(talk):
    return position_after(talk.script, TODAY, talk.said).step


def test_the_first_question_is_asked_at_the_opening():
    items = Talk(script()).opening()
    assert spoken(items) == "איזה צבע?"
    assert items[-1].kind is ExpectationKind.CHOICE


def test_a_caller_who_speaks_before_the_first_question_is_asked_it():
    assert spoken(Talk(script()).caller("אדום")) == "איזה צבע?"


def test_a_matching_answer_is_kept_and_said_back_with_its_points(talk):
    items = talk.caller("אדומה בבקשה")
    assert notes(items) == [("colour#1", "colour", "אדום"), ("colour#1.0", "price", "250")]
    assert spoken(items) == "אָדוֹם. מה הטלפון?"
    assert isinstance(items[-1], Expect) and items[-1].kind is ExpectationKind.DIGITS


def test_values_come_before_words_so_that_they_are_kept_whatever_is_heard(talk):
    kinds = [isinstance(item, NoteValue) for item in talk.caller("אדום")]
    assert kinds == sorted(kinds, reverse=True) and True in kinds


def test_what_says_a_callers_value_is_not_kept_in_a_cache(talk):
    _, _, says, _ = talk.caller("אדום")
    assert says.cacheable
    (says,) = [item for item in talk.caller("0521234567") if hasattr(item, "cacheable")]
    assert without_points(says.text) == "אפס חמש שתיים, אחת שתיים שלוש, ארבע חמש שש שבע, נכון?"
    assert not says.cacheable


def test_an_answer_that_does_not_match_is_asked_again_until_the_attempts_are_used_up(talk):
    assert spoken(talk.caller("ירוק")) == "אדום או כחול?"
    items = talk.caller("סגול")
    assert spoken(items) == "רגע"
    assert items[-1] == Transfer("דנה", "person#1.0")


def test_silence_without_a_way_of_its_own_is_asked_again_and_costs_no_attempt(talk):
    for _ in range(4):
        assert spoken(talk.silence()) == "אדום או כחול?"
    assert spoken(talk.caller("ירוק")) == "אדום או כחול?"


def test_silence_with_a_way_of_its_own_takes_it_after_the_attempts(talk):
    talk.caller("כחול")
    assert [spoken(talk.silence()) for _ in range(3)] == ["כחול. מה הטלפון?", "כחול. מה הטלפון?", "רגע"]


def test_nobody_speaks_any_more(talk):
    items = talk.goodbye()
    assert spoken(items) == "להתראות"
    assert not [item for item in items if isinstance(item, Expect)]


def test_acts_are_done_in_order_and_the_end_stays_the_end(talk):
    talk.caller("כחול")
    talk.caller("0521234567")
    items = talk.caller("כן")
    assert [type(item) for item in items[-3:]] == [PlayRecording, PlayTones, HangUp]
    assert [item.id for item in items[-3:]] == ["bye#1.0", "bye#1.1", "bye#1.2"]
    # Whoever has spoken over the goodbye hears one before the line hangs up.
    assert talk.caller("רגע") == (Say("להתראות"), HangUp("bye#1.2"))


def test_a_second_visit_keeps_its_value_under_an_id_of_its_own(talk):
    talk.caller("כחול")
    assert ("phone#1", "phone", "0521234567") in notes(talk.caller("0521234567"))
    talk.caller("לא")
    assert notes(talk.caller("031234567")) == [("phone#2", "phone", "031234567")]


def test_an_answer_that_is_withdrawn_leaves_nothing(talk):
    first = talk.prepared("אדום")
    assert talk.prepared("אדום") == first
    assert notes(talk.caller("כחול")) == [("colour#1", "colour", "כחול")]


def test_a_supervisors_sentence_and_what_nobody_answered_lead_nowhere(talk):
    talk.said.append(Exchange(Occasion.SUPERVISOR, (), (), "כבר בודקים.", "כבר בודקים."))
    talk.said.append(Exchange(Occasion.SUPERVISOR, ("אדום",), ("אדום",), "", ""))
    assert notes(talk.caller("כחול")) == [("colour#1", "colour", "כחול")]


def test_late_words_that_still_match_correct_the_value(talk):
    talk.caller("כחול")
    talk.caller("052 123 4567")
    talk.revise("052 123 4568")
    items = talk.caller("מה")
    assert notes(items) == [("phone#1+1", "phone", "0521234568")]
    assert "שמונה" in without_points(spoken(items))
    talk.revise("מה זה")
    assert notes(talk.caller("כן")) == []


def test_a_value_that_is_corrected_twice_has_two_corrections(talk):
    talk.caller("כחול")
    talk.caller("0521234567")
    phone = len(talk.said) - 1
    talk.revise("0521234568")
    talk.caller("מה")
    last = talk.said.pop()
    kept, talk.said = talk.said[phone:], [*talk.said[:phone]]
    talk.said += kept
    talk.revise("0521234567")
    talk.said.append(last)
    assert notes(talk.prepared("כן")) == [("phone#1+2", "phone", "0521234567")]


def test_late_words_that_no_longer_match_leave_the_value(talk):
    talk.caller("כחול")
    talk.caller("0521234567")
    talk.revise("0521")
    assert notes(talk.caller("כן")) == []


def test_late_words_that_would_have_led_elsewhere_leave_the_value(talk):
    talk.caller("כחול")
    talk.revise("אדום")
    assert notes(talk.caller("0521234567")) == [("phone#1", "phone", "0521234567")]


def test_a_value_whose_note_has_not_come_back_is_offered_again_under_its_id(talk):
    talk.caller("כחול", pending=True)
    assert ("colour#1", "colour", "כחול") in notes(talk.prepared("0521234567"))


def test_a_secret_value_is_noted_as_one(talk):
    talk.caller("כחול")
    (phone,) = [item for item in talk.caller("0521234567") if isinstance(item, NoteValue)]
    assert phone.secret


def test_a_hand_over_that_fails_ends_the_call(talk):
    talk.caller("ירוק")
    talk.caller("סגול", status=ActStatus.FAILED)
    assert talk.caller("הלו") == (HangUp("person#1.0.0"),)


def test_a_hand_over_that_fails_goes_on_where_the_dialogue_says():
    talk = Talk(
        script("""
transfer_failed: back
steps:
  a: {say: רגע, next: {transfer: דנה}}
  back: {say: אין איש, next: hang_up}
""")
    )
    assert talk._happens(talk.opening and "opening", status=ActStatus.FAILED)
    items = talk.silence()
    assert spoken(items) == "אין איש" and items[-1] == HangUp("back#1.0")


def test_a_step_is_found_again_from_any_exchanges(talk):
    for words, step in (("ירוק", "colour"), ("אדום", "phone"), ("0521234567", "confirm"), ("לא", "phone")):
        talk.caller(words)
        assert at(talk) == step


HAPPENINGS = st.lists(
    st.sampled_from(
        [
            "אדום",
            "כחול",
            "ירוק",
            "0521234567",
            "031234567",
            "052",
            "כן",
            "לא",
            "מה",
            "<silence>",
            "<goodbye>",
            "<revised>",
        ]
    ),
    max_size=14,
)


@given(HAPPENINGS)
def test_whatever_happens_acts_have_one_id_each_and_values_end_as_they_were_last_heard(happenings):
    talk = Talk(script())
    talk.opening()
    for one in happenings:
        if one == "<revised>":
            talk.revise("0541111111")
        else:
            before = talk.prepared(one)
            assert talk.prepared(one) == before
            {"<silence>": talk.silence, "<goodbye>": talk.goodbye}.get(one, lambda: talk.caller(one))()  # noqa: B023
    done = [outcome.act for exchange in talk.said for outcome in exchange.outcomes]
    ends = [act for act in done if isinstance(act, HangUp | Transfer)]
    rest = [act.id for act in done if not isinstance(act, HangUp | Transfer)]
    assert len(set(rest)) == len(rest)
    assert len(set(ends)) <= 1
    # One more question brings every value that is still to be corrected.
    kept = {act.key: act.value for act in done if isinstance(act, NoteValue)}
    kept |= {key: value for _, key, value in notes(talk.prepared("מה"))}
    position = position_after(talk.script, TODAY, talk.said)
    assert {key: value.value for key, value in position.kept.items()} == kept
