"""Everything about one phone number: a copy of it, and nothing left of it."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from calls.core.agent_turns import AgentTurn, PlayedPart
from calls.core.turns import Source, Turn
from calls.desk.privacy.holding import place
from calls.desk.review.corrections import save
from calls.desk.review.queue.reviewing import write_note
from calls.models import (
    AccessEntry,
    Call,
    CallTag,
    EngineMeasurement,
    MeasuredTurn,
    PhoneLine,
    SupervisorAction,
    Transcript,
    TurnMark,
)
from calls.storage import rows
from calls.storage.journal import Journal
from calls.storage.queued_calls import queue_ended
from calls.storage.recording import file_name, line_file
from calls.storage.recording_disk import RecordingDisk
from calls.storage.records import AgentTurnSaved, CallEnded, CallStarted, EventNoted, TurnSaved, ValueSaved
from stt.models import TuningProfile
from tests.calls.storage.test_recording import frames, record, record_line
from tests.rows import LINE
from tests.storage_keys import (
    OLD,
    plain_and_encrypted,  # noqa: F401 - a fixture
    under,
)

pytestmark = pytest.mark.django_db(transaction=True)
A, B = "+972507654321", "+972527654321"
WORDS_A, WORDS_B = "ארטישוק", "תרנגולת"
SPELLINGS_A = [A, "972507654321", "0507654321", "050-765-4321", "050-7654321", "507654321"]


@pytest.fixture(autouse=True)
def line(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    profile = TuningProfile.objects.create(name="default", is_default=True)
    return PhoneLine.objects.create(number=LINE, name="line", profile=profile, keeps_callers_words=True)


def records_of(sid, number, words):
    """Of a call that said these words, and its number, in every way that a call keeps words."""
    now = timezone.now() - timedelta(minutes=5)
    path = f"recordings/20260101/{file_name(sid)}-MZ1.vrec"
    said = f"{words} 0{number[4:6]}-{number[6:9]}-{number[9:]}"
    yield CallStarted(sid, "MZ1", now, number, LINE, {}, "host:1", 0, path)
    yield EventNoted(sid, 1, now, "fallback", "", "MZ1")
    yield TurnSaved(sid, Turn(1, 0, 900, f"אמרתי {said}", Source.FINAL, revised_text=said, revision=1), "MZ1")
    yield AgentTurnSaved(sid, AgentTurn(5001, 1000, 2000, f"שמעתי {said}", PlayedPart(f"שמעתי {said}", 900)), "MZ1")
    yield ValueSaved(sid, "city", said, True, 1, "MZ1")
    yield CallEnded(sid, "MZ1", now + timedelta(minutes=1), "stop", 100, 0, 900)


def leave_a_call(var_dir, sid, number, words, journal):
    """Its rows, what people wrote of it, its files, and its lines in a running process's journal."""
    records = list(records_of(sid, number, words))
    journal.append(records)
    rows.write(records)
    path = var_dir / records[0].recording
    record(path, [(20 * i, frame) for i, frame in enumerate(frames(60))])
    record_line(path, [(600, b"\x00" * 1600)])
    disk = RecordingDisk()
    disk.start()
    disk.put(path.with_suffix(".trace"), f'{{"event": "Final", "words": ["{words}"]}}\n'.encode())
    for kept in (path, line_file(path), path.with_suffix(".trace")):
        disk.finish(kept)
    disk.stop(10)
    path.with_suffix(".peaks").write_text("{}")
    call = Call.objects.get(call_sid=sid)
    boss, _ = User.objects.get_or_create(username="boss", is_superuser=True)
    turn = call.turns.get(number=1)
    save(turn, boss, seen=0, text=f"{words} {number}")
    save(turn, boss, seen=1, text=f"{words} שוב {number}")
    write_note(call, boss, f"{words} {number}")
    by = {"user": boss, "username": "boss", "made_at": timezone.now()}
    TurnMark.objects.create(call=call, turn=1, kind="unclear", **by)
    CallTag.objects.create(call=call, name=words, **by)
    SupervisorAction.objects.create(call_sid=sid, kind="end", username="boss", asked_at=timezone.now(), user=boss)
    measurement = EngineMeasurement.objects.create(made_at=timezone.now(), turns=1, calls=1)
    MeasuredTurn.objects.create(measurement=measurement, call=call, turn=1, engine="toy", said=words, heard=words)
    queue_ended()
    return call


