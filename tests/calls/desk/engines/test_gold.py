"""Corrected turns with their audio: whose, for whom, and there and back."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command

from calls.desk.engines import gold
from calls.desk.engines.gold import LIST, GoldError, read, write
from calls.desk.review.listening import LEAD_MS, TAIL_MS
from calls.models import AccessEntry, PhoneLine
from calls.storage.recording import HEADER, SLOT_BYTES, SLOT_HEADER
from stt.audio import BYTES_PER_MS, duration_ms
from stt.wavfile import wav_of
from tests.calls.desk.engines.conftest import LINE, ONE, THREE, TWO, correct
from tests.calls.storage.test_kept_files import change

pytestmark = pytest.mark.django_db


def taken_by(*of_whom, **options):
    return gold.taken_by(*of_whom, **options).turns


def said(turns):
    return [(turn.call_sid, turn.turn, turn.said) for turn in turns]


def test_corrected_turns_are_taken_with_their_audio_the_newest_call_first(corrected, reviewer):
    turns = taken_by(reviewer)
    assert said(turns) == [("CA1", 1, "אחת"), ("CA1", 3, "שלוש"), ("CA2", 1, "ארבע")]
    first = turns[0]
    assert (first.heard, first.engine, first.source, first.line) == ("אחד", "google", "final", LINE)
    assert duration_ms(first.ulaw) == LEAD_MS + 400 + TAIL_MS
    assert first.speech_ends_ms == LEAD_MS + 400
    assert first.ulaw[LEAD_MS * BYTES_PER_MS :][: len(ONE)] == ONE


def test_the_newest_correction_counts_and_a_withdrawn_one_does_not(corrected, reviewer):
    correct(corrected[0], 1, "אחת ועוד", number=2)
    correct(corrected[0], 3, withdrawn=True, number=2)
    assert said(taken_by(reviewer)) == [("CA1", 1, "אחת ועוד"), ("CA2", 1, "ארבע")]


def test_where_nothing_was_said_is_gold_too(make_call, reviewer):
    make_call("CA1", [(ONE, "אחת", "")])
    assert said(taken_by(reviewer)) == [("CA1", 1, "")]


def test_so_many_are_taken(corrected, reviewer):
    assert said(taken_by(reviewer, last=2)) == [("CA1", 1, "אחת"), ("CA1", 3, "שלוש")]


def test_only_calls_from_the_day_on_that_the_line_says(corrected, line, reviewer):
    line.gold_since += timedelta(days=1, minutes=-7)
    line.save()
    assert said(taken_by(reviewer)) == [("CA1", 1, "אחת"), ("CA1", 3, "שלוש")]


def test_of_a_line_that_says_nothing_no_turn_is_taken(corrected, line, reviewer):
    line.gold_since = None
    line.save()
    assert taken_by(reviewer) == []
    with pytest.raises(GoldError) as refused:
        taken_by(reviewer, LINE)
    assert refused.value.code == "gold_not_allowed"


def test_of_one_line_alone(corrected, line, reviewer):
    PhoneLine.objects.create(number="+97235550101", name="שירות", profile=line.profile, gold_since=line.gold_since)
    assert taken_by(reviewer, "+97235550101") == []
    assert len(taken_by(reviewer, LINE)) == 3
    with pytest.raises(GoldError) as refused:
        taken_by(reviewer, "+97235550102")
    assert refused.value.code == "unknown_line"


@pytest.mark.parametrize("group", ["supervisor", "tuner"])
def test_who_may_not_listen_and_export_gets_nothing_and_leaves_no_row(corrected, group):
    user = User.objects.create_user(group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    with pytest.raises(GoldError) as refused:
        taken_by(user)
    assert refused.value.code == "gold_not_allowed"
    assert not AccessEntry.objects.exists()


def test_who_took_from_how_many_calls_is_noted(corrected, reviewer):
    taken_by(reviewer)
    (row,) = AccessEntry.objects.all()
    assert (row.kind, row.username, row.calls) == ("gold", "dana", 2)


def test_a_turn_without_a_recording_is_left_out(corrected, reviewer, settings):
    (settings.VAR_DIR / "recordings" / "CA2.vrec").unlink()
    assert {turn.call_sid for turn in taken_by(reviewer)} == {"CA1"}


def test_a_turn_of_which_sound_is_damaged_is_left_out_and_said(make_call, reviewer, settings, tmp_path, capsys):
    make_call("CA1", [(ONE, "אחת", "אחת"), (TWO, "שתיים", "שתיים"), (THREE, "שלוש", "שלוש")])
    make_call("CA2", [(ONE, "אחת", "אחת")], ago=timedelta(minutes=9))
    (settings.VAR_DIR / "recordings" / "CA2.vrec").unlink()
    path = settings.VAR_DIR / "recordings" / "CA1.vrec"
    # The second second: all of the second turn.
    change(path, len(HEADER) + SLOT_BYTES + SLOT_HEADER.size)
    found = gold.taken_by(reviewer)
    assert said(found.turns) == [("CA1", 1, "אחת"), ("CA1", 3, "שלוש")]
    assert found.left_out == {"recording_damaged": 1, "no_recording": 1}
    call_command("gold", "--out", tmp_path / "gold", "--user", "dana")
    told = capsys.readouterr().err
    assert "left out, recording_damaged: 1 turns: " in told and "left out, no_recording: 1 turns: " in told
    for second in (0, 2):
        change(path, len(HEADER) + second * SLOT_BYTES + SLOT_HEADER.size)
    with pytest.raises(CommandError, match="^no_gold: .*\nleft out"):
        call_command("gold", "--out", tmp_path / "more", "--user", "dana")


def test_a_turn_at_the_end_of_a_recording_that_was_cut_off_is_left_out(corrected, reviewer, settings):
    path = settings.VAR_DIR / "recordings" / "CA1.vrec"
    path.write_bytes(path.read_bytes()[: len(HEADER) + 2 * SLOT_BYTES])
    found = gold.taken_by(reviewer)
    assert said(found.turns) == [("CA1", 1, "אחת"), ("CA2", 1, "ארבע")]
    assert found.left_out.total() == 1


def test_a_folder_gives_back_what_was_written_into_it(corrected, reviewer, tmp_path):
    turns = taken_by(reviewer)
    write(tmp_path / "gold", turns)
    assert read(tmp_path / "gold") == turns
    assert sorted(path.name for path in (tmp_path / "gold").iterdir()) == [
        "CA1-1.wav", "CA1-3.wav", "CA2-1.wav", LIST,
    ]  # fmt: skip


def test_a_folder_is_not_written_over(corrected, reviewer, tmp_path):
    folder = tmp_path / "gold"
    write(folder, taken_by(reviewer))
    for code in ("gold_exists", "not_empty"):
        with pytest.raises(GoldError) as refused:
            write(folder, [])
        assert refused.value.code == code
        (folder / LIST).unlink(missing_ok=True)


def test_somebody_elses_gold_needs_a_text_and_a_file(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav_of(ONE))
    (tmp_path / LIST).write_text(json.dumps({"wav": "a.wav", "said": "אחת"}) + "\n", "utf-8")
    (turn,) = read(tmp_path)
    assert (turn.said, turn.ulaw, turn.speech_ends_ms, turn.call_sid) == ("אחת", ONE, 400, "")


OF_A_FILE = '{"wav": "a.wav", "said": "אחת", %s}'
UNREADABLE = [
    "{", "[]", "7", "[" * 100_000, "{}", '{"wav": "a.wav"}',
    '{"wav": "../a.wav", "said": ""}', '{"wav": "b.wav", "said": ""}', r'{"wav": "a\u0000.wav", "said": ""}',
    r'{"wav": "a.wav", "said": "\ud800"}', r'{"wav": "a.wav", "said": "\u0000"}',
    OF_A_FILE % r'"call_sid": "\ud800"', OF_A_FILE % r'"line": "\u0000"',
    OF_A_FILE % '"turn": -5', OF_A_FILE % '"turn": 99999999999999999999', OF_A_FILE % '"turn": 1e400',
    OF_A_FILE % '"turn": NaN', OF_A_FILE % '"turn": null', OF_A_FILE % '"turn": []',
    OF_A_FILE % '"speech_ends_ms": 1e400', OF_A_FILE % '"speech_ends_ms": -1',
    OF_A_FILE % f'"turn": 1{"0" * 5000}',
]  # fmt: skip


@pytest.mark.parametrize("row", UNREADABLE, ids=lambda row: row[:50])
def test_what_cannot_be_read_or_kept_is_said_with_its_line(tmp_path, row):
    (tmp_path / "a.wav").write_bytes(wav_of(ONE))
    (tmp_path.parent / "a.wav").write_bytes(wav_of(ONE))
    (tmp_path / LIST).write_text("\n".join((OF_A_FILE % '"turn": 1', "", row)), "utf-8")
    with pytest.raises(GoldError) as refused:
        read(tmp_path)
    assert refused.value.code == "gold_unreadable" and f"{LIST}, line 3: " in refused.value.message


def test_a_text_with_line_ends_of_unicode_is_one_line_of_the_list(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav_of(ONE))
    (tmp_path / LIST).write_text(OF_A_FILE % '"heard": "שורה\u2028שנייה\x85"', "utf-8")
    assert read(tmp_path)[0].heard == "שורה\u2028שנייה\x85"


def test_no_folder_is_said_as_well(tmp_path):
    with pytest.raises(GoldError):
        read(tmp_path / "none")
