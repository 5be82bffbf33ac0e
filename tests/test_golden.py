"""The code does what it did: golden records of calls (benchmarks/golden*.py say how each is renewed)."""

import json

import pytest

from benchmarks import golden, golden_answers, golden_demo, golden_stored, golden_whatif
from calls.whatif.answers_again import Begins, Stops


@pytest.mark.parametrize("first", range(0, golden.CALLS, 50))
def test_every_action_of_a_random_call_is_as_it_was(first):
    expected = golden.kept()[first : first + 50]
    played = golden.records([one["seed"] for one in expected])
    for before, now in zip(expected, played, strict=True):
        # The turns first: they can be read.
        assert now["turns"] == before["turns"], f"python -m benchmarks.golden --seed {before['seed']}"
        assert {name: now[name] for name in before} == before, f"python -m benchmarks.golden --seed {before['seed']}"


def test_what_if_says_of_the_sample_calls_what_it_said():
    for before, now in zip(golden_whatif.kept(), golden_whatif.records(), strict=True):
        assert json.loads(json.dumps(now)) == before
        assert now["own"]["turns"] == now["heard"]


def test_every_stored_answer_is_the_same_at_its_own_settings():
    conversations = golden_answers.kept()
    changes = [change for one in conversations.values() for change in one.at()]
    assert len(changes) == sum(len(one.answers) for one in conversations.values()) == 15
    assert {change.begins for change in changes} == {None, Begins.SAME}
    assert {change.stops for change in changes} == {Stops.SAME}


def changed(name, **settings):
    """What of a stored conversation's answers is otherwise, by their place."""
    found = enumerate(golden_answers.kept()[name].at(**settings), 1)
    return {place: (str(one.begins), str(one.stops), one.words) for place, one in found if one.is_changed}


def test_what_if_says_of_the_stored_answers_what_other_settings_do():
    early = changed("repeat", answer_pause_ms=700)
    assert early == {2: ("earlier", "same", ""), 3: ("early", "same", ""), 4: ("earlier", "same", "")}
    assert changed("hours", barge_in_ms=1200, stop_words=()) == {
        1: ("None", "plays_on", "כן כן"),
        2: ("None", "missed", "וביום שישי"),
    }


def test_what_was_stored_is_read_as_it_was(db, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    now = golden_stored.read(tmp_path)
    before = golden_stored.kept()
    assert now.keys() == before.keys()
    for name, text in now.items():
        assert text == before[name], f"python -m benchmarks.golden_stored, {name}"


def test_what_is_stored_now_has_every_field_that_it_had(tmp_path):
    """Fields may come; none goes or is renamed."""
    golden_stored.write(tmp_path)
    for before in golden_stored.STORED.iterdir():
        now = tmp_path / before.name
        if before.suffix == ".vrec":
            assert now.read_bytes() == before.read_bytes()
            continue
        lines, lines_before = ([*map(json.loads, path.read_bytes().splitlines())] for path in (now, before))
        for i, (line, line_before) in enumerate(zip(lines, lines_before, strict=True)):
            assert golden_stored.holds(line, line_before), f"{before.name}, line {i + 1}: {line}"


EXPORT = next(line for line in golden_stored.kept()["export.jsonl"].splitlines() if golden_stored.CALL in line)


def change(export, **fields):
    """The export with other values in its first turn and its call."""
    call = json.loads(export)
    call["turns"][0] |= {name: value for name, value in fields.items() if name in call["turns"][0]}
    return json.dumps(call | {name: value for name, value in fields.items() if name in call}, ensure_ascii=False)


@pytest.mark.parametrize(
    "fields",
    [
        {"call_sid": "CA" + "0" * 32, "stream_sid": "MZ" + "1" * 32, "ended_at": "2026-11-26T10:00:00+00:00"},
        {"partial_ms": None, "final_ms": 900, "source": "early", "unvoiced": True, "attempts": 3},
        {"frames_lost": 9, "speech_ms": 1, "started_ms": 1, "ended_ms": 2},
    ],
)
def test_what_varies_from_demo_to_demo_is_no_difference(fields):
    sids = {"call_sid": "CA" + "a" * 32, "stream_sid": "MZ" + "b" * 32}
    one = golden_demo.frozen(change(EXPORT, **sids))
    assert golden_demo.frozen(change(EXPORT, **(sids | fields))) == one


@pytest.mark.parametrize(
    "fields",
    [{"text": "אחר", "revised_text": None}, {"partial_ms": 1.5}, {"started_at": "2026"}, {"source": "x"},
     {"end_reason": "x"}, {"tuning": {}}, {"total_ms": 5.5}, {"to_number": ""}, {"number": "1"}],
)  # fmt: skip
def test_another_text_type_or_value_of_the_demo_is_one(fields):
    assert golden_demo.frozen(change(EXPORT, **fields)) != golden_demo.frozen(EXPORT)


@pytest.mark.parametrize("of_a_turn", [False, True])
@pytest.mark.parametrize("what", ["goes", "comes", "moves"])
def test_a_field_that_goes_comes_or_moves_is_one(what, of_a_turn):
    call = json.loads(EXPORT)
    fields = call["turns"][0] if of_a_turn else call
    value = fields["total_ms" if of_a_turn else "status"]
    if what != "comes":
        del fields["total_ms" if of_a_turn else "status"]
    if what != "goes":
        fields["new" if what == "comes" else "total_ms" if of_a_turn else "status"] = value
    now, before = golden_demo.frozen(json.dumps(call)), golden_demo.frozen(EXPORT)
    assert [golden_demo.in_order(one) for one in now] != [golden_demo.in_order(one) for one in before]


def test_a_call_that_nobody_answers_has_no_total():
    call = json.loads(EXPORT)
    unanswered = [turn for turn in call["turns"] if turn["speaker"] == "caller"]
    one, other = (json.dumps(call | {"turns": [turn | {"total_ms": ms} for turn in unanswered]}) for ms in (None, 5))
    assert golden_demo.frozen(one) != golden_demo.frozen(other)
