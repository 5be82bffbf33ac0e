"""Django finds the rows here; each stands in its room."""

from calls.desk.engines.models import EngineMeasurement, MeasuredTurn
from calls.desk.review.models import Correction, ReviewerAction
from calls.lines.dialogues import Dialogue
from calls.lines.models import Alarm, AlarmNotice, LinePerson, NumberChange, PhoneLine, Price, Trial
from calls.storage.models import Call, CallEvent, SavedValue, Transcript
from calls.twilio.models import SpentToken, SupervisorAction

__all__ = [
    "Alarm",
    "AlarmNotice",
    "Call",
    "CallEvent",
    "Correction",
    "Dialogue",
    "EngineMeasurement",
    "LinePerson",
    "MeasuredTurn",
    "NumberChange",
    "PhoneLine",
    "Price",
    "ReviewerAction",
    "SavedValue",
    "SpentToken",
    "SupervisorAction",
    "Transcript",
    "Trial",
]
