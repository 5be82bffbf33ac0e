"""The script of the emulated language model."""

import json

import pytest

from calls.lab.emulator.llm_script import (
    LlmScript,
    LlmScriptError,
    ScriptedAnswer,
    ScriptedRule,
    ScriptedTool,
    in_pieces,
)


def test_the_first_rule_that_fits_answers():
    script = LlmScript([ScriptedRule(r"מספר (\d+)", r"רשמתי \1"), ScriptedRule("", "מה?")])
    assert script.answer([{"role": "user", "content": "מספר 12"}]).text == "רשמתי 12"
    assert script.answer([{"role": "user", "content": None}]).text == "מה?"
    assert LlmScript([]).answer([]) == ScriptedAnswer("")


def test_a_script_is_read_from_a_file(tmp_path):
    path = tmp_path / "script.json"
    path.write_text(json.dumps([{"when": "ביי", "say": "ביי", "tools": [{"name": "hang_up"}]}]), "utf-8")
    assert LlmScript.from_file(path).answer([{"content": "ביי"}]).tools == (ScriptedTool("hang_up"),)


@pytest.mark.parametrize("text", ["{", "[{}]", '[{"when": "("}]', '[{"when": "a", "what": 1}]'])
def test_a_script_that_cannot_be_used_is_refused(tmp_path, text):
    path = tmp_path / "script.json"
    path.write_text(text)
    with pytest.raises(LlmScriptError):
        LlmScript.from_file(path)
    with pytest.raises(LlmScriptError):
        LlmScript.from_file(tmp_path / "none.json")


def test_an_answer_streams_in_pieces_that_make_it_up():
    answer = ScriptedAnswer("שלום לך, מה שלומך?", (ScriptedTool("transfer", {"person": "דנה"}),))
    for whole in (False, True):
        deltas = in_pieces(answer, tools_whole=whole, ids="c")
        assert "".join(one.get("content", "") for one in deltas) == answer.text
        parts = [one["tool_calls"][0]["function"] for one in deltas if "tool_calls" in one]
        assert json.loads("".join(one["arguments"] for one in parts)) == {"person": "דנה"}
        assert (len(parts) == 1) is whole
