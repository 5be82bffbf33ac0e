from io import StringIO

from django.core.management import call_command

from calls.lab.floor_figures import REQUIRED


def printed(*arguments):
    out = StringIO()
    call_command("floor_table", "--quick", *arguments, stdout=out)
    return out.getvalue()


def test_without_people_the_samples_are_measured_and_it_says_so(tmp_path):
    said = printed("--clips", str(tmp_path / "nowhere"))
    assert "no_recordings: " in said and "only the synthetic samples are measured" in said
    for required in REQUIRED:
        assert f"| {required.name} | ≤ {required.limit}" in said
    for row in ("silence of 1600 ms alone", "expected text (the defaults)", "an emulated cue alone", "plain silence"):
        assert f"| {row} |" in said
    assert "seed 1" in said and "emulated" in said
