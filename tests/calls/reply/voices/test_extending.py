"""docs/extending.md shows the voice that the tests run, and names what there is."""

import re

import pytest

from calls.reply.phrases import PhraseCache
from calls.reply.voices.espeak import EspeakVoices
from calls.reply.voices.recorded import Prompts
from calls.reply.voices.registry import Voices
from tests.calls.reply.voices.toy import ToyVoices
from tests.paths import ROOT

PAGE = (ROOT / "docs/extending.md").read_text("utf-8")
SECTION = PAGE[PAGE.index("## A voice") :].split("\n## ")[0]
VOICE, RIG, USE = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)


def test_the_voice_of_the_page_is_the_toy():
    assert (ROOT / "tests/calls/reply/voices/toy.py").read_text("utf-8") == VOICE


def test_it_is_short():
    assert len(VOICE.splitlines()) <= 100


def test_the_rig_of_the_page_is_the_toys():
    assert RIG in (ROOT / "tests/calls/reply/voices/test_toy.py").read_text("utf-8")


def test_the_use_of_the_page_works(tmp_path):
    names = {"Voices": Voices, "ToyVoices": ToyVoices, "EspeakVoices": EspeakVoices, "Prompts": Prompts}
    exec(USE, names | {"phrases": PhraseCache(tmp_path, 1)}, used := {})  # noqa: S102 - our own page
    assert used["voices"].default_name() == "toy:he"
    assert used["voices"].render_now("", ["שלום"]) == {}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([a-z_/]+(?:\.py|/))`", SECTION))))
def test_every_place_that_the_page_names_exists(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("name", "path"), re.findall(r"`(\w+)` \(`([a-z_/]+\.py)`\)", SECTION))
def test_every_name_is_where_the_page_says(name, path):
    assert re.search(rf"^(async def|class|def) {name}\b", (ROOT / path).read_text("utf-8"), re.MULTILINE)
