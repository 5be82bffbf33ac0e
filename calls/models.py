"""Django finds the rows here; each stands in its room."""

from calls.api.models import ApiToken
from calls.desk.access_log.models import AccessEntry
from calls.desk.engines.models import EngineMeasurement, MeasuredTurn
from calls.desk.given_permissions import GivenPermission
from calls.desk.line_limits.models import LimitedLine, LineLimit
from calls.desk.privacy.models import LegalHold
from calls.desk.review.models import Correction
from calls.desk.review.queue.models import (
    CallNote,
    CallReview,
    CallTag,
    Informed,
    Mention,
    ReviewSample,
    SampledCall,
    TurnMark,
)
from calls.lines.dialogues import Dialogue
from calls.lines.models import Alarm, AlarmNotice, LinePerson, NumberChange, PhoneLine, Trial
from calls.lines.prices import EnginePrice, Price
from calls.lines.privacy import PrivacyChange
from calls.storage.line_hours import ChangedHour, LineHour, SumsState
from calls.storage.models import Call, CallEvent, SavedValue, Transcript
from calls.storage.queued_calls import QueuedCall
from calls.storage.tombstones import Tombstone
from calls.storage.webhooks import Webhook, WebhookDelivery
from calls.twilio.models import SpentToken, SupervisorAction

__all__ = [
    "AccessEntry",
    "Alarm",
    "ApiToken",
    "AlarmNotice",
    "Call",
    "CallEvent",
    "CallNote",
    "CallReview",
    "CallTag",
    "ChangedHour",
    "Correction",
    "Dialogue",
    "EngineMeasurement",
    "GivenPermission",
    "Informed",
    "LegalHold",
    "LineHour",
    "LimitedLine",
    "LineLimit",
    "LinePerson",
    "MeasuredTurn",
    "Mention",
    "NumberChange",
    "PhoneLine",
    "EnginePrice",
    "Price",
    "PrivacyChange",
    "QueuedCall",
    "ReviewSample",
    "SampledCall",
    "SavedValue",
    "SpentToken",
    "SumsState",
    "SupervisorAction",
    "Tombstone",
    "Transcript",
    "Trial",
    "TurnMark",
    "Webhook",
    "WebhookDelivery",
]
