"""What the vendors' engines can, as the vendors say, with the page beside each number; read without their code. Pure.

Nothing here was tried against a live service. Prices are list prices of November 2026.
"""

from __future__ import annotations

from decimal import Decimal

from stt.engines.base import Capabilities

DEEPGRAM = Capabilities(
    streaming=True,
    one_shot=True,
    word_times=True,  # https://developers.deepgram.com/reference/speech-to-text/listen-streaming
    idle_limit_s=10.0,  # https://developers.deepgram.com/docs/audio-keep-alive
    message_bytes=8000,  # ours: a second; it names no limit
    half_close=True,  # https://developers.deepgram.com/docs/finalize
    price_per_hour=Decimal("0.288"),  # $0.0048 a minute: https://deepgram.com/pricing
)
SONIOX = Capabilities(
    streaming=True,
    one_shot=True,
    word_times=True,  # https://soniox.com/docs/stt/concepts/timestamps
    longest_stream_s=18_000.0,  # 300 minutes: https://soniox.com/docs/stt/api-reference/websocket-api
    idle_limit_s=20.0,  # https://soniox.com/docs/stt/rt/connection-keepalive
    message_bytes=8000,  # ours
    half_close=True,  # https://soniox.com/docs/stt/real-time-API/manual-finalization
    price_per_hour=Decimal("0.12"),  # https://soniox.com/pricing
)
ELEVENLABS = Capabilities(
    streaming=True,
    one_shot=True,
    word_times=True,  # include_timestamps: https://elevenlabs.io/docs/api-reference/speech-to-text/v-1-speech-to-text-realtime
    message_bytes=8000,  # ours; its examples send a second
    half_close=True,  # a commit
    price_per_hour=Decimal("0.39"),  # https://vercel.com/ai-gateway/models/scribe-v2-realtime
)
GOOGLE_V2 = Capabilities(
    streaming=True,
    one_shot=True,
    word_times=False,  # not while streaming: https://cloud.google.com/speech-to-text/v2/docs/chirp_3-model
    longest_stream_s=300.0,  # https://cloud.google.com/speech-to-text/quotas
    idle_limit_s=10.0,
    message_bytes=8000,  # of 15 KB
    half_close=True,
    price_per_hour=Decimal("0.96"),  # $0.016 a minute: https://cloud.google.com/speech-to-text/pricing
)
