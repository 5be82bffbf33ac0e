"""The documents say what the code does."""

import re

import grpc
import pytest
from django.conf import settings
from django.core.management import get_commands
from django.utils import translation
from prometheus_client import Histogram

from calls.core import (
    echo_control,
    echo_gate,
    open_utterances,
    own_sound,
    own_words,
    revisions,
    status,
    stream_control,
)
from calls.desk import codes, permissions, shown_permissions
from calls.desk.admin import listing, searching
from calls.desk.engines import figures as engine_figures
from calls.desk.review import download
from calls.desk.review.listening import TAIL_MS
from calls.desk.review.queue.models import CallReview, TurnMark
from calls.desk.tuning import figures, selectors
from calls.desk.tuning.uncertainty import TOLERANCES
from calls.lab import emulated_answers, floor_figures, floor_measurement
from calls.lines import exporting, settings_cache
from calls.reply import floor, floor_hold, floor_rule
from calls.reply.playback import MARK_LATE_MS, STARVED_MS
from stt.audio import FRAME_MS
from stt.emulator.timing import Faults
from stt.endpointing import silero
from stt.endpointing.endpointer import EndpointOptions
from stt.engines import catalogue, engine_health, half_close
from stt.engines.handshake_rate import HANDSHAKES_A_SECOND
from stt.engines.kept_finals import KEPT
from stt.engines.one_in_every import EVERY, MOST_AGAIN
from stt.models import SETTINGS
from stt.streaming import reconnect, stream
from stt.tuning import BOUNDS, Tuning
from tests.paths import ROOT
from voiceapp.runtime import metrics
from voiceapp.server.connection_limits import MAX_OF_PROCESS, MAX_OF_SOURCE
from voiceapp.server.http_channel import BODY_S, HEADERS_S, UNREAD_S
from voiceapp.server.http_requests import MOST_PAGE_BYTES, MOST_WEBHOOK_BYTES, PAGES

README = (ROOT / "README.md").read_text("utf-8")
SOURCE = "".join(
    path.read_text("utf-8") for room in ("calls", "stt", "voiceapp") for path in sorted((ROOT / room).rglob("*.py"))
)


def doc(name):
    return (ROOT / "docs" / name).read_text("utf-8")


def example():
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_lists_every_variable_that_is_read():
    read = set(re.findall(r'_env\.\w+\("([A-Z_]+)"', SOURCE)) | {b.env for b in BOUNDS.values() if b.env}
    read |= set(re.findall(r'self\.(?:text|flag|secret(?:_list)?)\("([A-Z_]+)"', SOURCE)) | set(catalogue.variables())
    assert read == set(example())


def test_the_example_names_every_secret_that_may_stand_in_a_file():
    secrets = set(re.findall(r'(?:self|_env)\.secret(?:_list)?\("([A-Z_]+)"', SOURCE))
    secrets |= {name for name in catalogue.variables() if name.endswith("_API_KEY")}
    head = (ROOT / ".env.example").read_text("utf-8").partition("\n\n")[0]
    assert set(re.findall(r"[A-Z_]{8,}", head)) - {"SECRET_KEY_FILE"} == secrets


def test_the_example_has_the_defaults():
    for name, bounds in BOUNDS.items():
        if bounds.env:
            assert example()[bounds.env] == str(getattr(Tuning(), name))


def test_the_missions_values_are_the_defaults():
    tuning = Tuning()
    assert (tuning.stt_batch_ms, tuning.stt_partial_debounce_ms) == (80, 120)
    assert (tuning.stt_timeout_ms, tuning.vad_hangover_ms) == (450, 220)
    assert (tuning.early_min_characters, tuning.stt_attempts, tuning.stt_retry_ms) == (15, 3, 200)


CODES = re.findall(r"^\|[^|]+\| ([^|]+) \|", doc("operating.md"), re.MULTILINE)[2:]


@pytest.mark.parametrize("code", sorted({code for cell in CODES for code in re.findall("`([a-z_0-9]+)`", cell)}))
def test_every_code_of_the_table_is_in_the_code(code):
    code = code.removeprefix("token_")
    if code.upper() in grpc.StatusCode.__members__:
        return
    assert f'"{code}"' in SOURCE or f"{code}:" in SOURCE or f'"{code}' in SOURCE


