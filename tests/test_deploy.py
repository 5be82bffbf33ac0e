"""What is deployed is well-formed, and shut in."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from calls.lab.balancer import find_nginx
from calls.lab.rig import RigError
from tests.paths import ROOT
from tests.waiting import COMMAND_S
from voiceapp import settings

UNITS = ROOT / "deploy" / "systemd"
NGINX = ROOT / "deploy" / "nginx"
HARDENING = UNITS / "voiceapp-.service.d" / "hardening.conf"
SYSTEM_UNITS = Path("/usr/lib/systemd/system")
MOST_EXPOSED = 3.0
"""As ``systemd-analyze security`` counts; a unit that says nothing of it has 9.2."""
SERVICES = [
    path.name.replace("@.", "@1.") for path in sorted(UNITS.glob("*.service")) if "[Service]" in path.read_text()
]


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """A root folder with the units where a box has them, and what they start."""
    if shutil.which("systemd-analyze") is None or not SYSTEM_UNITS.is_dir():
        pytest.skip("needs systemd-analyze and systemd's own units: apt install systemd")
    root = tmp_path_factory.mktemp("box")
    shutil.copytree(SYSTEM_UNITS, root / "usr/lib/systemd/system", symlinks=True)
    shutil.copytree(UNITS, root / "etc/systemd/system")
    shutil.copytree(ROOT / "script", root / "opt/voiceapp/current/script")
    return root


def analyzed(box, what, *arguments):
    command = ["systemd-analyze", what, f"--root={box}", "--no-pager", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMMAND_S)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("unit", SERVICES)
def test_a_process_may_do_little_besides_its_work(box, unit):
    _, said, errors = analyzed(box, "security", "--offline=true", unit)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert exposure, errors
    assert float(exposure[1]) <= MOST_EXPOSED


def test_systemd_finds_nothing_to_say_of_the_units(box):
    timers = [path.name for path in sorted(UNITS.glob("*.timer"))]
    assert {"voiceapp-media@1.service", "voiceapp-web.service"} <= set(SERVICES)
    assert analyzed(box, "verify", *SERVICES, *timers) == (0, "", "")


def test_threads_that_write_may_say_how_they_are_scheduled():
    """SCHED_BATCH (voiceapp/runtime/background.py) is of @resources; @system-service has it."""
    filters = [line for line in HARDENING.read_text().splitlines() if line.startswith("SystemCallFilter=")]
    assert filters == ["SystemCallFilter=@system-service", "SystemCallFilter=~@privileged"]


def test_what_systemd_gives_wins_over_the_env_file():
    """EnvironmentFile= would win over Environment=, whatever their order (systemd.exec(5))."""
    lines = [line for path in UNITS.rglob("*.*") if path.is_file() for line in path.read_text().splitlines()]
    assert "Environment=ENV_FILE=/etc/voiceapp/voiceapp.env" in lines
    assert not [line for line in lines if line.startswith("EnvironmentFile=")]


@pytest.mark.parametrize("unit", ["voiceapp-media@.service", "voiceapp-web.service"])
def test_systemd_waits_for_longer_than_a_drain_may_take(unit):
    """As a box has it that sets no DRAIN_TIMEOUT_S; deploy/install.sh writes another one's."""
    # Not imported: that installs a reactor.
    server = (ROOT / "voiceapp/server/serve.py").read_text()
    (watchdog_s,) = re.findall(r"^WATCHDOG_S = (\d+)", server, re.MULTILINE)
    (stop_s,) = re.findall(r"^TimeoutStopSec=(\d+)$", (UNITS / unit).read_text(), re.MULTILINE)
    assert int(stop_s) >= settings.DRAIN_TIMEOUT_S + int(watchdog_s)
    assert "KillMode=mixed" in (UNITS / unit).read_text()


SITE = (NGINX / "voiceapp.conf").read_text()
PLACES = dict(re.findall(r"\n    location ([^{]+) \{(.*?)\n?    \}", SITE, re.DOTALL))
SAID_BY_NGINX = {
    "Host": "$host",
    "X-Real-IP": "$remote_addr",
    "X-Forwarded-For": "$remote_addr",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "$host",
    "Forwarded": '""',
}


def test_nginx_says_whose_every_connection_is():
    """Set once, for every location: nobody outside says it, and none sets a header, which would leave these out."""
    server = SITE.partition("\nserver {")[2]
    before_places = server.partition("    location")[0]
    for name, value in SAID_BY_NGINX.items():
        assert f"proxy_set_header {name} {value};" in before_places
    assert len(PLACES) == 7
    assert [place for place, rules in PLACES.items() if "proxy_set_header" in rules] == []


def test_media_and_pages_go_to_processes_of_their_own():
    to = {place: re.findall(r"proxy_pass http://(\w+);", rules) for place, rules in PLACES.items()}
    media = ["/ws/twilio/", "/twilio/", "@nobody_else"]
    assert {place for place, upstreams in to.items() if upstreams == ["voiceapp_media"]} == set(media)
    assert to["/"] == to["= /admin/login/"] == to["/account/password/"] == ["voiceapp_web"]
    assert PLACES["= /metrics"].strip() == "return 404;"


def test_pages_that_take_passwords_are_bounded_for_each_source():
    bounds = {place: re.findall(r"limit_req zone=(\w+)", rules) for place, rules in PLACES.items()}
    assert bounds["= /admin/login/"] == ["voiceapp_logins"]
    assert bounds["/account/password/"] == ["voiceapp_passwords"]
    for zone in ("voiceapp_logins", "voiceapp_passwords"):
        assert f"limit_req_zone $binary_remote_addr zone={zone}:" in SITE


def test_nginx_takes_the_rules(tmp_path):
    try:
        nginx = find_nginx()
    except RigError as error:
        pytest.skip(str(error))
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=voice.example.org -keyout".split()
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl: apt install openssl")
    subprocess.run([*made, tmp_path / "key", "-out", tmp_path / "pem"], check=True, capture_output=True)
    rules = "".join(path.read_text() for path in sorted(NGINX.glob("*.conf")))
    for deployed, here in {
        "/etc/voiceapp/tls/fullchain.pem": str(tmp_path / "pem"),
        "/etc/voiceapp/tls/privkey.pem": str(tmp_path / "key"),
        "/var/log/nginx": str(tmp_path),
        "listen [::]:443 ssl;": "",
        "listen [::]:80;": "",
        # Asked of nobody: whoever runs the tests may have no right to a port below 1024.
        "listen 443": "listen 127.0.0.1:8443",
        "listen 80": "listen 127.0.0.1:8080",
    }.items():
        assert deployed in rules
        rules = rules.replace(deployed, here)
    path = tmp_path / "nginx.conf"
    path.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{rules}\n}}\n")
    done = subprocess.run([nginx, "-t", "-e", "stderr", "-c", path], capture_output=True, text=True, timeout=COMMAND_S)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr
