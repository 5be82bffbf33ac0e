"""Files that commands are told to write."""

import os
from pathlib import Path

import pytest
from django.core.management import CommandError

from calls.management.written import written


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("none/a.wav", r"No such file or directory"),
        ("", r"Is a directory"),
        ("../" + "a" * 300, r"File name too long"),
    ],
)
def test_a_path_that_cannot_be_written_is_one_sentence(tmp_path, named, why):
    path = tmp_path / named
    with pytest.raises(CommandError, match=rf"^not_written: {path} \({why}\)$"), written(path) as file:
        file.write(b"sound")


def test_a_device_that_is_full_says_so_and_stays():
    full = os.stat("/dev/full")
    with (
        pytest.raises(CommandError, match=r"^not_written: /dev/full \(No space left on device\)$"),
        written(Path("/dev/full")) as file,
    ):
        file.write(b"sound")
    assert os.path.samestat(os.stat("/dev/full"), full)
