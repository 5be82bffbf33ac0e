"""What a dialogue says, text by text."""

from calls.reply.dialogue_checks import script_of
from calls.reply.dialogue_says import texts_of
from calls.reply.dialogue_text import plain_of
from calls.reply.voices.pointing import unpointed_words
from tests.calls.reply.dialogues import SMALL
from tests.paths import SAMPLES

SAVED = '\nexamples: [{talk: [{caller: אדום}], saved: {colour: אדום, phone: "0521234567"}}]'


def by_path(text):
    return {one.path: one for one in texts_of(script_of(plain_of(text)))}


def test_each_text_is_named_once_with_its_place():
    texts = by_path(SMALL)
    assert list(texts) == [
        "steps.colour.say",
        "steps.colour.again",
        "steps.colour.expect.values",
        "steps.phone.say",
        "steps.confirm.say",
        "steps.bye.say",
        "steps.person.say",
        "goodbye",
    ]


def test_a_text_with_a_value_in_it_is_not_fixed():
    texts = by_path(SMALL)
    assert [path for path, one in texts.items() if not one.is_fixed] == ["steps.phone.say", "steps.confirm.say"]
    assert texts["steps.bye.say"].example == "תודה"


def test_values_are_those_of_the_examples_as_they_are_said():
    texts = by_path(SMALL + SAVED)
    assert texts["steps.phone.say"].example == "אָדוֹם. מה הטלפון?"
    assert texts["steps.confirm.say"].example.startswith("אֶפֶס חָמֵשׁ שְׁתַּיִים, ")
    assert by_path(SMALL)["steps.confirm.say"].example == ", נכון?"


def test_a_letter_before_a_value_belongs_to_a_pointed_word():
    texts = by_path(SMALL.replace('"{phone}, נכון?"', '"ל{phone}, נכון?"'))
    assert texts["steps.confirm.say"].written_words == "לשָׁלוֹם, נכון?"


def test_the_sample_dialogue_is_pointed_throughout():
    script = script_of(plain_of((SAMPLES / "dialogues" / "booking.yaml").read_text("utf-8")))
    assert [word for one in texts_of(script) for word in unpointed_words(one.written_words)] == []
