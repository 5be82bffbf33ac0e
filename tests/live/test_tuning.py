"""A change reaches the next call in every process: two servers, one Redis, and a saved profile."""

import pytest

from tests.live.pair import pair  # noqa: F401 - a fixture

pytestmark = pytest.mark.live


def test_a_change_reaches_the_next_call_in_every_process(pair):  # noqa: F811
    """Their own rounds are ten minutes apart: it was the word through Redis."""
    before = [pair.tuning_of_a_call(port) for port in pair.ports]
    assert {tuning["vad_hangover_ms"] for tuning in before} == {220}
    pair.shell(
        "from stt.models import TuningProfile\n"
        "profile = TuningProfile.objects.get(is_default=True)\n"
        "profile.vad_hangover_ms = 410\n"
        "profile.save()"
    )
    after = [pair.tuning_of_a_call(port) for port in pair.ports]
    assert {tuning["vad_hangover_ms"] for tuning in after} == {410}
    assert {tuning["profile"] for tuning in after} == {"default@2"}
