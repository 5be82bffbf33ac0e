"""Files and folders for their owner alone."""

import os
import stat
from contextlib import contextmanager

import pytest

from voiceapp.runtime.private_files import close_to_others, private_file, private_folder, private_open


@contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_what_is_made_is_the_owners_alone_whatever_the_umask(tmp_path, mask):
    with umask(mask):
        private_folder(tmp_path / "a" / "b")
        with private_open(tmp_path / "a" / "b" / "one", "ab") as file:
            file.write(b"words")
        private_file(tmp_path / "a" / "two")
    assert {path.name: mode_of(path) for path in tmp_path.rglob("*")} == {
        "a": 0o700,
        "b": 0o700,
        "one": 0o600,
        "two": 0o600,
    }


def test_a_folder_that_is_there_keeps_its_rights(tmp_path):
    tmp_path.chmod(0o750)
    private_folder(tmp_path)
    private_folder(tmp_path / "new")
    assert mode_of(tmp_path) == 0o750


def test_a_folder_below_a_file_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Not a directory"):
        private_folder(tmp_path / "file" / "folder")


def test_what_stood_open_is_closed_and_links_are_not_followed(tmp_path):
    outside, kept = tmp_path / "outside", tmp_path / "kept"
    (kept / "day").mkdir(parents=True)
    for path in (outside, kept / "day" / "one"):
        path.touch()
    (kept / "day" / "link").symlink_to(outside)
    for path in (outside, kept, kept / "day", kept / "day" / "one"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    close_to_others([kept, tmp_path / "gone"])
    assert [mode_of(path) for path in (kept, kept / "day", kept / "day" / "one", outside)] == [
        0o700,
        0o700,
        0o600,
        0o644,
    ]


def test_a_file_that_stood_open_is_closed_and_keeps_what_it_has(tmp_path):
    path = tmp_path / "db"
    path.write_text("rows")
    path.chmod(0o644)
    private_file(path)
    assert (mode_of(path), path.read_text()) == (0o600, "rows")
