"""docs/extending.md shows the engine that the tests run, and names what there is."""

import re

import pytest

from stt.engines.catalogue import EngineEntry
from stt.engines.google import google_at
from stt.engines.registry import EngineRegistry
from tests.paths import ROOT
from tests.stt.engines.toy import ToyEngine

PAGE = (ROOT / "docs/extending.md").read_text("utf-8")
SECTION = PAGE[PAGE.index("## A speech engine") :].split("\n## ")[0]
ENGINE, RIG, ROW, USE = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)


def test_the_engine_of_the_page_is_the_toy():
    assert (ROOT / "tests/stt/engines/toy.py").read_text("utf-8") == ENGINE


def test_the_rig_of_the_page_is_the_toys():
    assert RIG in (ROOT / "tests/stt/engines/test_toy.py").read_text("utf-8")


def test_the_row_of_the_page_is_one_and_makes_the_toy():
    entry = eval(ROW, {"EngineEntry": EngineEntry, "ToyEngine": ToyEngine})  # noqa: S307 - our own page
    assert entry.missing({}) == "TOY_API_KEY"
    assert entry.missing({"TOY_EMULATOR_HOST": "127.0.0.1:9"}) == ""
    engine = entry.engine_at(dict.fromkeys(entry.variables, ""))("")
    assert (engine.name, engine.model in entry.models) == (entry.name, True)


def test_the_use_of_the_page_works():
    names = {"EngineRegistry": EngineRegistry, "google_at": google_at, "ToyEngine": ToyEngine}
    exec(USE, names | {"endpoint": "", "emulator": "127.0.0.1:9"}, used := {})  # noqa: S102 - our own page
    assert (used["recognition"].streaming.name, used["recognition"].one_shot_name) == ("emulator", "toy")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([a-z_/]+(?:\.py|/))`", PAGE))))
def test_every_place_that_the_page_names_exists(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("name", "path"), re.findall(r"`(\w+)` \(`([a-z_/]+\.py)`\)", PAGE))
def test_every_name_is_where_the_page_says(name, path):
    assert re.search(rf"^(class|(?:async )?def) {name}\b", (ROOT / path).read_text("utf-8"), re.MULTILINE)