def dump():
    """Every value of every table, as text."""
    told = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - our own tables
            told += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(told)


def files_of(folder):
    return b"\n".join(path.name.encode() + b"\n" + path.read_bytes() for path in folder.rglob("*") if path.is_file())


def receipt_in(text):
    return json.loads(text[: text.index("\nreceipt: ")])


def test_one_number_is_forgotten_everywhere_and_the_other_is_untouched(tmp_path, capsys):
    journal = Journal.begin(tmp_path / "journal")
    leave_a_call(tmp_path, "CA1", A, WORDS_A, journal)
    leave_a_call(tmp_path, "CA2", B, WORDS_B, journal)
    assert all(one in dump() for one in (A, WORDS_A, B, WORDS_B))
    call_command("subject", "050-765-4321", "--forget", "--yes")
    receipt = receipt_in(capsys.readouterr().out)
    left, files = dump(), files_of(tmp_path)
    for gone in (*SPELLINGS_A, WORDS_A):
        assert gone not in left and gone.encode() not in files
    assert "CA1-MZ1" not in files.decode(errors="replace")
    assert Call.objects.get().call_sid == "CA2" and B in left and WORDS_B in left
    assert Call.objects.get().corrections.count() == 2 and CallTag.objects.get().name == WORDS_B
    assert {path.name for path in tmp_path.glob("recordings/*/*")} == {
        "CA2-MZ1.vrec", "CA2-MZ1.line.vrec", "CA2-MZ1.trace", "CA2-MZ1.peaks",
    }  # fmt: skip
    assert [one.call_sid for one in journal.unwritten(100)[0]] == ["CA2"] * 6
    deleted = receipt["deleted"]
    assert (deleted["calls"], deleted["turns"], deleted["files"], deleted["journal_lines"]) == (1, 2, 3, 6)
    assert [one["what"] for one in receipt["kept"]] == ["access_log"]
    entry = AccessEntry.objects.get(username__startswith="manage.py subject")
    assert (entry.kind, entry.calls) == ("delete", 1)


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite keeps its rows in a file of ours")
def test_the_bytes_of_the_database_hold_nothing_of_it_either(tmp_path):
    # Debian's SQLite overwrites what is deleted by itself, others do not.
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete = OFF")
    journal = Journal.begin(tmp_path / "journal")
    leave_a_call(tmp_path, "CA1", A, " ".join([WORDS_A] * 100), journal)
    leave_a_call(tmp_path, "CA2", B, WORDS_B, journal)
    call_command("subject", A, "--forget", "--yes")
    place_of = Path(connection.settings_dict["NAME"])
    held = b"".join(path.read_bytes() for path in place_of.parent.glob(f"{place_of.name}*"))
    assert WORDS_B.encode() in held
    for gone in (A, WORDS_A):
        assert gone.encode() not in held


def test_a_call_under_legal_hold_is_kept_and_the_receipt_says_why(tmp_path, capsys):
    journal = Journal.begin(tmp_path / "journal")
    call = leave_a_call(tmp_path, "CA1", A, WORDS_A, journal)
    place(call, User.objects.get(), "a claim")
    leave_a_call(tmp_path, "CA3", A, WORDS_B, journal)
    call_command("subject", A, "--forget", "--yes")
    receipt = receipt_in(capsys.readouterr().out)
    assert receipt["kept"][0]["call_sid"] == "CA1" and receipt["kept"][0]["why"] == "legal_hold"
    assert Call.objects.get().call_sid == "CA1" and Transcript.objects.count() == 2
    assert {path.name.partition("-")[0] for path in tmp_path.glob("recordings/*/*")} == {"CA1"}


def test_other_peoples_calls_that_say_the_number_are_named_and_kept(tmp_path, capsys):
    journal = Journal.begin(tmp_path / "journal")
    other = leave_a_call(tmp_path, "CA2", B, WORDS_B, journal)
    other.turns.filter(number=1).update(text="050 765 4321", search_text="0507654321")
    call_command("subject", A, "--forget", "--yes")
    (kept,) = receipt_in(capsys.readouterr().out)["kept"]
    assert (kept["what"], kept["calls"]) == ("said_by_others", ["CA2"])