def test_every_code_that_a_call_counts_is_in_the_table():
    counted = set(re.findall(r'counters\["(\w+)"', SOURCE)) | set(re.findall(r'Malformed\("(\w+)"', SOURCE))
    assert {code for code in counted if f"`{code}`" not in doc("operating.md")} == {"dtmf", "events_q_full"}


def test_every_code_of_an_answer_is_in_the_table_with_its_numbers():
    table = " ".join(CODES)
    assert [code for code in [*codes.ANSWERING, "turn_model_lost"] if f"`{code}`" not in table] == []
    page = doc("operating.md")
    assert f"has not sent back {MARK_LATE_MS // 1000} s after its time" in page
    assert f"paused for over {STARVED_MS} ms" in page


def test_the_endpointing_page_has_the_endpointers_numbers():
    page, options = doc("endpointing.md"), EndpointOptions()
    assert f"`noise_margin_db` ({Tuning().noise_margin_db})" in page
    assert f"at {options.longest_ms // 1000} s (a cut)" in page
    assert f"default is aggressiveness {Tuning().vad_aggressiveness}" in page
    assert f"| **webrtc {Tuning().vad_aggressiveness}** |" in page and Tuning().vad_engine == "webrtc"
    assert f"what came within {silero.GATHER_S * 1000:.0f} ms at once" in page
    assert f"is used {silero.LAG_FRAMES * FRAME_MS} ms after its chunk" in page
    assert f"begins {options.pre_roll_ms} ms before the first voiced frame" in page


def test_the_operators_page_has_the_lists_numbers():
    page = doc("operating.md")
    assert f"newest {searching.NEWEST_CALLS} calls of the list" in page
    assert f"its newest\n{listing.MOST_LISTED} calls" in page
    assert f"at most {download.MOST_EXPORTED // 1000} 000, as" in page
    assert (
        f"under {searching.SHORT_LETTERS} letters, and numbers and\nLatin words under {searching.SHORT_DIGITS}," in page
    )


def test_the_operators_page_has_the_servers_numbers():
    page = doc("operating.md")
    pages = ", ".join(f"`{path.decode()}`" for path in PAGES)
    assert f"over {MOST_PAGE_BYTES >> 20} MB under {pages}, over {MOST_WEBHOOK_BYTES >> 10} kB elsewhere" in page
    assert f"not whole after {HEADERS_S:.0f} s, a body {BODY_S:.0f} s behind them" in page
    assert f"a {MAX_OF_SOURCE + 1}th connection of one address" in page
    assert f"a {MAX_OF_PROCESS + 1}th connection that nobody has let in" in page
    assert f"wait for it for {UNREAD_S:.0f} s" in page
    # Not imported: that installs a reactor.
    (watchdog_s,) = re.findall(r"^WATCHDOG_S = (\d+)", SOURCE, re.MULTILINE)
    assert f"DRAIN_TIMEOUT_S + {watchdog_s} s" in page
    unit = (ROOT / "deploy" / "systemd" / "voiceapp-media@.service").read_text()
    assert f"DRAIN_TIMEOUT_S + {watchdog_s} s" in unit
    assert f"HOST is {example()['HOST']} unless" in page
    rules = (ROOT / "deploy" / "nginx" / "voiceapp.conf").read_text()
    assert f"client_max_body_size {MOST_WEBHOOK_BYTES >> 10}k;" in rules
    assert f"client_max_body_size {MOST_PAGE_BYTES >> 20}m;" in rules


def test_every_histogram_and_its_stages_are_named():
    page = doc("operating.md")
    stages = {
        metrics.TURN_STAGES: ("partial", "final"),
        metrics.ANSWER_STAGES: ("floor", "responder", "voice", "first", "total"),
    }
    histograms = [one for one in vars(metrics).values() if isinstance(one, Histogram)]
    assert len(histograms) >= 5
    for one in histograms:
        (family,) = one.describe()
        labels = "{stage}" if one in stages else ""
        assert f"`{family.name}{labels}`" in page
        assert all(f"`{stage}`" in page and stage in family.documentation for stage in stages.get(one, ()))


