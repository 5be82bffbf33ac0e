"""What the floor keeps of a call."""

from calls.reply.floor_state import Question


def test_a_question_is_its_turns_in_the_order_in_which_they_were_spoken():
    question = Question({3: "בבוקר", 1: "תור"})
    assert question.text == "תור בבוקר"


def test_what_was_made_of_the_old_words_is_void_when_they_change():
    question = Question({1: "תור"}, waits=True, rests=True)
    question.changed()
    assert (question.waits, question.rests) == (False, False)
