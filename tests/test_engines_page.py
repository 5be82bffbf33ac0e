"""docs/engines.md says what the table of the engines does."""

import re

import pytest

from stt.emulator.vendor_faults import VendorFaults
from stt.engines import deepgram, elevenlabs, sockets, soniox
from stt.engines.catalogue import by_name
from stt.engines.google_v2 import STREAM_TIMEOUT_S
from tests.paths import ROOT

PAGE = (ROOT / "docs/engines.md").read_text("utf-8")
ROWS = {
    row.split("|")[1].strip(" `"): re.sub(r"\]\([^)]*\)|\[", "", row).split("|")
    for row in PAGE.split("### What each can")[1].split("###")[0].splitlines()
    if row.startswith("| `") and "engines" not in row.split("|")[1]
}


@pytest.mark.parametrize("name", ["google", "google_v2", "deepgram", "soniox", "elevenlabs"])
def test_a_row_says_what_the_engine_can(name):
    can, row = by_name()[name].capabilities, [cell.strip() for cell in ROWS[name]]
    assert row[4:6] == ["yes" if can.streaming else "no", "yes" if can.word_times else "no"]
    assert row[6] == (f"{can.longest_stream_s:.0f} s" if can.longest_stream_s else "no limit named")
    assert row[7] == (f"{can.idle_limit_s:.0f} s" if can.idle_limit_s else "no limit named")
    assert row[8] == str(can.price_per_hour)


def test_it_says_that_no_adapter_has_spoken_to_its_vendor():
    assert "none has spoken to its vendor's service" in PAGE


def test_its_numbers_are_the_adapters():
    assert f"`endpointing={deepgram.ENDPOINTING_MS}`" in PAGE
    assert f"fit {deepgram.MAX_KEY_TERM_TOKENS} tokens" in PAGE
    assert f"the first {soniox.MAX_TERMS_LETTERS} letters" in PAGE
    assert f"after {soniox.ENDPOINT_DELAY_MS} ms of silence" in PAGE
    assert f"after {elevenlabs.SILENCE_S} s of silence" in PAGE
    assert f"over {elevenlabs.ElevenLabsDialogue.linger_s} s behind" in PAGE
    assert f"{sockets.LAST_WORD_TIMEOUT_S:.0f} s behind the half-close" in PAGE
    assert f"{STREAM_TIMEOUT_S:.0f} s behind the opening" in PAGE


def test_every_fault_is_in_its_table():
    assert [name for name in VendorFaults.names() if f"`{name}" not in PAGE] == []