def test_the_exports_page_has_every_field():
    page = doc("export.md")
    of_call, of_turn, of_answer = (part.partition("\n\n## ")[0] for part in page.split("\n## ")[1:])
    stream = ("streams", "stream_sid", *exporting.STREAM_FIELDS)
    marked = ("marks", *TurnMark.Kind.values)
    said = ("reviews", "tags", "notes", "verdict", "by", "made_at", *CallReview.Verdict.values)
    for part, fields in (
        (of_call, (*exporting.CALL_FIELDS, *stream, "saved_values", "key", "value", "secret", *said, "turns")),
        (of_turn, (*exporting.TURN_FIELDS, "echo", "correction", "text", "by", "made_at", *marked)),
        (of_answer, exporting.ANSWER_FIELDS),
    ):
        rows = "\n".join(line for line in part.splitlines() if line.startswith("| `"))
        assert [name for name in fields if f"`{name}`" not in rows] == []
        firsts = re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in rows.splitlines()))
        assert len(set(firsts)) == len(firsts)
        assert set(firsts) <= set(fields)


def test_every_path_that_the_documents_name_exists():
    for name in re.findall(r"\(((?:calls|stt|voiceapp|docs)/[\w/.]+\.\w+)\)", README):
        assert (ROOT / name).is_file(), name
    for name in re.findall(r"`(script/\w+)", README):
        assert (ROOT / name).is_file(), name


def test_the_glossary_names_what_the_code_names():
    words = README[README.index("## Words") :]
    for word in ("Call", "CallSession", "Utterance", "Turn", "Transcript", "Attribution", "Endpointer", "Tuning"):
        assert f"**{word}**" in words
        assert f"class {word}" in SOURCE


def test_groups_are_called_in_the_documents_as_on_the_pages():
    page = doc("operating.md")
    for name, shown in shown_permissions.GROUPS.items():
        with translation.override("he"):
            hebrew = str(shown)
        with translation.override("en"):
            assert f"\n| {shown}, {hebrew} | yes" in page
        assert all(f"`{name}`" not in doc(path.name) for path in (ROOT / "docs").glob("*.md") if name != "supervisor")
    assert set(shown_permissions.GROUPS) == set(permissions.GROUPS)


def test_pages_are_hebrew_and_times_are_israels():
    assert settings.LANGUAGE_CODE == "he"
    assert settings.TIME_ZONE == "Asia/Jerusalem"


def test_requirements_name_no_index_and_pin_everything():
    for name in ROOT.glob("requirements*.txt"):
        for line in name.read_text().splitlines():
            if re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line):
                continue
            assert line.startswith("#") or "==" in line, line
            assert "://" not in line and "--" not in line.split("#")[0], line


def test_the_tuning_page_names_every_setting_and_has_the_codes_numbers():
    page = doc("tuning.md")
    for name in SETTINGS:
        assert f"`{name}`" in page
    assert f"the newest {selectors.MOST_CALLS} ended calls" in page
    assert f"at most {selectors.MOST_TURNS // 1000} 000 turns" in page
    assert f"within {figures.CUT_OFF_MS} ms" in page
    assert f"final p50 ± {TOLERANCES[figures.Measure.FINAL_P50]:.0f} ms" in page
    assert f"regret ± {100 * TOLERANCES[figures.Measure.REGRET]:.0f} points" in page
    assert settings_cache.REFRESH_S == 2.0
    assert "within two seconds" in page
    for name in re.findall(r"\(images/([\w-]+\.png)\)", page):
        assert (ROOT / "docs" / "images" / name).is_file()


def test_the_reliability_page_has_the_codes_numbers():
    page, tuning = doc("reliability.md"), Tuning()
    assert f"from {tuning.renew_after_s} s at a quiet moment, at the latest at {tuning.renew_latest_s} s" in page
    assert f"{tuning.deaf_after_ms // 1000} s of voice without a result" in page
    assert f"unsettled for {revisions.MAX_UNSETTLED_MS // 1000} s" in page
    assert f"{stream.MAX_BURST_MS // 1000} s at once" in page
    assert f"begins {stream_control.REPLAY_MS} ms before the cut" in page
    assert f"`settle_ms` ({tuning.settle_ms})" in doc("latency.md")
    assert f"reach {open_utterances.CONFIRMED_BEYOND_MS} ms beyond the last voiced frame" in doc("latency.md")


def test_the_engines_page_has_the_numbers_of_who_hears_best():
    page = doc("engines.md")
    assert f"turns of at most {engine_figures.SHORT_WORDS} words" in page
    assert f"*calls*, {engine_figures.RESAMPLES} draws, seeded" in page
    assert f"half-closed {TAIL_MS} ms behind it" in page


