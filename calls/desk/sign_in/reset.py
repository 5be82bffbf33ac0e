"""A new password by mail, where EMAIL_HOST is set.

Nobody learns from it who has an account: the answer and its time are the same for every address, for who is meant is
looked up, and written to, behind the answer.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.views import PasswordResetView
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect
from django.utils import translation

from voiceapp.runtime import background, metrics

logger = logging.getLogger(__name__)

MOST_WAITING = 100
"""Mails. Those that come on top are dropped: nobody in their senses waits behind so many."""
AGAIN_S = 600.0
"""One address is written to once in so long."""


class ResetMails:
    """Mails that are looked up and sent one after the other, in a thread of their own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "reset-mails", initializer=background.step_back)
        self._waiting = 0
        self._asked: OrderedDict[str, float] = OrderedDict()
        """By address, when it was last asked for; the loop's threads take turns, and one too many does no harm."""

    def ask(self, form: PasswordResetForm, **options: Any) -> None:
        """Take it; returns at once."""
        address, now_s = form.cleaned_data["email"].lower(), time.monotonic()
        while self._asked and next(iter(self._asked.values())) < now_s - AGAIN_S:
            self._asked.popitem(last=False)
        if address in self._asked or self._waiting >= MOST_WAITING or len(self._asked) >= 10 * MOST_WAITING:
            return
        self._asked[address] = now_s
        self._waiting += 1
        self._thread.submit(self._send, form, translation.get_language(), options)

    def _send(self, form: PasswordResetForm, language: str | None, options: dict[str, Any]) -> None:
        try:
            with translation.override(language):
                form.save(**options)
        except Exception:
            # The wall: nobody waits for this thread's errors.
            metrics.THREADS_FAILED.labels("reset-mails").inc()
            logger.exception("thread_failed: reset-mails")
        finally:
            self._waiting -= 1
            connection.close()


class ResetView(PasswordResetView):
    """Takes an address; of whoever has it says nothing."""

    def form_valid(self, form: Any) -> HttpResponse:
        public = urlsplit(settings.PUBLIC_URL)
        _mails().ask(
            form,
            # Not the Host that was asked for: the link in the mail leads there.
            domain_override=public.netloc,
            use_https=public.scheme == "https",
            email_template_name=self.email_template_name,
            subject_template_name=self.subject_template_name,
        )
        return HttpResponseRedirect(str(self.success_url))


@cache
def _mails() -> ResetMails:
    """The process's."""
    return ResetMails()