def test_a_copy_has_all_of_it_and_its_receipt_is_signed(tmp_path, capsys):
    journal = Journal.begin(tmp_path / "journal")
    leave_a_call(tmp_path, "CA1", A, WORDS_A, journal)
    leave_a_call(tmp_path, "CA2", B, WORDS_B, journal)
    call_command("subject", A, "--export", str(tmp_path / "copy"))
    told = capsys.readouterr().out
    (call,) = map(json.loads, (tmp_path / "copy" / "calls.jsonl").read_text("utf-8").splitlines())
    assert call["call_sid"] == "CA1" and WORDS_A in call["turns"][0]["text"]
    assert WORDS_A in call["saved_values"][0]["value"]  # a secret, and this person's
    assert set(receipt_in(told)["exported"]["files"]) == {
        "calls.jsonl", "CA1-MZ1.wav", "CA1-MZ1.line.wav", "CA1-MZ1.trace",
    }  # fmt: skip
    assert not any(path.stat().st_mode & 0o077 for path in (tmp_path / "copy").iterdir())
    kept = Path(told.rpartition("receipt: ")[2].strip())
    call_command("subject", A, "--verify", str(kept))
    text = kept.read_text("utf-8")
    for number, changed in ((B, text), (A, text.replace('"calls": 1', '"calls": 0'))):
        (tmp_path / "changed.json").write_text(changed, "utf-8")
        with pytest.raises(CommandError, match="not_ours"):
            call_command("subject", number, "--verify", str(tmp_path / "changed.json"))
    with pytest.raises(CommandError, match="not_empty"):
        call_command("subject", A, "--export", str(tmp_path / "copy"))


def test_a_copy_is_not_written_among_other_files(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "hosts").write_text("")
    for folder, code in (("etc", "not_empty"), ("etc/hosts", "not_written")):
        with pytest.raises(CommandError, match=f"^{code}: "):
            call_command("subject", A, "--export", str(tmp_path / folder))
    assert [path.name for path in (tmp_path / "etc").iterdir()] == ["hosts"]
    assert not (tmp_path / "receipts").exists()


@pytest.mark.parametrize("typed", ["", "  ", "\u202e"])
def test_an_empty_number_names_nobody_though_calls_have_none(tmp_path, typed):
    for sid, caller in (("CA1", ""), ("CA2", "anonymous")):
        Call.objects.create(call_sid=sid, from_number=caller, to_number=LINE, ended_at=timezone.now())
    for arguments in (["--export", str(tmp_path / "copy")], ["--forget", "--yes"]):
        with pytest.raises(CommandError, match="^bad_number: "):
            call_command("subject", typed, *arguments)
    assert Call.objects.count() == 2 and not (tmp_path / "copy").exists()


def test_what_is_no_number_is_refused_unless_somebody_called_with_it(tmp_path):
    for arguments in (["--export", str(tmp_path / "copy")], ["--forget", "--yes"]):
        with pytest.raises(CommandError, match="^bad_number: "):
            call_command("subject", "abc", *arguments)
    assert not (tmp_path / "copy").exists() and not (tmp_path / "receipts").exists()
    Call.objects.create(call_sid="CA1", from_number="abc", to_number=LINE, ended_at=timezone.now())
    call_command("subject", "abc", "--forget", "--yes")
    (receipt,) = (tmp_path / "receipts").iterdir()
    call_command("subject", "abc", "--verify", str(receipt))


def test_a_number_of_which_nothing_is_known_is_said_to_be_one(capsys):
    call_command("subject", "+972501112233", "--forget", "--yes")
    said = capsys.readouterr()
    assert "nothing was known of this number" in said.err and "nothing was known" not in said.out


