"""What barge_table prints."""

import pytest
from django.core.management import CommandError, call_command

from calls.lab import barge_measurement, gsm
from calls.lab.barge_figures import LonelyFigures
from calls.lab.barge_measurement import BargeSize
from calls.management.commands import barge_table
from stt.endpointing.echo_canceller import installed


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(barge_table, "QUICK", BargeSize(1, 1, 1))
    monkeypatch.setattr(barge_table, "ECHOES_DB", (None, -60.0))
    monkeypatch.setattr(barge_table, "AGAINST_OURS_DB", (0.0,))


def test_a_row_for_each_echo_and_a_line_for_what_is_not_there(few, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(gsm, "LIBRARY", "libgsm_that_is_not_here.so.1")
    call_command("barge_table", "--quick", f"--clips={tmp_path / 'none'}")
    said = capsys.readouterr().out
    assert "no_recordings: " in said and "gsm_missing: " in said and "emulated" in said
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in said.splitlines() if line.startswith("| ")]
    # A table by the rule alone, and one with the canceller where it is installed.
    assert [row[0] for row in rows] == ["echo", "none", "-60 dB"] * (2 if installed() else 1)
    assert installed() or "the canceller is not measured" in said
    assert rows[1][1:4] == ["0 of 1", "0", "100 %"]
    assert len({len(row) for row in rows}) == 1


def test_what_is_missed_is_named(few, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(barge_measurement.BargeMeasurement, "alone", lambda *_, **__: LonelyFigures(1, 1, 0))
    call_command("barge_table", "--quick", f"--clips={tmp_path / 'none'}")
    assert "missed: the line stops or answers itself (echo none)" in capsys.readouterr().out


def test_a_folder_without_recordings_is_one_sentence(tmp_path):
    with pytest.raises(CommandError, match="^no_recordings: "):
        call_command("barge_table", "--quick", f"--samples={tmp_path}", f"--clips={tmp_path / 'none'}")


def test_one_echo_may_be_measured_alone(few, tmp_path, capsys):
    call_command("barge_table", "--quick", "--echo=-60", f"--clips={tmp_path / 'none'}")
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert {row.split("|")[1].strip() for row in rows} <= {"echo", "-60 dB", "-60 dB, GSM"}
    assert any("-60 dB" in row for row in rows)
