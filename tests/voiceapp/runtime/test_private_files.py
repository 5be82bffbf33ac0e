"""Files and folders for their owner alone."""

import os
import stat
import threading
from contextlib import contextmanager

import pytest

from voiceapp.runtime.private_files import close_to_others, private_file, private_folder, private_open, whole_file


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


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "one"
    with whole_file(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new" and mode_of(path) == 0o600
    with pytest.raises(ZeroDivisionError), whole_file(path) as file:
        file.write(b"newer")
        1 / 0  # noqa: B018
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("one", b"new")]


def test_a_file_that_is_written_anew_keeps_its_rights(tmp_path):
    path = tmp_path / "one"
    path.touch()
    path.chmod(0o640)
    with whole_file(path) as file:
        file.write(b"new")
    assert mode_of(path) == 0o640


@pytest.mark.parametrize("is_there", [True, False])
def test_the_file_that_a_link_names_is_written_and_the_link_stays(tmp_path, is_there):
    (tmp_path / "folder").mkdir()
    named, link = tmp_path / "folder" / "named", tmp_path / "link"
    if is_there:
        named.write_bytes(b"before")
    link.symlink_to("folder/named")
    with whole_file(link) as file:
        file.write(b"new")
    assert link.is_symlink() and named.read_bytes() == b"new"
    assert list(named.parent.iterdir()) == [named]


def test_what_is_no_file_is_written_into_and_stays(tmp_path):
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        read: list[bytes] = []
        reader = threading.Thread(target=lambda read=read: read.append(pipe.read_bytes()))
        reader.start()
        with whole_file(path) as file:
            file.write(b"words")
        reader.join()
        assert read == [b"words"] and path.is_fifo()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", "pipe"]


def test_a_name_of_as_many_letters_as_a_disk_takes_is_written(tmp_path):
    path = tmp_path / ("א" * 127)
    with whole_file(path) as file:
        file.write(b"words")
    assert path.read_bytes() == b"words"


def test_what_cannot_be_written_is_an_oserror(tmp_path):
    for path in (tmp_path, tmp_path / "none" / "one", tmp_path / ("a" * 300)):
        with pytest.raises(OSError), whole_file(path) as file:
            file.write(b"words")
    assert list(tmp_path.iterdir()) == []
