"""Django finds the rows here; each stands in its room."""

from calls.desk.access_log.models import AccessEntry
from calls.desk.engines.models import EngineMeasurement, MeasuredTurn
from calls.desk.review.models import Correction
from calls.lines.dialogues import Dialogue
from calls.lines.models import Alarm, AlarmNotice, LinePerson, NumberChange, PhoneLine, Price, Trial
from calls.storage.models import Call, CallEvent, SavedValue, Transcript
from calls.twilio.models import SpentToken, SupervisorAction

__all__ = [
    "AccessEntry",
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
    "SavedValue",
    "SpentToken",
    "SupervisorAction",
    "Transcript",
    "Trial",
]
