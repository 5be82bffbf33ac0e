"""What the floor keeps of a call."""

from calls.reply.floor_state import Pause, Question


def test_a_question_is_its_turns_in_the_order_in_which_they_were_spoken():
    question = Question({3: "בבוקר", 1: "תור"})
    assert question.text == "תור בבוקר"


def test_what_was_made_of_the_old_words_is_void_when_they_change():
    question = Question({1: "תור"}, waits=True, rests=True)
    question.changed()
    assert (question.waits, question.rests) == (False, False)


def test_who_spoke_under_our_sound_has_waited_since_its_end():
    pause = Pause(silent_from_ms=1000.0)
    assert pause.waited_ms(1500.0) == 500
    pause.ours_to_ms = 1400.0
    assert pause.waited_ms(1500.0) == 100


def test_our_sound_counts_in_a_pause_that_was_told_only_after_it():
    pause = Pause(silent_from_ms=0.0, ours_to_ms=1400.0).after(1300.0, 1520.0)
    assert (pause.number, pause.ended_ms, pause.waited_ms(1500.0)) == (1, 1520.0, 100)
    assert Pause(ours_to_ms=1400.0).after(3000.0).waited_ms(3500.0) == 500
