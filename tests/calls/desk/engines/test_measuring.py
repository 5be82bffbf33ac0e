"""Engines measured with the same turns, and what is kept of that."""

from dataclasses import asdict, replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from calls.desk.engines import figures, measuring
from calls.desk.engines.figures import FIGURES
from calls.desk.engines.gold import read, taken_by, write
from calls.desk.engines.measuring import MeasuredEngine, MeasuringError, guarded_engine, keep, measure, settings_for
from calls.desk.tuning.uncertainty import Estimate
from calls.management.commands import wer
from calls.models import AccessEntry, EngineMeasurement, MeasuredTurn
from stt.engines.catalogue import by_name
from stt.engines.guarded import GuardedEngine
from stt.events import RecognizerError
from stt.tuning import Tuning
from tests.calls.desk.engines.conftest import LINE
from tests.fakes import FakeEngine
from tests.stt.engines.toy import ToyEngine

pytestmark = pytest.mark.django_db(transaction=True)


def toy(**options):
    return GuardedEngine(lambda _: ToyEngine(**options)), Tuning()


def guess():
    """Hears "one" whatever is said; no streams."""

    class OneShot(FakeEngine):
        capabilities = ToyEngine.capabilities.__class__(
            streaming=False, one_shot=True, word_times=False, message_bytes=800, half_close=False, price_per_hour=2
        )

    return GuardedEngine(lambda _: OneShot("אחת")), Tuning()


@pytest.fixture
def gold(corrected, reviewer):
    return taken_by(reviewer).turns


def measured(gold, ways=("one-shot",), **engines):
    return measure(gold, engines, ways, parallel=4, seed=1)


def test_each_engine_hears_the_same_turns(gold):
    found = measured(gold, toy=toy(), guess=guess())
    assert found.texts == [["אחת", "שלוש", "שתיים"], ["אחת", "אחת", "אחת"]]
    rates = [(one.key, round(one.estimates["wer"].value, 2), one.words, one.short) for one in found.engines]
    assert rates == [("toy one-shot", 0.33, 3, 3), ("guess one-shot", 0.67, 3, 3)]
    assert [one.price_per_hour for one in found.engines] == ["0", "2"]


def test_the_others_are_compared_with_the_first(gold):
    first, second = measured(gold, toy=toy(), guess=guess()).engines
    assert first.difference.value is None
    assert round(second.difference.value, 2) == 0.33


def test_an_engine_is_asked_in_each_way_that_it_can(gold):
    found = measured(gold, ("stream", "one-shot"), toy=toy(), guess=guess())
    assert [one.key for one in found.engines] == ["toy stream", "toy one-shot", "guess one-shot"]
    assert found.texts[0] == found.texts[1]
    assert found.engines[0].estimates["final_p50"].value is not None
    with pytest.raises(MeasuringError) as refused:
        measured(gold, ("stream",), guess=guess())
    assert refused.value.code == "engine_cannot"


def test_an_engine_that_fails_is_measured_as_failing(gold):
    (one,) = measured(gold, toy=toy(error=RecognizerError("unauthenticated", permanent=True))).engines
    assert one.codes == {"unauthenticated": 3}
    assert (one.estimates["failed"].value, one.estimates["wer"].value) == (1, 1)
    assert one.finals_ms == [] and one.all_failed


def test_of_a_turn_that_failed_no_words_are_kept(gold, reviewer):
    found = measured(gold, toy=toy(), broken=toy(error=RecognizerError("unavailable", permanent=True)))
    assert found.texts[1] == [None, None, None]
    row = keep(found, reviewer, "", "")
    assert {one.engine for one in row.measured_turns.all()} == {"toy one-shot"}


def test_what_is_kept_is_read_back(gold, reviewer):
    found = measured(gold, toy=toy(), guess=guess())
    row = keep(found, reviewer, LINE, "default@1")
    row.refresh_from_db()
    assert [MeasuredEngine.of_json(one, row.calls) for one in row.figures] == found.engines
    assert (row.turns, row.calls, row.username, row.line) == (3, 2, "dana", LINE)
    assert set(row.figures[0]["estimates"]) == set(FIGURES)
    words = [(one.engine, one.call.call_sid, one.turn, one.said, one.heard) for one in row.measured_turns.all()]
    assert words[2] == ("toy one-shot", "CA2", 1, "ארבע", "שתיים") and len(words) == 6


