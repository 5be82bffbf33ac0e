"""An alarm before the disk is full."""

import shutil

import pytest

from calls.core.line_health import Trouble, Verdict
from calls.models import Alarm
from calls.process import alarm_monitor
from calls.process.alarm_monitor import AlarmMonitor
from calls.process.disk_room import disk_verdict


def with_used(monkeypatch, percent):
    # A disk of 1000 has 100 that are root's alone.
    used = percent * 9
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1000, used, 900 - used))


@pytest.mark.parametrize(
    ("percent", "verdict"), [(77, Verdict.WELL), (79, Verdict.UNKNOWN), (80, Verdict.TROUBLED), (100, Verdict.TROUBLED)]
)
def test_a_disk_is_in_trouble_from_80_percent_and_well_below_78(monkeypatch, percent, verdict):
    with_used(monkeypatch, percent)
    assert disk_verdict() is verdict


def test_a_folder_that_is_gone_says_nothing(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "gone"
    assert disk_verdict() is Verdict.UNKNOWN


@pytest.mark.django_db
def test_the_alarm_is_raised_and_over(monkeypatch):
    monkeypatch.setattr(alarm_monitor, "EVERY_S", 0)
    monkeypatch.setattr(alarm_monitor, "CLEAR_AFTER_S", 0)
    verdicts = iter([Verdict.WELL, Verdict.TROUBLED, Verdict.UNKNOWN, Verdict.WELL])
    monitor = AlarmMonitor(disk=lambda: next(verdicts))
    stands = []
    for _ in range(4):
        monitor._decide()
        stands.append(Alarm.objects.filter(kind=Trouble.DISK, line="", over_at=None).count())
    assert stands == [0, 1, 1, 0]
