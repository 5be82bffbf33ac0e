"""What was kept of a sample conversation, beside what its caller said and heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from calls.core.agent_turns import Outcome
from calls.lab.call_records import answers_of, record_of
from calls.lab.call_report import CallReport
from calls.lab.heard_answers import acts_done_twice, faults_of
from calls.lab.sample_conversations import SampleConversation
from calls.storage.models import SavedValue, Transcript
from stt.audio import BYTES_PER_MS
from voiceapp.runtime.private_files import private_folder


@dataclass(frozen=True, slots=True)
class KeptConversation:
    """One that is over."""

    name: str
    report: CallReport
    turns: list[Transcript]
    """Of the caller."""
    answers: list[Transcript]
    saved: list[SavedValue]
    faults: list[str]
    """What differs from what the caller heard, a sentence each."""

    def spoken(self) -> Iterator[str]:
        """Who spoke from when to when, a line each, as it was kept."""
        return spoken([*self.turns, *self.answers])

    def interruptions(self) -> str:
        """What became of the answers that the caller stopped; empty where none was."""
        counts = Counter(answer.outcome for answer in self.answers)
        stopped = ", ".join(f"{counts[one]} {one}" for one in (Outcome.RESUMED, Outcome.INTERRUPTED) if counts[one])
        if not stopped:
            return ""
        unplayed = ", ".join(f"{clear.unplayed_samples / BYTES_PER_MS:.0f} ms" for clear in self.report.clears)
        return f"spoken over: {stopped}; the clears left unplayed: {unplayed or 'nothing'}"

    def write_wav(self, folder: Path) -> Path:
        """Both sides, in this folder. Raises OSError."""
        private_folder(folder)
        path = folder / f"{self.name}.wav"
        self.report.write_wav(path)
        return path


async def kept_conversation(conversation: SampleConversation, report: CallReport) -> KeptConversation:
    """Once it is complete. Raises RigError."""
    call, turns = await record_of(report.call_sid)
    answers, saved, codes = await answers_of(call)
    faults = [*faults_of(report, answers), *acts_done_twice(saved, codes)]
    if report.unspoken:
        faults.append(f"{report.unspoken} of the caller's recordings were not said: the line did not answer")
    return KeptConversation(conversation.name, report, turns, answers, saved, faults)


def spoken(turns: Iterable[Transcript]) -> Iterator[str]:
    """Who spoke from when to when, a line each."""
    for turn in sorted(turns, key=lambda turn: turn.started_ms):
        what = f"line    {_heard_of(turn)}" if turn.is_agents else f"caller  {turn.heard_text}"
        yield f"{turn.started_ms / 1000:9.2f} to {turn.ended_ms / 1000:6.2f} s  {what}"


def _heard_of(answer: Transcript) -> str:
    """An answer, what it was heard of, and what was given up before it."""
    heard = answer.heard_text
    notes = [] if heard.split() == answer.text.split() else [f"heard: {heard}"]
    if answer.withdrawals:
        notes.append(f"{answer.withdrawals} withdrawn before it: the caller went on")
    return answer.text + (f"   ({'; '.join(notes)})" if notes else "")
