"""A text of the admin as callers hear it: synthesised in a line's voice for whoever may change lines or dialogues."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from calls.desk.access import needs
from calls.desk.unspeakable import NEEDS_POINTS, words_without_points
from calls.process.services import services
from stt.wavfile import wav_of
from voiceapp.runtime.coded_error import CodedError

MAY_HEAR = ("calls.change_phoneline", "calls.change_dialogue")
"""One of these: a vendor's voice costs money."""
WHY_SILENT: dict[str, tuple[int, Any]] = {
    "text_unspeakable": (422, _("There is nothing in this text that can be spoken.")),
    "text_too_long": (413, _("This text is too long to be played here.")),
    "voice_busy": (429, _("Somebody else is listening at this moment. Try again shortly.")),
    "voice_slow": (504, _("The voice did not answer in time. Try again.")),
    "voice_quota": (503, _("The voice's quota is used up.")),
    "voice_empty": (503, _("The voice gave no sound.")),
    "voice_raised": (503, _("The voice cannot be used.")),
}
"""By code: the status, and what a person is told."""


@require_POST
@needs()
def hear(request: HttpRequest) -> HttpResponse:
    """``text`` in ``voice`` ("": the server's first) as a WAV file; else JSON: ``code``, ``message``, ``detail``."""
    if not any(request.user.has_perm(permission) for permission in MAY_HEAR):
        raise PermissionDenied
    voice, text = request.POST.get("voice", ""), request.POST.get("text", "")
    try:
        ulaw = services().rendering.sound(voice, text)
    except CodedError as error:
        return _refusal(error, voice, text)
    return HttpResponse(wav_of(ulaw), content_type="audio/wav")


def _refusal(error: CodedError, voice: str, text: str) -> JsonResponse:
    status, sentence = WHY_SILENT.get(error.code, WHY_SILENT["voice_raised"])
    message, detail = str(sentence), error.message if error.code == "voice_raised" else ""
    if error.code == "text_unspeakable" and (words := words_without_points(voice, [text])):
        message = str(NEEDS_POINTS % {"words": ", ".join(words)})
    return JsonResponse({"code": error.code, "message": message, "detail": detail}, status=status)
