"""Calls over the whole path, and heard again from what they left."""

import pytest

from tests.live.test_demo import manage

pytestmark = pytest.mark.live


def test_a_real_call_heard_again_at_its_own_settings_is_what_was_stored(tmp_path):
    assert manage("migrate", "-v0", var_dir=tmp_path).returncode == 0
    done = manage("demo", "--once", "--only", "answers", var_dir=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = manage("whatif", "--last", "5", var_dir=tmp_path)
    assert "5 of 5 turns as stored" in done.stdout, done.stdout + done.stderr
    assert "turns changed: none" in done.stdout
    other = manage("whatif", "--last", "5", "--set", "vad_hangover_ms=900", var_dir=tmp_path).stdout
    assert "5 of 5 turns as stored" in other
