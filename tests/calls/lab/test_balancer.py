"""nginx of a rig: the deployed rules, and nothing of the deployed place."""

from pathlib import Path

import pytest

from calls.lab.balancer import DEPLOYED, configuration
from calls.lab.rig import RigError

RULES = DEPLOYED.read_text("utf-8")


def test_a_rig_has_the_deployed_rules_without_their_place():
    text = configuration(RULES, Path("/folder"), 7000, (7001, 7002))
    assert "listen 127.0.0.1:7000;" in text
    assert text.count("127.0.0.1:7001 ") == 1 and text.count("127.0.0.1:7002 ") == 2
    assert [place for place in ("unix:", "443", "ssl", "example.org", "/var/", "/etc/") if place in text] == []
    assert "proxy_next_upstream error timeout http_403 http_503 non_idempotent;" in text
    assert "error_page 503 = @nobody_else;" in text


def test_rules_that_are_not_understood_are_refused():
    with pytest.raises(RigError, match="nginx_failed"):
        configuration(RULES.replace("media-2", "media-9"), Path("/folder"), 1, (2, 3))
