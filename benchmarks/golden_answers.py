"""The demo's conversations as they were stored: at their own settings what-if changes nothing (tests/test_golden.py).

``python -m benchmarks.golden_answers`` keeps those of VAR_DIR's demo (``manage.py demo --once``) in
tests/golden/answers: of each its trace, and its answers' rows with the settings that it had.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from calls.core.agent_turns import AgentTurn
from calls.storage.trace import read_trace
from calls.whatif.answers_again import AnswerChange, answers_again
from calls.whatif.recorded_call import RecordedCall, heard_of
from stt.tuning import Tuning
from tests.paths import ROOT

KEPT = ROOT / "tests" / "golden" / "answers"


class StoredConversation(NamedTuple):
    """One call of the demo's, which had one stream."""

    heard: RecordedCall
    answers: list[AgentTurn]
    tuning: Tuning

    def at(self, **settings: Any) -> list[AnswerChange]:
        """Its answers at other settings."""
        return answers_again(self.heard, self.answers, self.tuning, replace(self.tuning, **settings))


def kept() -> dict[str, StoredConversation]:
    """By name."""
    return dict(_kept())


def _kept() -> Iterator[tuple[str, StoredConversation]]:
    for path in sorted(KEPT.glob("*.json")):
        rows = json.loads(path.read_text("utf-8"))
        answers = [AgentTurn.of_row(row) for row in rows["answers"]]
        heard = heard_of(read_trace(path.with_suffix(".trace")))
        yield path.stem, StoredConversation(heard, answers, Tuning.from_mapping(rows["tuning"]))


def keep() -> None:
    """From the database and the traces of a demo."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
    import django

    django.setup()
    from django.conf import settings

    from calls.lab.sample_conversations import sample_conversations
    from calls.storage.models import Call

    KEPT.mkdir(exist_ok=True)
    for conversation in sample_conversations():
        call = Call.objects.get(from_number=conversation.from_number)
        (stream,) = call.streams.values()
        shutil.copy(
            Path(settings.VAR_DIR, stream["recording"]).with_suffix(".trace"), KEPT / f"{conversation.name}.trace"
        )
        answers = [AgentTurn.of_row(vars(row)).as_row() for row in call.turns.all() if row.is_agents]
        text = json.dumps({"tuning": call.tuning, "answers": answers}, ensure_ascii=False, indent=1)
        (KEPT / f"{conversation.name}.json").write_text(text + "\n", "utf-8")


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    keep()
    print(f"{len(kept())} conversations kept in {KEPT}")


if __name__ == "__main__":
    main()