def test_the_latency_page_has_the_codes_numbers():
    page, tuning = doc("latency.md"), Tuning()
    assert f"after `half_close_ms` ({tuning.half_close_ms}) of" in page
    assert f"`half_close_requests` ({tuning.half_close_requests})" in page
    replayed = f"{stream_control.SPOKEN_OVER_MS} ms before the\n  silence, and the new one begins "
    assert f"{replayed}{stream_control.REPLAY_MS} ms" in page
    assert f"| **`half_close_ms` {tuning.half_close_ms}** |" in page


def test_the_latency_page_has_the_numbers_of_half_closings_proof():
    page = " ".join(doc("latency.md").split())
    assert f"medians of the last {KEPT} each" in page and f"One utterance in {EVERY} is left natural" in page
    assert f"up to {('five', 'six', 'seven')[MOST_AGAIN - 4]} in {EVERY} while it is not clear" in page
    assert f"rests for {half_close.REST_MS // 60_000} minutes where" in page
    assert f"over {half_close.MIN_FORCED} forced finals and more than one natural one" in page
    assert half_close.MIN_NATURAL == 2
    assert f"gains less than {half_close.REST_GAIN_MS:.0f} ms" in page
    assert f"returns where both came {half_close.RETURN_GAIN_MS:.0f} ms sooner" in page
    assert half_close.LACKING == ((3, 0.3), (4, 0.1))
    assert "three times and 30 points more often" in page and "four times and 10 points" in page
    for reason in half_close.RestReason:
        assert f"`{reason}`" in page
    for fault in ("half_close_ignored", "half_close_loses_word"):
        assert fault in Faults.names() and f"`{fault}`" in page


def test_the_answering_page_has_the_codes_numbers():
    page = doc("answering.md")
    assert f"{floor.MODEL_AFTER_MS} ms into the silence" in page
    assert f"Below {floor_rule.UNFINISHED_BELOW} a turn of at least {floor_rule.MIN_MODEL_WORDS} words" in page
    assert f"not there after {floor.MODEL_LATE_MS} ms" in page
    assert f"found finished (≥ {floor_rule.UNFINISHED_BELOW})" in page
    held = f"until {status.BEGINS_WITHIN_MS} ms behind the last voiced frame, and at most "
    assert f"{held}{floor_hold.LONGEST_ONSET_MS} ms\n  from the first of them" in page


def test_the_answering_page_has_the_numbers_of_the_echo():
    page = doc("answering.md").split("## Echo\n")[1].split("\n## ")[0]
    assert f"{own_sound.ECHO_TAIL_MS} ms after" in page and f"loudest of the last {own_sound.LOUDEST_OF_MS} ms" in page
    assert f"and {echo_gate.LEARNT_ABOVE_DB:.0f} dB more" in page
    assert f"{echo_gate.FIRST_MARGIN_DB:.0f} dB until a second" in page and echo_gate.BLOCK_FRAMES * FRAME_MS == 1000
    assert f"beyond {echo_gate.MOST_MARGIN_DB:.0f} and {echo_gate.LEAST_MARGIN_DB:.0f}" in page
    assert f"of {echo_gate.SURE_CORRELATION}, or of {echo_gate.MIN_CORRELATION} at" in page
    assert f"above {echo_control.CANCEL_ABOVE_DB:.0f} dB" in page
    assert f"{100 * own_words.OURS_SHARE:.0f} % are ours" in page


def test_the_answering_page_requires_what_the_floors_table_does():
    page = doc("answering.md")
    table = page.split("<!-- floor_table -->\n")[1].split("\n<!-- /floor_table -->")[0].splitlines()
    written = {cells[1]: cells[2:] for cells in (re.split(r" ?\| ?", line) for line in table)}
    for required in floor_figures.REQUIRED:
        limit, *measured, _ = written[required.name]
        assert limit == f"≤ {required.limit} {required.unit}".strip()
        for cell in measured:
            value = float(re.sub(r"[^\d.]", "", cell))
            assert cell.startswith("**") is not required.holds(value)
    assert f"first words after {emulated_answers.LLM.first_words_ms} ms" in page
    assert f"sound from the phrase cache after {emulated_answers.SCRIPTED.first_sound_ms} ms" in page
    assert f"first\nsound of a piece after {emulated_answers.LLM.first_sound_ms} ms" in page
    found, doubted = round(100 * floor_measurement.FOUND), round(100 * floor_measurement.FALSE_ALARM)
    assert f"finds {found} % of the pauses and doubts {doubted} % of the ends" in page
    assert f"{floor_measurement.FULL.rounds} rounds of the sentences" in page
    assert f"{floor_measurement.FULL.numbers} phone numbers" in page


