"""What simulate_call is told, and what it shows of a conversation."""

import wave

import pytest
from django.core.management import CommandError, call_command

from calls.lab.call_report import CallReport
from calls.lab.caller_script import Cue, EndedBy
from calls.lab.echo_path import Echo
from calls.lab.played_audio import ClearedAudio, HeardAnswer, MarkEcho, MarkFate, PlayedAudio
from calls.lab.server_messages import StreamFault
from calls.lab.simulator import SimulatedCall
from calls.management.commands import simulate_call
from calls.models import PhoneLine
from calls.storage.rows import write
from stt.models import TuningProfile
from tests.calls.storage.sample_records import ENDED, STARTED, answer, turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls(settings, tmp_path, monkeypatch):
    """The calls that were placed."""
    settings.VAR_DIR = tmp_path
    placed = []

    async def run(self):
        placed.append(self)
        return CallReport(
            self.call_sid,
            played=[("yes.wav", 1900, 2400)],
            late_ms=[0.0],
            first_ms=100,
            ended_by=EndedBy.TOO_LONG,
            unspoken=1,
            sent_audio=[(0, bytearray(b"\x00" * 24_000))],
            heard=[PlayedAudio(8000, b"\x80" * 4000, ("a1",))],
            answers=[HeardAnswer(8000, 12_000)],
            clears=[ClearedAudio(12_000, 2400)],
            mark_fates=[MarkEcho("a1", MarkFate.REACHED, 12_000)],
            faults=[StreamFault(31951, "no JSON", 16_000)],
        )

    monkeypatch.setattr(SimulatedCall, "run", run)
    return placed


def test_a_conversation_is_told_by_say_and_shown_by_who_spoke_when(calls, tmp_path, capsys):
    call_command(
        "simulate_call",
        "--say=yes.wav@after-heard+500",
        "--say=hang-up@over",
        "--tail=3",
        "--longest=60",
        "--lose-marks=0.5",
        "--late-marks=70",
        "--late-clear=80",
        "--crossing-mark",
        "--interrupt=no.wav@600",
        "--echo=-25:250:gsm",
        "--calls=2",
        f"--wav={tmp_path / 'call.wav'}",
    )
    one, two = calls
    assert [(step.cue, step.ms) for step in one.script] == [(Cue.AFTER_HEARD, 500), (Cue.OVER, 0)]
    assert (one.tail_s, one.longest_s, one.clips) == (3, 60, [])
    habits = one.habits
    assert (habits.lose_marks, habits.late_marks_ms, habits.late_clear_ms, habits.crossing_mark) == (0.5, 70, 80, True)
    assert [(step.clip.name, step.cue, step.ms) for step in one.interruptions] == [("no.wav", Cue.OVER, 600)]
    assert one.echo == Echo(-25, 250, gsm=True)
    assert habits.seed != two.habits.seed
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[2:7] == [
        "1.10 to 1.60 s  line",
        "1.90 to 2.40 s  caller: yes.wav",
        "1.60 s  clear: 300 ms unplayed",
        "marks: 1 reached; ended by too_long, 1 clips not said",
        "2.10 s  31951: no JSON",
    ]
    for name in ("call.wav", "call-2.wav"):
        with wave.open(str(tmp_path / name)) as wav:
            assert (wav.getnchannels(), wav.getnframes()) == (2, 24_000)


def test_the_words_of_both_sides_are_shown_as_they_were_kept(calls, capsys, monkeypatch):
    monkeypatch.setattr("secrets.token_hex", lambda _: "1")
    write([STARTED, turn(text="שלום"), answer("MZ1"), ENDED])
    call_command("simulate_call", "yes.wav")
    shown = [line.split("s  ")[1] for line in capsys.readouterr().out.splitlines()[2:]]
    assert shown == [
        "caller  שלום",
        "line    שלום, במה אפשר לעזור?   (heard: שלום,; 1 withdrawn before it: the caller went on)",
    ]


