"""What probes and metrics are told of half-closing."""

from types import SimpleNamespace

import pytest

from calls.process import half_closing
from calls.process.services import services
from stt.engines.half_close import HalfClosing, RestReason
from stt.engines.kept_finals import Kind
from tests.fakes import FakeEngine, recognition_by


@pytest.fixture
def recognition(monkeypatch):
    """Of a process whose engine forces nothing."""
    monkeypatch.setattr(services(), "recognition", recognition_by(FakeEngine()))
    memory = services().recognition.streaming.half_closing
    now_ms = half_closing.time.monotonic() * 1000
    for _ in range(3):
        memory.final_came(Kind.NATURAL, 900.0, now_ms)
    for _ in range(10):
        memory.final_came(Kind.FORCED, 880.0, now_ms)
    memory.checked(Kind.FORCED, now_ms, lacks=True)
    return services().recognition


@pytest.mark.django_db
def test_readiness_tells_the_medians_and_the_rest(client, recognition):
    (said,) = client.get("/readyz").json()["half_closing"].items()
    assert said[0] == "fake"
    assert 590 <= said[1].pop("rests_for_s") <= 600
    assert said[1] == {
        "state": "resting",
        "reason": "half_close_gains_little",
        "forced": {"median_ms": 880, "finals": 10, "compared": 1, "lacking": 1},
        "natural": {"median_ms": 900, "finals": 3, "compared": 0, "lacking": 0},
        "rests": {"half_close_gains_little": 1},
    }
    assert client.get("/readyz").status_code == 200


def test_metrics_have_them_by_engine(client, recognition):
    said = client.get("/metrics").content.decode()
    assert 'voiceapp_half_close_final_ms{engine="fake",kind="forced"} 880.0' in said
    assert 'voiceapp_half_close_lacking{engine="fake",kind="forced"} 1.0' in said
    assert 'voiceapp_half_close_compared{engine="fake",kind="natural"} 0.0' in said
    assert 'voiceapp_half_close_resting{engine="fake",reason="half_close_gains_little"} 1.0' in said
    assert 'voiceapp_half_close_resting{engine="fake",reason="half_close_quota_used"} 0.0' in said


def test_an_engine_of_which_nothing_is_known_has_no_median():
    from random import Random

    memory = HalfClosing(Random(1))
    recognition = SimpleNamespace(hear_streams=[SimpleNamespace(name="quiet", half_closing=memory)])
    half_closing.set_gauges(recognition)
    said = half_closing.as_json(half_closing.statuses(recognition)["quiet"])
    assert (said["state"], said["reason"], said["rests_for_s"]) == ("forcing", "", 0)
    assert said["forced"]["median_ms"] is None
    gauge = half_closing.metrics.HALF_CLOSE_FINAL_MS
    assert not [one for one in gauge.collect()[0].samples if one.labels["engine"] == "quiet"]
    assert {reason.value for reason in RestReason} == {
        one.labels["reason"]
        for one in half_closing.metrics.HALF_CLOSE_RESTING.collect()[0].samples
        if one.labels["engine"] == "quiet"
    }
