"""Emulators of Google Cloud Speech over real gRPC, and of others over real WebSockets. **None recognises speech.**

Each knows a folder of recordings with transcripts and notices, frame by frame, when one of them is played to it; its
words then come as late, as unsettled and as unkind as Google's. Any other audio gets no words. Timings are drawn from
distributions that were published or measured (see timing.py), so every latency measured against it is an *emulated*
one.
"""