def test_a_call_that_does_not_end_is_shown_with_a_warning(calls, capsys, monkeypatch):
    monkeypatch.setattr("secrets.token_hex", lambda _: "1")
    monkeypatch.setattr(simulate_call, "KEPT_TIMEOUT_S", 0)
    write([STARTED, turn(text="שלום")])
    call_command("simulate_call", "yes.wav")
    said = capsys.readouterr()
    assert "caller  שלום" in said.out
    assert "not_ended: CA1" in said.err


def test_every_option_says_what_it_does():
    parser = simulate_call.Command().create_parser("manage.py", "simulate_call")
    assert [action.dest for action in parser._actions if not action.help] == []


def test_recordings_are_played_as_before(calls):
    call_command("simulate_call", "yes.wav")
    (call,) = calls
    assert (call.script, call.tail_s, len(call.clips)) == ((), 1.5, 1)


def test_recordings_beside_an_interruption_wait_for_an_answer(calls):
    call_command("simulate_call", "yes.wav", "no.wav", "--interrupt=ah.wav@600")
    (call,) = calls
    assert [step.cue for step in call.script] == [Cue.AT, Cue.AFTER_HEARD]


def test_an_echo_that_makes_no_sense_is_one_sentence(calls):
    with pytest.raises(CommandError, match="^bad_echo: "):
        call_command("simulate_call", "yes.wav", "--echo=-25")


@pytest.mark.parametrize(
    "arguments", [(), ("a.wav", "--say=b.wav@over"), ("--say=b.wav",), ("--say=b.wav@over", "--say=c.wav@when")]
)
def test_a_script_that_makes_no_sense_is_one_sentence(calls, arguments):
    with pytest.raises(CommandError, match="^bad_script: "):
        call_command("simulate_call", *arguments)
    assert calls == []


LINE, OTHER = "+97235550100", "+97231234567"


def warned(capsys, *arguments):
    call_command("simulate_call", "yes.wav", *arguments)
    return capsys.readouterr().err.strip()


def test_a_number_that_is_no_line_is_said_with_what_its_call_will_be(calls, capsys):
    assert warned(capsys, f"--to={OTHER}") == (
        f"unknown_line: {OTHER} is no line (there is none yet: add one in the admin). The call is heard with the "
        "default profile and only transcribed: nobody greets or answers."
    )
    profile = TuningProfile.objects.create(name="default", is_default=True)
    PhoneLine.objects.create(number=LINE, name="מכירות", profile=profile, responder="repeat")
    assert f"there are: {LINE} (מכירות)" in warned(capsys, f"--to={OTHER}")
    assert len(calls) == 2
    assert warned(capsys, "--to=03-555-0100") == ""


def test_a_line_that_only_transcribes_is_said_to_be_one(calls, capsys):
    profile = TuningProfile.objects.create(name="default", is_default=True)
    line = PhoneLine.objects.create(number=LINE, name="מכירות", profile=profile)
    assert warned(capsys) == f"silent_line: {LINE} (מכירות) only transcribes: nobody answers."
    line.greeting = "שלום"
    line.save()
    assert warned(capsys).endswith("greets and then only transcribes: nobody answers.")


def test_a_line_whose_responder_is_unknown_here_is_said_to_be_one(calls, capsys):
    profile = TuningProfile.objects.create(name="default", is_default=True)
    PhoneLine.objects.create(number=LINE, name="מכירות", profile=profile, responder="later")
    assert warned(capsys).startswith(f"responder_unknown: {LINE} (מכירות) is to be answered by 'later', and there are:")


def test_of_another_server_nothing_is_known_here(calls, capsys):
    assert warned(capsys, "--base-url=http://127.0.0.1:9000") == ""


def test_a_wav_that_cannot_be_written_is_one_sentence(calls, tmp_path):
    with pytest.raises(CommandError, match="^not_written: "):
        call_command("simulate_call", "yes.wav", f"--wav={tmp_path / 'none' / 'call.wav'}")
