"""docs/extending.md shows the responder that the tests run, and docs/answering.md a dialogue that passes."""

import re

from calls.reply.dialogue_checks import script_of
from calls.reply.dialogue_examples import results_of
from calls.reply.dialogue_format import MAX_ATTEMPTS, MAX_BYTES, ReadAs
from calls.reply.dialogue_text import plain_of
from calls.reply.responders.catalogue import ResponderEntry
from tests.calls.reply.responders.toy import ToyResponder
from tests.paths import ROOT

PAGE = (ROOT / "docs/extending.md").read_text("utf-8")
RESPONDER, RIG, ROW = re.findall(r"```python\n(.*?)```", PAGE.split("## A responder")[1].split("\n## ")[0], re.DOTALL)
TOY = ROOT / "tests/calls/reply/responders/toy.py"
ANSWERING = (ROOT / "docs/answering.md").read_text("utf-8")


def test_the_responder_of_the_page_is_the_toy():
    assert TOY.read_text("utf-8") == RESPONDER


def test_a_responder_is_short():
    assert RESPONDER.count("\n") <= 100


def test_the_rig_of_the_page_is_the_toys():
    assert RIG in TOY.with_name("test_toy.py").read_text("utf-8")


def test_the_row_of_the_page_makes_the_toy():
    entry = eval(ROW, {"ResponderEntry": ResponderEntry, "ToyResponder": ToyResponder, "_": str})  # noqa: S307
    assert entry.make(None).name == entry.name


def test_the_dialogue_of_the_page_passes():
    text = re.search(r"<!-- dialogue -->\n```yaml\n(.*?)```", ANSWERING, re.DOTALL)[1]
    (result,) = results_of(script_of(plain_of(text)))
    assert result.passed, str(result)


def test_the_page_has_the_dialogues_numbers():
    assert f"at most {MAX_BYTES // 1000} kB" in ANSWERING
    assert f"1 to {MAX_ATTEMPTS} (2)" in ANSWERING
    for read_as in ReadAs:
        assert f"`{read_as}`" in ANSWERING