def test_an_interval_that_was_kept_of_too_few_calls_is_passed_over(gold):
    (one,) = measured(gold, toy=toy()).engines
    kept = asdict(replace(one, difference=Estimate(0.0, 0.0, 0.0)))
    assert [MeasuredEngine.of_json(kept, calls).difference.high for calls in (1, 29, 30)] == [None, None, 0.0]


def test_words_go_with_their_call_and_figures_stay(gold, corrected, reviewer):
    row = keep(measured(gold, toy=toy()), reviewer, "", "")
    corrected[0].delete()
    row.refresh_from_db()
    assert [one.call.call_sid for one in row.measured_turns.all()] == ["CA2"]
    assert row.figures[0]["words"] == 3


def test_words_of_a_call_that_is_deleted_while_it_is_measured_are_not_kept(gold, corrected, reviewer, tmp_path):
    write(tmp_path / "gold", gold)
    of_folder = read(tmp_path / "gold")
    corrected[0].delete()
    for turns in (gold, of_folder):
        row = keep(measured(turns, toy=toy()), reviewer, "", "")
        assert [one.call and one.call.call_sid for one in row.measured_turns.all()] == ["CA2"]
    row = keep(measured(read(tmp_path / "gold"), toy=toy()), reviewer, "", "")
    assert {one.call and one.call.call_sid for one in row.measured_turns.all()} == {None, "CA2"}


def test_words_of_calls_that_are_elsewhere_are_purged_by_their_age(gold, corrected, reviewer, settings, tmp_path):
    settings.VAR_DIR.joinpath("phrases").mkdir(parents=True, exist_ok=True)
    write(tmp_path / "gold", gold)
    for call in corrected:
        call.delete()
    found = measured(read(tmp_path / "gold"), toy=toy())
    old, new = (keep(found, None, "", "") for _ in range(2))
    EngineMeasurement.objects.filter(pk=old.pk).update(made_at=timezone.now() - timedelta(days=9))
    call_command("purge", "--older-than", "5", "--calls", stdout=StringIO())
    assert set(MeasuredTurn.objects.values_list("measurement", flat=True)) == {new.pk}
    assert EngineMeasurement.objects.count() == 2


def test_an_engine_without_what_it_needs_says_what_to_set():
    google = by_name()["google"]
    with pytest.raises(MeasuringError) as refused:
        guarded_engine(google, dict.fromkeys(google.variables, ""))
    assert refused.value.code == "engine_unset"
    assert "GOOGLE_APPLICATION_CREDENTIALS" in refused.value.message
    assert f"or {google.emulator} to an emulator" in refused.value.message


def test_a_model_is_asked_only_of_the_engine_that_has_it():
    google = by_name()["google"]
    tuning = Tuning(model="command_and_search", endpoint="eu-speech.googleapis.com", phrase_hints=("קיים",))
    assert settings_for(google, tuning) == tuning
    other = settings_for(measuring.EngineEntry(
        name="other", title="Other", hebrew="he", capabilities=google.capabilities, models=("nova",), needs={},
        make=lambda values: ToyEngine,
    ), tuning)  # fmt: skip
    assert (other.model, other.endpoint, other.phrase_hints) == ("", "", ("קיים",))


@pytest.fixture
def catalogue(monkeypatch):
    """Two engines by name, in place of what the catalogue has."""
    google = by_name()["google"]
    entries = {
        name: measuring.EngineEntry(
            name=name, title=name.title(), hebrew="he", capabilities=ToyEngine.capabilities, models=(), needs={},
            make=lambda values, error=error: lambda endpoint: ToyEngine(error),
        )
        for name, error in (("toy", None), ("broken", RecognizerError("unavailable", permanent=True)))
    }  # fmt: skip
    monkeypatch.setattr(wer, "by_name", lambda: {**entries, "google": google})
    monkeypatch.setattr(wer, "engine_variables", lambda: dict.fromkeys(google.variables, ""))


def run(command, *arguments):
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def refusal(command, *arguments):
    with pytest.raises(CommandError) as refused:
        run(command, *arguments)
    return str(refused.value).partition(":")[0]


