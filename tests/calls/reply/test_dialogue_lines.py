"""On which line of a dialogue each of its values stands."""

import json

import pytest

from calls.reply.dialogue_lines import DialogueLines

TEXT = """# first
start: a
steps:
  a:
    say: >
      a text
      below
    match: {"yes": b}
  b: {next: hang_up}
examples:
  - name: one
    talk:
      - {caller: x, step: a}
"""


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("start", "line 2: "),
        ("steps.a.say", "line 5: "),
        ("steps.a.match.yes", "line 8: "),
        ("steps.b.next", "line 9: "),
        ("steps.b.missing.below", "line 9: "),
        ("examples.0.talk.0.step", "line 13: "),
        ("examples.0.talk.7.step", "line 12: "),
        ("goodbye", ""),
        ("", ""),
    ],
)
def test_a_path_has_the_line_of_its_key_or_of_what_is_there_of_it(path, said):
    assert DialogueLines(TEXT).said(path) == said


def test_json_has_lines_too():
    assert DialogueLines(json.dumps({"start": "a", "steps": {"a": {}}}, indent=1)).said("steps.a.next") == "line 4: "


@pytest.mark.parametrize("text", ["", "a: [", "[" * 50_000, "a: &a [*a, *a]", "a: &a [1]\nb: &b [*a, *a]\nc: [*b, *b]"])
def test_of_a_text_that_is_no_dialogue_nothing_fails(text):
    assert DialogueLines(text).said("steps.a") == ""
