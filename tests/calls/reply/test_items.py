from typing import get_args

from calls.reply.items import Act, ActOutcome, ActStatus, Expect, ExpectationKind, HangUp, Item, Say


def test_every_act_is_an_item_and_has_an_id_of_its_own():
    assert set(get_args(Act)) < set(get_args(Item))
    assert all("id" in act.__dataclass_fields__ for act in get_args(Act))


def test_words_may_be_spoken_over_and_kept_unless_they_say_otherwise():
    assert Say("שלום").interruptible and Say("שלום").cacheable


def test_nothing_in_particular_is_expected_by_default():
    assert Expect().kind is ExpectationKind.OPEN


def test_an_outcome_has_no_code_when_the_act_was_done():
    assert ActOutcome(HangUp(), ActStatus.DONE).code == ""
