"""Dialogues as rows: checked when they are saved, and read once a text where calls are answered."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from calls.reply.dialogue_checks import script_of, strangers
from calls.reply.dialogue_examples import ExampleResult, results_of
from calls.reply.dialogue_faults import SENTENCES, DialogueFault, DialogueInvalid
from calls.reply.dialogue_format import DialogueScript
from calls.reply.dialogue_text import plain_of

logger = logging.getLogger(__name__)

MOST_FAULTS = 20
"""Said at once: the rest may follow from them."""
KEPT_TEXTS = 32
"""More than a page of the list has. Reading a dialogue and running its examples takes 20 to 70 ms."""


class Dialogue(models.Model):
    """What ``scripted`` answers with, in YAML or JSON, with the example conversations that are its tests."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    revision = models.PositiveIntegerField(_("revision"), default=1, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    text = models.TextField(
        _("dialogue"),
        help_text=_("YAML or JSON: steps, and the examples that are its tests. docs/answering.md says how."),
    )
    _history_user: Any
    """Who makes the next change: django-simple-history reads it when the row is saved."""
    history = HistoricalRecords(excluded_fields=["updated_at"], verbose_name=_("revision"))

    class Meta:
        ordering = ("name",)
        verbose_name = _("dialogue")
        verbose_name_plural = _("dialogues")

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A changed text is the next revision, whoever changes it."""
        with transaction.atomic():
            stored = Dialogue.objects.select_for_update().filter(pk=self.pk).first()
            if stored is not None:
                self.revision = stored.revision + (stored.text != self.text)
            super().save(*args, **kwargs)

    def clean(self) -> None:
        """Each fault with the path to it; where a line answers with it, its examples must pass as well, and whom it
        hands calls over to must be listed there."""
        try:
            script = self.script()
            lines = self.lines.filter(responder="scripted").prefetch_related("people") if self.pk else []
            for line in lines:
                check_people(script, {one.name for one in line.people.all()})
        except DialogueInvalid as invalid:
            raise ValidationError({"text": errors_of(invalid)}) from invalid
        failed = [result for result in results_of(script) if not result.passed]
        if failed and lines:
            sentence = _("A line answers with this dialogue, so its examples must pass: %(difference)s")
            named = {"difference": str(failed[0])}
            raise ValidationError({"text": ValidationError(sentence, code="examples_failed", params=named)})

    def script(self) -> DialogueScript:
        """Raises DialogueInvalid."""
        return _script_of_text(self.text)

    def results(self) -> tuple[ExampleResult, ...]:
        """What comes of its examples. Raises DialogueInvalid."""
        return _results_of_text(self.text)


@lru_cache(KEPT_TEXTS)
def _script_of_text(text: str) -> DialogueScript:
    return script_of(plain_of(text))


@lru_cache(KEPT_TEXTS)
def _results_of_text(text: str) -> tuple[ExampleResult, ...]:
    return results_of(_script_of_text(text))


class LastGoodScripts:
    """The dialogues that lines answer with, each read once a change; an invalid one keeps its last good one.

    One thread.
    """

    def __init__(self) -> None:
        self._read: dict[int, tuple[tuple[int, datetime], DialogueScript | None]] = {}

    def script(self, dialogue: Dialogue) -> DialogueScript | None:
        """None where it has never been good. Raises DatabaseError: the text may be deferred, and is asked for when it
        has changed."""
        seen, last = self._read.get(dialogue.pk, (None, None))
        if seen != (dialogue.revision, dialogue.updated_at):
            try:
                last = dialogue.script()
            except DialogueInvalid as invalid:
                logger.error("dialogue %s: %s: its last good revision stands", dialogue.name, invalid)
            self._read[dialogue.pk] = (dialogue.revision, dialogue.updated_at), last
        return last


def check_people(script: DialogueScript, people: Collection[str]) -> None:
    """Raises DialogueInvalid where it hands calls over to somebody else than these people of a line."""
    if faults := strangers(script, people):
        raise DialogueInvalid(faults)


def errors_of(invalid: DialogueInvalid) -> list[ValidationError]:
    """For a form: a sentence a fault."""
    return [ValidationError(sentence_of(fault), invalid.code) for fault in invalid.faults[:MOST_FAULTS]]


def sentence_of(fault: DialogueFault) -> str:
    """In the page's language. The path stays left to right."""
    return f"\u2066{fault.path or 'dialogue'}\u2069: {gettext(SENTENCES[fault.code]) % fault.named}"
