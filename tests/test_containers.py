"""deploy/compose.yaml is what Compose takes, and the box that the other files of deploy/ make."""

import re
import subprocess
import sys

import pytest
from ruamel.yaml import YAML

from tests.paths import ROOT
from tests.waiting import COMMAND_S
from voiceapp import settings

COMPOSE = ROOT / "deploy" / "compose.yaml"
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
OURS = ("media-1", "media-2", "web")


@pytest.fixture(scope="module")
def services():
    return YAML(typ="safe").load(COMPOSE)["services"]


def test_it_follows_the_schema_of_compose():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMMAND_S)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_file_that_does_not_follow_it_is_refused(tmp_path):
    wrong = tmp_path / "compose.yaml"
    wrong.write_text("services:\n  web:\n    imagge: voiceapp\n")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(wrong)]
    assert subprocess.run(command, capture_output=True, check=False, timeout=COMMAND_S).returncode == 1


def test_nginx_finds_every_process_at_its_socket(services):
    rules = (ROOT / "deploy" / "nginx" / "voiceapp.conf").read_text()
    listened_on = {services[name]["command"][1] for name in OURS}
    assert listened_on == set(re.findall(r"server unix:(\S+) max_fails", rules))
    folders = {path.rpartition("/")[0] for path in listened_on}
    assert set(services["sockets"]["command"]) == folders
    assert "./nginx:/etc/nginx/conf.d:ro" in services["nginx"]["volumes"]
    assert all("sockets:/run/voiceapp" in services[name]["volumes"] for name in (*OURS, "nginx", "sockets"))


def test_a_container_is_not_killed_before_its_calls_have_ended(services):
    server = (ROOT / "voiceapp/server/serve.py").read_text()
    (watchdog_s,) = re.findall(r"^WATCHDOG_S = (\d+)", server, re.MULTILINE)
    for name in OURS:
        grace_s = int(services[name]["stop_grace_period"].removesuffix("s"))
        assert grace_s >= settings.DRAIN_TIMEOUT_S + int(watchdog_s)


def test_a_process_may_do_little_and_writes_where_it_must(services):
    for name in OURS:
        service = services[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["environment"]["VAR_DIR"] == "/var/lib/voiceapp"
        assert "var:/var/lib/voiceapp" in service["volumes"]
    assert "\nUSER voiceapp\n" in DOCKERFILE


def test_its_variables_are_those_that_the_server_reads(services):
    known = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert set(services["web"]["environment"]) <= known
    set_in_image = set(re.findall(r"(?:^ENV | )([A-Z_]+)=", re.findall(r"^ENV .*$", DOCKERFILE, re.MULTILINE)[0]))
    assert set_in_image <= known | {"ENV_FILE", "PYTHONDONTWRITEBYTECODE"}


def test_no_image_is_whatever_is_newest(services):
    images = [service["image"] for service in services.values() if service["image"] != "voiceapp"]
    images.append(re.findall(r"^FROM (\S+)$", DOCKERFILE, re.MULTILINE)[0])
    assert all(re.search(r":\d", image) for image in images)
