"""A decoder that speaks the protocol of stt/engines/whisper_decoder.py and hears the toy's words: as a process.

``python -m tests.stt.engines.whisper_stand_in [--answer-ms N] [--fails CODE] [--dies]``.
"""

import argparse
import json
import os
import sys
import threading
import time

from stt.audio import pcm_to_ulaw
from stt.engines.whisper_decoder import requests_of
from tests.stt.engines.toy import heard

DIES = "xx"
"""A language that ends the process."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--answer-ms", type=int, default=0)
    parser.add_argument("--fails", default="")
    options = parser.parse_args()
    lock = threading.Lock()

    def say(**answer):
        with lock:
            print(json.dumps(answer), flush=True)

    def answer(number, pcm, language, before):
        time.sleep(options.answer_ms / 1000)
        if language == DIES:
            os._exit(3)
        say(id=number, words=[word.text for word in heard(pcm_to_ulaw(pcm))])

    if options.fails:
        say(error=options.fails, message="as asked")
        return
    say(ready=1)
    for one in requests_of(sys.stdin.buffer):
        threading.Thread(target=answer, args=one, daemon=True).start()
    os._exit(0)


if __name__ == "__main__":
    main()