LINKED = re.findall(r"\]\(([\w/]+\.(?:py|md))\)", (ROOT / "README.md").read_text("utf-8"))


@pytest.mark.parametrize("path", sorted(set(LINKED)))
def test_what_the_readme_links_to_is_there(path):
    assert (ROOT / path).is_file()


def test_the_way_of_a_frame_names_what_its_files_hold():
    for name, path in {
        "dispatch": "calls/consumers.py",
        "parse": "calls/core/messages.py",
        "CallDriver": "calls/core/driver.py",
        "CallSession": "calls/core/session.py",
        "Transcriber": "stt/streaming/transcriber.py",
        "events_q": "calls/live/event_queue.py",
        "CallLog": "calls/live/call_log.py",
    }.items():
        assert path in LINKED
        assert name in (ROOT / path).read_text("utf-8"), path


def test_the_engines_page_has_every_engine_and_the_figures_of_failing_over():
    page = doc("engines.md")
    for entry in catalogue.ENTRIES:
        row = re.findall(rf"^\| `{entry.name}` \|.*$", page, re.MULTILINE)[0]
        assert str(entry.capabilities.price_per_hour) in row
        assert [name for name in entry.needs if f"`{name}`" not in row] == []
    assert [code for code in catalogue.FLAWS if f"`{code}`" not in page] == []
    assert f"rests for {engine_health.REST_S:.0f} s" in page
    assert f"one call every {engine_health.TRY_EVERY_S:.0f} s tries it" in page
    assert f"heard for {engine_health.WELL_S:.0f} s" in page
    assert f"up to {engine_health.MAX_REST_S / 60:.0f} minutes" in page
    assert f"{engine_health.RELAPSE_S / 60:.0f} minutes after" in page
    assert f"within {reconnect.BROKEN_WITHIN_S:.0f} s" in page
    assert f"{1000 / HANDSHAKES_A_SECOND:.0f} ms after" in page


PAGES_OF_DOCS = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES_OF_DOCS)
def test_the_commands_of_a_page_are_there(page):
    text = (ROOT / page).read_text("utf-8")
    named = set(re.findall(r"\bmanage\.py ([a-z][a-z_0-9]+)", text)) - {"test"}
    assert named <= set(get_commands())
    assert [
        name for name in re.findall(r"(?<![\w/])script/([a-z]+)", text) if not (ROOT / "script" / name).is_file()
    ] == []
    assert [name for name in re.findall(r"\bdeploy/[\w./-]*\w", text) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES_OF_DOCS)
def test_what_is_to_be_pasted_finds_manage_py(page):
    """Within a sentence it is a name; a line of its own is taken into a terminal as it stands."""
    to_paste = re.findall(r"^(?: {4,}|\$ ).*\bmanage\.py [a-z].*", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    steps = [line for line in to_paste if not re.match(r" {4,}\S.*`manage\.py", line)]
    assert [line for line in steps if ".venv/bin/python manage.py " not in line] == []


def test_no_two_stand_ins_are_started_on_one_port():
    started = {
        (port, name, vendor)
        for page in PAGES_OF_DOCS
        for name, vendor, port in re.findall(
            r"\b(\w+_emulator)(?: --vendor (\w+))? --port (\d+)", (ROOT / page).read_text("utf-8")
        )
    }
    assert len(started) >= 4
    assert len({port for port, _, _ in started}) == len(started)


def test_the_first_hour_is_a_page_of_numbered_steps():
    page = doc("first-hour.md")
    assert len(page.splitlines()) <= 100
    steps = [int(number) for number in re.findall(r"^(\d+)\. \*\*", page, re.MULTILINE)]
    assert steps == list(range(1, len(steps) + 1))
    assert "docs/first-hour.md" in README[: README.index("![")]


def test_the_privacy_page_says_that_no_lawyer_has_read_it():
    assert "no lawyer has read this page" in doc("privacy.md")