def test_the_command_prints_a_row_an_engine_and_keeps_them(corrected, reviewer, catalogue):
    said = run("wer", "--engine", "toy", "--engine", "broken", "--way", "one-shot", "--user", "dana", "--line", LINE)
    (row,) = EngineMeasurement.objects.all()
    assert (row.profile, row.line, row.username) == ("default@1", LINE, "dana")
    assert "3 turns of 2 calls" in said
    toy_row, broken_row = (line for line in said.splitlines() if line.startswith(("| toy", "| broken")))
    assert "| 33.3 % [—]" in toy_row and "66.7 % [—]" in toy_row and "it takes 30" in said
    assert "broken one-shot: every turn failed" in said and "toy one-shot: every" not in said
    assert "unavailable 3" in broken_row and "+66.7 %" in broken_row
    assert AccessEntry.objects.get().kind == "gold"


def test_the_command_hears_a_folder_without_anybodys_permission(corrected, reviewer, catalogue, tmp_path):
    said = run("gold", "--out", tmp_path / "gold", "--user", "dana")
    assert said.startswith("3 turns of 2 calls, 2 s of audio")
    run("wer", "--engine", "toy", "--gold", tmp_path / "gold")
    (row,) = EngineMeasurement.objects.all()
    assert row.username == "" and [one["way"] for one in row.figures] == ["stream", "one-shot"]


def test_a_folder_is_heard_as_it_was_taken(corrected, reviewer, catalogue, tmp_path):
    write(tmp_path / "gold", taken_by(reviewer).turns)
    run("wer", "--engine", "toy", "--gold", tmp_path / "gold", "--way", "one-shot")
    run("wer", "--engine", "toy", "--user", "dana", "--way", "one-shot")
    of_folder, of_database = (row.figures[0]["estimates"]["wer"] for row in EngineMeasurement.objects.order_by("pk"))
    assert of_folder == of_database


def test_the_commands_say_what_is_wrong(corrected, reviewer, catalogue, tmp_path):
    assert refusal("wer", "--engine", "none", "--user", "dana") == "unknown_engine"
    assert refusal("wer", "--engine", "google", "--user", "dana") == "engine_unset"
    assert refusal("wer", "--engine", "toy") == "one of the arguments --gold --user is required"
    with pytest.raises(CommandError, match="required: --user"):
        run("gold", "--out", tmp_path)
    assert refusal("wer", "--engine", "toy", "--gold", tmp_path) == "gold_unreadable"
    assert refusal("wer", "--engine", "toy", "--gold", tmp_path, "--line", LINE) == "two_sources"
    assert refusal("wer", "--engine", "toy", "--user", "dana", "--profile", "none") == "unknown_profile"
    assert refusal("gold", "--out", tmp_path, "--user", "nobody") == "unknown_user"
    (tmp_path / "gold.jsonl").touch()
    assert refusal("gold", "--out", tmp_path, "--user", "dana") == "gold_exists"


def test_of_too_few_calls_no_engine_passes(corrected, reviewer, catalogue):
    asked = ("--user", "dana", "--way", "one-shot", "--not-worse-by", "100")
    assert refusal("wer", "--engine", "toy", "--engine", "toy", *asked) == "too_few_calls"
    assert EngineMeasurement.objects.count() == 1


def test_an_engine_that_may_be_worse_by_more_than_allowed_fails_the_command(
    corrected, reviewer, catalogue, monkeypatch
):
    monkeypatch.setattr(figures, "MIN_CALLS", 2)
    monkeypatch.setattr(wer, "MIN_CALLS", 2)
    asked = ("--user", "dana", "--way", "one-shot", "--not-worse-by")
    assert refusal("wer", "--engine", "toy", "--engine", "broken", *asked, "50") == "may_be_worse"
    run("wer", "--engine", "toy", "--engine", "broken", *asked, "100")
    assert refusal("wer", "--engine", "broken", "--engine", "toy", *asked, "0") == "first_engine_failed"
    assert EngineMeasurement.objects.count() == 3


def test_no_corrected_turn_is_no_measurement(line, reviewer, catalogue):
    with pytest.raises(CommandError, match="^no_gold: .*gold_since.* before that date never count"):
        run("wer", "--engine", "toy", "--user", "dana")
    assert not EngineMeasurement.objects.exists()


def test_no_corrected_turn_writes_no_folder(line, reviewer, tmp_path):
    assert refusal("gold", "--out", tmp_path / "gold", "--user", "dana") == "no_gold"
    assert not (tmp_path / "gold").exists()
