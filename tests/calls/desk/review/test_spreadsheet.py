"""Calls as CSV: what a spreadsheet makes of it."""

import csv
import shutil
import subprocess
from io import StringIO

import pytest
from django.urls import reverse

from calls.desk.review import spreadsheet
from calls.lines.models import PhoneLine
from calls.models import AccessEntry, Call, Transcript
from stt.models import TuningProfile
from tests.calls.desk.review.test_exporting import LIST, calls, export, sent  # noqa: F401 - a fixture

FORMULA = '=HYPERLINK("https://evil.example","x")'


@pytest.mark.parametrize(
    "said", [FORMULA, "+1", "-1", "@a", "\ta", "\ra", "\na", "＝1", "\u200f=1", "\xa0@a", "\x0b+1", " -1"]
)
def test_what_a_spreadsheet_would_run_is_text(said):
    assert spreadsheet.text(said) == f"'{said}"


@pytest.mark.parametrize("said", ["שלום", "a=b", "", None])
def test_other_words_stand_as_they_were_said(said):
    assert spreadsheet.text(said) == (said or "")


def test_a_number_stays_text_with_its_plus_and_an_address_is_guarded():
    assert spreadsheet.number("+972501234567") == "\u200e+972501234567"
    assert spreadsheet.number("+cmd|' /C calc'!A0").startswith("'+cmd")
    assert spreadsheet.number("Anonymous") == "Anonymous"


@pytest.fixture
def told(db):
    """A call with a heard, a corrected and an answered turn, and one without turns."""
    call = Call.objects.create(call_sid="CA1", from_number="+972501234567", to_number="+97235550100")
    common = {"call": call, "source": "final", "engine": "google", "model": "default"}
    Transcript.objects.create(number=1, started_ms=860, ended_ms=2000, text="שלום", revised_text="שלום לך", **common)
    Transcript.objects.create(number=2, started_ms=3000, ended_ms=4000, text=FORMULA, final_ms=700, **common)
    call.corrections.create(
        turn=1, number=1, text='אמר "היי", דנה', turn_revision=0, username="dana", made_at="2026-11-26T10:00:00Z"
    )
    Call.objects.create(call_sid="CA2", from_number="Anonymous")
    return call


def rows_of(text):
    assert text.startswith(spreadsheet.BYTE_ORDER_MARK)
    return by_column(StringIO(text.removeprefix(spreadsheet.BYTE_ORDER_MARK), newline=""))


def by_column(lines):
    """The rows below the head, by the columns' own names."""
    return list(csv.DictReader(lines, tuple(spreadsheet.COLUMNS)))[1:]


def file_of(sign_in):
    answer = export(sign_in("reviewer"), Call.objects.order_by("pk"), action="export_table")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].endswith('.csv"')
    return sent(answer)


def test_a_turn_is_a_row_with_its_correction_and_a_call_without_turns_is_one_too(sign_in, told):
    first, second, silent = rows_of(file_of(sign_in))
    assert (first["text"], first["correction"], first["started_s"]) == ("שלום לך", 'אמר "היי", דנה', "0.86")
    assert (second["text"], second["final_ms"], second["total_ms"]) == (f"'{FORMULA}", "700", "")
    assert (silent["call_sid"], silent["caller"], silent["text"]) == ("CA2", "Anonymous", "")
    assert AccessEntry.objects.get().calls == 2


def test_a_lines_name_stands_beside_its_number(sign_in, told):
    profile = TuningProfile.objects.create(name="x", is_default=True)
    PhoneLine.objects.create(number="+97235550100", name="=מכירות", profile=profile)
    first, _second, silent = rows_of(file_of(sign_in))
    assert (first["line"], first["line_name"]) == ("\u200e+97235550100", "'=מכירות")
    assert silent["line_name"] == ""


def test_heads_and_what_reviewers_said_are_in_the_readers_language(sign_in, told):
    told.reviews.create(username="dana", verdict="training", made_at="2026-11-26T10:00:00Z")
    told.marks.create(turn=1, kind="unclear", username="dana", made_at="2026-11-26T10:00:00Z")
    told.notes.create(text=FORMULA, username="dana", made_at="2026-11-26T10:00:00Z")
    file = file_of(sign_in)
    head = next(csv.reader(StringIO(file.removeprefix(spreadsheet.BYTE_ORDER_MARK))))
    assert [name for name in head if name.isascii()] == ["CallSid"]
    assert head[list(spreadsheet.COLUMNS).index("call_started_at")].endswith("(שעון ישראל)")
    first, second, _silent = rows_of(file)
    assert (first["speaker"], first["source"], first["marks"]) == ("המתקשר", "סופי", "לא ברור")
    assert (second["verdicts"], second["marks"], second["notes"]) == ("להדרכה", "", f"'{FORMULA}")


def test_a_spreadsheet_program_reads_ids_whole_hebrew_right_and_runs_nothing(sign_in, told, tmp_path):
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("needs LibreOffice: apt install libreoffice-calc")
    (tmp_path / "calls.csv").write_text(file_of(sign_in), "utf-8", newline="")
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    # 44: comma, 34: quotes, 76: UTF-8; the last token writes every cell as it is shown.
    filters = ["--infilter=CSV:44,34,76", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"]
    folder = ["--outdir", str(tmp_path / "out")]
    command = [office, profile, "--headless", *filters, *folder, str(tmp_path / "calls.csv")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    read = by_column((tmp_path / "out" / "calls.csv").read_text("utf-8-sig").splitlines())
    assert [row["call_sid"] for row in read] == ["CA1", "CA1", "CA2"]
    assert read[0]["caller"].lstrip("\u200e") == "+972501234567"
    assert read[0]["text"] == "שלום לך"
    assert FORMULA in read[1]["text"]


@pytest.mark.parametrize(("group", "status"), [("reviewer", 200), ("supervisor", 403), ("tuner", 403)])
@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_who_may_export_takes_a_call_s_subtitles_and_is_noted(sign_in, call, group, status, kind):
    answer = sign_in(group).get(reverse("review-subtitles", args=[call.pk, kind]))
    assert answer.status_code == status
    noted = [(one.kind, one.call_sid, one.detail) for one in AccessEntry.objects.all()]
    if status != 200:
        assert noted == []
        return
    assert noted == [("export", "CA1", kind)]
    assert answer["Content-Disposition"] == f'attachment; filename="CA1.{kind}"'
    # The recording begins at 140 ms of the call's media time.
    assert "00:00:00.860 --> 00:00:01.760".replace(".", "," if kind == "srt" else ".") in answer.content.decode()


def test_subtitles_say_what_a_person_has_corrected(sign_in, told):
    told.corrections.create(turn=2, number=1, text="", turn_revision=0, username="dana", made_at="2026-11-26T10:00:00Z")
    file = sign_in("reviewer").get(reverse("review-subtitles", args=[told.pk, "srt"])).content.decode()
    assert 'אמר "היי", דנה' in file and "שלום לך" not in file
    assert FORMULA not in file  # corrected to nothing


def test_there_are_no_subtitles_of_another_kind(sign_in, call):
    assert sign_in("reviewer").get(reverse("review-subtitles", args=[call.pk, "docx"])).status_code == 404
