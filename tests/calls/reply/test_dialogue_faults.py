import re

from django.utils import translation
from django.utils.translation import gettext

from calls.reply.dialogue_faults import SENTENCES, DialogueFault, DialogueInvalid
from tests.paths import ROOT

SOURCE = "".join(path.read_text("utf-8") for path in sorted((ROOT / "calls/reply").glob("dialogue_*.py")))


def test_a_fault_says_where_and_what():
    fault = DialogueFault("steps.a.match", "unknown_step", {"step": "b"})
    assert str(fault) == "steps.a.match: there is no step b"
    assert str(DialogueInvalid([fault])) == "dialogue_invalid: steps.a.match: there is no step b"
    assert DialogueInvalid([fault]).code == "dialogue_invalid"


def test_every_sentence_is_used_and_every_code_has_one():
    used = set(re.findall(r'(?:fault\([^,\n]+|DialogueFault\([^,\n]+(?:\([^)]*\))?[^,\n]*), "(\w+)"', SOURCE))
    assert used <= set(SENTENCES)
    assert {code for code in SENTENCES if f'"{code}"' not in SOURCE.replace(f'"{code}":', "", 1)} == set()


def test_every_sentence_has_its_hebrew_with_the_same_names():
    with translation.override("he"):
        for sentence in SENTENCES.values():
            assert re.search("[א-ת]", gettext(sentence)), sentence
            assert sorted(re.findall(r"%\(\w+\)s", sentence)) == sorted(re.findall(r"%\(\w+\)s", gettext(sentence)))
