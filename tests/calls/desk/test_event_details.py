"""What stands beside an event, in the page's language."""

import ast
import re

import pytest
from django.utils import translation

from calls.desk.event_details import THEIRS, shown_detail
from calls.reply.responders.llm import _CUTS
from tests.paths import ROOT

SAYS = {"VoiceError": 1, "ResponderError": 1, "WavError": 0, "note": 1}
"""Whose argument at this place can be a sentence of an event's detail."""
THEIR_OWN = {"f'{type(error).__name__}: {error}'", "f'{BINARY}: {error}'", "f'{path.name}: {error}'"}
"""Another one's sentence, behind its name."""
NO_EVENTS = ("path.name", "No voice can be used here", "cannot be used: {why}")
"""Said by commands and forms alone; why a voice cannot be used is looked at below."""
SAMPLES = {"status": "429", "_code": " (insufficient_quota)", "found": "text/html", "__name__": "ConnectError"}


def sample_of(node):
    """A sentence as the source writes it, its holes filled."""
    if isinstance(node, ast.Constant):
        return node.value
    parts = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(part.value)
        else:
            hole = ast.unparse(part)
            parts.append(next((text for name, text in SAMPLES.items() if name in hole), "'7'" if "!r" in hole else "7"))
    return "".join(parts)


def sentences():
    """Of what speaks and what answers."""
    for path in [*(ROOT / "calls/reply").rglob("*.py"), ROOT / "calls/process/answerers.py", ROOT / "stt/wavfile.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", ""))
            place = SAYS.get(name)
            if place is None or len(node.args) <= place or "text_unspeakable" in ast.unparse(node.args[0]):
                continue
            for one in (
                (node.args[place].body, node.args[place].orelse)
                if isinstance(node.args[place], ast.IfExp)
                else [node.args[place]]
            ):
                source = ast.unparse(one)
                if (
                    isinstance(one, ast.Constant | ast.JoinedStr)
                    and source not in THEIR_OWN
                    and not any(part in source for part in NO_EVENTS)
                ):
                    yield sample_of(one)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            # Why a model failed is put together first.
            if path.name == "llm.py" and isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "why":
                yield sample_of(node.value)
            if isinstance(node, ast.FunctionDef) and node.name == "_why_no_end":
                yield from (sample_of(one.value) for one in ast.walk(node) if isinstance(one, ast.Return))
    yield from _CUTS.values()
    yield "google:he-IL-Wavenet-A cannot be used: GOOGLE_APPLICATION_CREDENTIALS is not set, nor is TTS_EMULATOR_HOST."
    yield "espeak:he cannot be used: espeak-ng is not installed (apt install espeak-ng)."


def test_every_sentence_of_our_own_is_said_in_hebrew():
    said = {one for one in sentences() if " " in one}
    assert len(said) > 25
    with translation.override("he"):
        theirs = str(THEIRS).partition("%")[0]
        assert [one for one in said if not re.search("[א-ת]", shown_detail(one)) or theirs in shown_detail(one)] == []


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("The line has no voice.", "לקו אין קול."),
        ("The model kept the caller waiting.", "המודל השאיר את המתקשר ממתין."),
        (
            "google:he-IL-Wavenet-A: No sound came within 2.5 s.",
            "\u2068google:he-IL-Wavenet-A\u2069: לא נשמע קול בתוך 2.5 שניות.",
        ),
        ("espeak-ng: this is no WAV file.", "\u2068espeak-ng\u2069: אין זה קובץ WAV."),
        ("The model's server answered 503.", "שרת המודל השיב בשגיאה 503."),
    ],
)
def test_why_an_answer_failed_is_said_in_hebrew(detail, shown):
    with translation.override("he"):
        assert shown_detail(detail) == shown


@pytest.mark.parametrize(
    ("detail", "before", "theirs"),
    [
        ("ResourceExhausted: 429 Quota exceeded\nfor metric", "", "ResourceExhausted: 429 Quota exceeded\nfor metric"),
        ("google:he-IL-A: RuntimeError: x", "\u2068google:he-IL-A\u2069: ", "RuntimeError: x"),
        ("My own responder is tired.", "", "My own responder is tired."),
    ],
)
def test_what_a_vendor_says_stands_as_it_is_and_apart(detail, before, theirs):
    with translation.override("he"):
        assert shown_detail(detail) == f"{before}בלשון הספק: \u2068{theirs}\u2069"


@pytest.mark.parametrize(
    "detail",
    ["Transfer, Dana Levi: no_such_person", "google → emulator:deepgram: unavailable", "ZeroDivisionError", ""],
)
def test_names_and_codes_are_no_words_of_a_vendor(detail):
    with translation.override("he"):
        assert "בלשון הספק" not in shown_detail(detail)