def test_a_batch_that_was_read_before_it_is_forgotten_is_not_written_behind_it(tmp_path, capsys):
    journal = Journal.begin(tmp_path / "journal")
    journal.append([*records_of("CA1", A, WORDS_A), *records_of("CA2", B, WORDS_B)])
    read, _ = journal.unwritten(100)
    call_command("subject", A, "--forget", "--yes")
    receipt = receipt_in(capsys.readouterr().out)
    assert (receipt["deleted"]["journal_calls"], receipt["tombstones"]) == (1, 2)
    rows.write(read)
    left = dump()
    assert WORDS_B in left and Call.objects.get().call_sid == "CA2"
    assert not [gone for gone in (*SPELLINGS_A, WORDS_A) if gone in left]


def test_a_call_that_the_number_begins_afterwards_is_kept(tmp_path):
    call_command("subject", A, "--forget", "--yes")
    start, *others = records_of("CA1", A, WORDS_A)
    rows.write([replace(start, started_at=timezone.now()), *others])
    assert Call.objects.get().from_number == A and Transcript.objects.exists()


def test_a_line_and_a_running_call_are_refused(line):
    Call.objects.create(call_sid="CA1", from_number=A, to_number=LINE, started_at=timezone.now())
    with pytest.raises(CommandError, match="number_of_a_line"):
        call_command("subject", LINE, "--forget", "--yes")
    with pytest.raises(CommandError, match="call_is_running: CA1"):
        call_command("subject", A, "--forget", "--yes")
    assert Call.objects.exists()


def test_where_a_journals_key_is_missing_nothing_is_deleted_and_the_key_is_named(tmp_path):
    with under(OLD):
        journal = Journal.begin(tmp_path / "journal")
        leave_a_call(tmp_path, "CA1", A, WORDS_A, journal)
    for name in ("forget", "restore"):
        (tmp_path / f"{name}.lock").touch()
    files = sorted(tmp_path.rglob("*"))
    with pytest.raises(CommandError, match=f"^storage_key_missing: .*{OLD.name}"):
        call_command("subject", A, "--forget", "--yes")
    assert sorted(tmp_path.rglob("*")) == files and Call.objects.exists()
    with under(OLD):
        call_command("subject", A, "--forget", "--yes")
    assert not Call.objects.exists() and list((tmp_path / "recordings").rglob("*.*")) == []


def leave_in_a_journal(var_dir, *calls):
    """A journal of a process that was killed while the database was away, and the files of its calls."""
    journal = Journal.begin(var_dir / "journal")
    for sid, number, words in calls:
        records = list(records_of(sid, number, words))
        journal.append(records[:-1])  # the call has no end
        record(var_dir / records[0].recording, [(0, b"\x00" * 160)])
    journal.close()
    return journal.path


def records_in(path):
    journal = Journal.orphaned(path)
    records, _ = journal.unwritten(100)
    journal.close()
    return records


def test_a_call_that_stands_in_a_dead_processs_journal_alone_is_forgotten(tmp_path, capsys):
    path = leave_in_a_journal(tmp_path, ("CA1", f"whatsapp:{A}", WORDS_A), ("CA2", B, WORDS_B))
    call_command("subject", A, "--forget", "--yes")
    said = capsys.readouterr()
    deleted = receipt_in(said.out)["deleted"]
    assert (deleted["calls"], deleted["journal_calls"], deleted["journal_lines"], deleted["files"]) == (1, 1, 5, 1)
    assert receipt_in(said.out)["called_as"] == {"whatsapp": 1}
    assert "1 call with 0 turns, 1 file" in said.err and "1 call stands in journals alone" in said.err
    assert "nothing was known" not in said.err
    assert {record.call_sid for record in records_in(path)} == {"CA2"}
    assert {path.name.partition("-")[0] for path in tmp_path.glob("recordings/*/*")} == {"CA2"}


def test_a_copy_has_what_stands_in_a_journal_alone(tmp_path, capsys):
    leave_in_a_journal(tmp_path, ("CA1", A, WORDS_A), ("CA2", B, WORDS_B))
    shutil.rmtree(tmp_path / "recordings")
    call_command("subject", A, "--export", str(tmp_path / "copy"))
    exported = receipt_in(capsys.readouterr().out)["exported"]
    assert (exported["calls"], exported["journal_calls"]) == (0, 1)
    assert set(exported["files"]) == {"calls.jsonl", "journal.jsonl"}
    copy = (tmp_path / "copy" / "journal.jsonl").read_text("utf-8")
    assert WORDS_A in copy and WORDS_B not in copy and len(copy.splitlines()) == 5


