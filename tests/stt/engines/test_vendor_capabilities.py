"""What the table says of a vendor is what its engine says."""

import pytest

from stt.engines import vendor_capabilities
from stt.engines.deepgram import Deepgram
from stt.engines.elevenlabs import ElevenLabs
from stt.engines.soniox import Soniox
from tests.paths import ROOT

VENDORS = {Deepgram: vendor_capabilities.DEEPGRAM, Soniox: vendor_capabilities.SONIOX}
VENDORS |= {ElevenLabs: vendor_capabilities.ELEVENLABS}


@pytest.mark.parametrize("engine", VENDORS, ids=lambda engine: engine.vendor)
def test_an_engine_can_what_the_table_says(engine):
    assert engine("key").capabilities is VENDORS[engine]


@pytest.mark.parametrize("vendor", ["deepgram", "soniox", "elevenlabs", "google_v2"])
def test_an_adapter_stays_small(vendor):
    """About a hundred lines, with its messages' shapes: blank lines between them are not counted."""
    lines = (ROOT / f"stt/engines/{vendor}.py").read_text("utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 115
