"""What a profile's requests leave out, a step further at each refusal."""

from dataclasses import replace

from stt.engines.base import RecognitionOptions
from stt.engines.waivers import HINTS, MODEL, PUNCTUATION, Waivers
from stt.tuning import Tuning

ALL = Tuning(phrase_hints=("רחוב",), model="mine", profile="quick@1")


def refused_to_the_end(tuning):
    """The steps, and whether the last refusal was worth another request."""
    waivers, steps, again = Waivers(), [], True
    while again:
        asked = waivers.asked(tuning)
        steps.append(asked.waived)
        again = waivers.refused(tuning, asked)
    return steps, waivers.asked(tuning).waived


def test_the_settings_of_a_call_are_what_is_asked_for():
    asked = Waivers().asked(replace(ALL, language="he-IL"))
    assert (asked.options, asked.waived) == (RecognitionOptions("he-IL", "mine", ("רחוב",)), ())


def test_each_refusal_is_a_step_further_and_in_the_end_everything_stands_again():
    assert refused_to_the_end(ALL) == ([(), (HINTS,), (MODEL,), (HINTS, MODEL)], ())


def test_one_setting_is_left_out_before_two_are_and_punctuation_first():
    both = [(PUNCTUATION, HINTS), (PUNCTUATION, MODEL), (HINTS, MODEL)]
    steps = [(), (PUNCTUATION,), (HINTS,), (MODEL,), *both, (PUNCTUATION, HINTS, MODEL)]
    assert refused_to_the_end(replace(ALL, automatic_punctuation=True)) == (steps, ())


def test_punctuation_is_asked_for_where_it_is_set_and_until_it_is_refused():
    waivers, tuning = Waivers(), Tuning(automatic_punctuation=True)
    asked = waivers.asked(tuning)
    assert asked.options.punctuation and not waivers.asked(Tuning()).options.punctuation
    assert waivers.refused(tuning, asked)
    assert not waivers.asked(tuning).options.punctuation


def test_only_what_is_asked_for_is_left_out():
    assert refused_to_the_end(replace(ALL, model="")) == ([(), (HINTS,)], ())
    assert refused_to_the_end(Tuning()) == ([()], ())


def test_what_another_call_has_found_out_is_not_stepped_over():
    waivers = Waivers()
    asked = waivers.asked(ALL)
    assert waivers.refused(ALL, asked) and waivers.refused(ALL, asked)
    assert waivers.asked(ALL).waived == (HINTS,)


def test_a_changed_revision_asks_for_everything_again():
    waivers = Waivers()
    waivers.refused(ALL, waivers.asked(ALL))
    assert waivers.asked(replace(ALL, profile="quick@2")).waived == ()
