"""The stand-ins for vendors beside Google's v1: how each is made, and how late it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from stt.emulator.deepgram import EmulatedDeepgram
from stt.emulator.elevenlabs import EmulatedElevenLabs
from stt.emulator.google_v2 import GoogleV2Emulator, chirp_timing
from stt.emulator.service import EmulatorOptions
from stt.emulator.socket_service import SocketEmulator, SocketVendor
from stt.emulator.soniox import EmulatedSoniox
from stt.emulator.vendor_faults import VendorFaults

VendorEmulator = SocketEmulator | GoogleV2Emulator
SOCKETS: dict[str, Callable[[], SocketVendor]] = {
    "deepgram": EmulatedDeepgram,
    "soniox": EmulatedSoniox,
    "elevenlabs": EmulatedElevenLabs,
}
GOOGLE_V2 = "google_v2"
VENDORS = (GOOGLE_V2, *SOCKETS)
"""By the names of their engines."""


def emulator_of(name: str, options: EmulatorOptions, faults: VendorFaults) -> VendorEmulator:
    """A vendor's stand-in, as late as the vendor is said to be. Raises ValueError for a fault that it cannot have."""
    if name == GOOGLE_V2:
        return GoogleV2Emulator(replace(options, timing=chirp_timing(options.timing)), faults)
    vendor = SOCKETS[name]()
    return SocketEmulator(vendor, replace(options, timing=vendor.timing(options.timing)), faults)