def test_a_call_whose_row_does_not_know_its_caller_yet_is_forgotten(tmp_path):
    leave_in_a_journal(tmp_path, ("CA1", A, WORDS_A))
    Call.objects.create(call_sid="CA1", status="completed")
    call_command("subject", A, "--forget", "--yes")
    assert not Call.objects.exists()


def test_a_call_that_a_living_process_has_not_ended_is_refused_though_it_is_no_row(tmp_path):
    journal = Journal.begin(tmp_path / "journal")
    *running, end = records_of("CA1", A, WORDS_A)
    journal.append(running)
    with pytest.raises(CommandError, match="^call_is_running: CA1"):
        call_command("subject", A, "--forget", "--yes")
    assert len(journal.unwritten(100)[0]) == len(running)
    journal.append([end])
    call_command("subject", A, "--forget", "--yes")
    assert journal.unwritten(100)[0] == []


def test_damaged_lines_of_a_journal_are_said_for_nobody_knows_whose_they_are(tmp_path, capsys):
    path = leave_in_a_journal(tmp_path, ("CA1", A, WORDS_A), ("CA2", B, WORDS_B))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-1], b"x" * (len(lines[-1]) - 1) + b"\n"]))
    call_command("subject", A, "--forget", "--yes")
    said = capsys.readouterr()
    assert "1 line of journals is damaged" in said.err
    assert [(one["what"], one["journals"]) for one in receipt_in(said.out)["kept"] if "journals" in one] == [
        ("unread_journal_lines", {path.name: 1})
    ]


def test_a_number_is_known_where_it_called_by_another_way(tmp_path, capsys):
    journal = Journal.begin(tmp_path / "journal")
    forms = [A, f"whatsapp:{A}", f"sip:{A}@pbx.example.org", "sips:0507654321@pbx"]
    for i, form in enumerate(forms):
        leave_a_call(tmp_path, f"CA{i}", A, WORDS_A, journal)
        Call.objects.filter(call_sid=f"CA{i}").update(from_number=form)
    leave_a_call(tmp_path, "CA9", B, WORDS_B, journal)
    Call.objects.filter(call_sid="CA9").update(from_number=f"whatsapp:{A}9")
    call_command("subject", A, "--export", str(tmp_path / "copy"))
    assert receipt_in(capsys.readouterr().out)["exported"]["calls"] == 4
    shutil.rmtree(tmp_path / "copy")
    call_command("subject", f"whatsapp:{A}", "--forget", "--yes")
    said = capsys.readouterr()
    assert f"they called as {', '.join(sorted(forms))}" in said.err
    receipt = receipt_in(said.out)
    assert receipt["called_as"] == {"number": 1, "whatsapp": 1, "sip": 1, "sips": 1}
    assert "7654321" not in said.out
    assert Call.objects.get().call_sid == "CA9" and WORDS_A not in dump()
    kept = said.out.rpartition("receipt: ")[2].strip()
    for typed in ("050-765-4321", f"sip:{A}@elsewhere"):
        call_command("subject", typed, "--verify", kept)


@pytest.mark.parametrize("answer", ["", "y", EOFError])
def test_nothing_is_forgotten_before_somebody_has_said_yes_to_what_goes(tmp_path, capsys, monkeypatch, answer):
    journal = Journal.begin(tmp_path / "journal")
    leave_a_call(tmp_path, "CA1", A, WORDS_A, journal)

    def asked(prompt):
        if answer is EOFError:
            raise EOFError
        return answer

    monkeypatch.setattr("builtins.input", asked)
    with pytest.raises(CommandError, match="^not_confirmed: "):
        call_command("subject", A, "--forget")
    assert "to be deleted for good: 1 call with 2 turns, 4 files" in capsys.readouterr().err
    assert Call.objects.filter(call_sid="CA1").exists()
    monkeypatch.setattr("builtins.input", lambda prompt: "yes")
    call_command("subject", A, "--forget")
    assert not Call.objects.filter(call_sid="CA1").exists()
    journal.close()
