"""Why a call waits, in words."""

from django.utils import translation

from calls.desk.review.queue.reasons import SAID, shown_reasons
from calls.storage.doubt import POINTS


def test_every_reason_has_its_words_in_the_order_of_its_points():
    assert list(SAID) == list(POINTS)


def test_a_failed_answer_is_said_with_what_its_code_means():
    reasons = {"gave_up": 1, "answer_failed:voice_raised": 2, "answer_failed:of_a_later_version": 1, "of_later": 3}
    with translation.override("en"):
        assert shown_reasons(reasons) == [
            "answers failed until the line gave the call up",
            "2 answers failed: the voice failed",
            "1 answer failed: of_a_later_version",
        ]
    with translation.override("he"):
        assert shown_reasons({"answer_failed:voice_raised": 2})[0].startswith("2 תשובות נכשלו: ")
