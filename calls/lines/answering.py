"""What answers a line's calls: the columns of PhoneLine that say so, and AnswerSettings made of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.lines.dialogues import Dialogue, check_people
from calls.reply.dialogue_examples import summary
from calls.reply.dialogue_faults import DialogueInvalid
from calls.reply.dialogue_format import DialogueScript
from calls.reply.responders import catalogue
from calls.reply.settings import AnswerLimits, AnswerPrices, AnswerSettings, ModelSettings

_VOICE = RegexValidator(r"^[a-z]+(:[\w.-]+)?\Z", _("A voice is written as google:he-IL-Wavenet-A."), "bad_voice")
_DEFAULT = AnswerSettings()


def responder_choices() -> list[tuple[str, Any]]:
    """Names and translated labels. A function: migrations name it, so a responder that is added needs none."""
    return [(entry.name, _(entry.label)) for entry in catalogue.ENTRIES]


class LineAnswering(models.Model):
    """A line's answers. Columns have database defaults: a process of before them may still add a line."""

    responder = models.CharField(
        _("what answers"), max_length=16, choices=responder_choices, default="silent", db_default="silent"
    )
    dialogue = models.ForeignKey(
        Dialogue, models.PROTECT, null=True, blank=True, related_name="lines", verbose_name=_("dialogue")
    )
    voice = models.CharField(
        _("voice"),
        max_length=80,
        blank=True,
        default="",
        db_default="",
        validators=[_VOICE],
        help_text=_("For example google:he-IL-Wavenet-A or espeak:he. Empty: the first that the server can use."),
    )
    voice_fallback = models.CharField(
        _("voice where that one fails"),
        max_length=80,
        blank=True,
        default="",
        db_default="",
        validators=[_VOICE],
        help_text=_("Empty: recorded prompts alone."),
    )
    prompt = models.TextField(
        _("instructions to the language model"),
        blank=True,
        default="",
        db_default="",
        validators=[MaxLengthValidator(20_000)],
        help_text=_("Who it is, what it may promise, when it hands the call over."),
    )
    model = models.CharField(_("language model"), max_length=80, blank=True, default="", db_default="")
    temperature = models.FloatField(
        _("temperature"),
        default=_DEFAULT.model.temperature,
        db_default=_DEFAULT.model.temperature,
        validators=[MinValueValidator(0), MaxValueValidator(2)],
        help_text=_("0 to 2. Higher: the same question has more different answers."),
    )
    max_tokens = models.PositiveSmallIntegerField(
        _("longest answer (tokens)"),
        default=_DEFAULT.model.max_tokens,
        db_default=_DEFAULT.model.max_tokens,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
        help_text=_("1 to 500. A Hebrew word is two or three."),
    )
    keeps_callers_words = models.BooleanField(
        _("spoken sentences with callers' words may be kept"),
        default=False,
        db_default=False,
        help_text=_("On: a sentence that repeats a name or a number is synthesised once and its sound kept on disk."),
    )
    max_agent_turns = models.PositiveSmallIntegerField(
        _("most answers a call"),
        default=_DEFAULT.limits.agent_turns,
        db_default=_DEFAULT.limits.agent_turns,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_("Beyond: an apology, then what follows where the line cannot be heard."),
    )
    max_answered_s = models.PositiveIntegerField(
        _("longest answered call (s)"),
        default=_DEFAULT.limits.answered_s,
        db_default=_DEFAULT.limits.answered_s,
        validators=[MinValueValidator(10), MaxValueValidator(14_400)],
    )
    call_ceiling = models.DecimalField(
        _("ceiling a call"),
        max_digits=8,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("In the prices' currency: what a call's tokens and synthesised speech may cost."),
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        """A dialogue that is to answer passes its checks and its examples."""
        super().clean()
        if self.responder == "scripted":
            _check(self.dialogue)
        if self.responder == "llm":
            self._check_language_model()

    def _check_language_model(self) -> None:
        """It is told what to do, and there is one to ask: without, every call would hear apologies."""
        if not self.prompt.strip():
            raise ValidationError({"prompt": ValidationError(_("Tell the model what it is to do."), code="no_prompt")})
        if not (settings.LLM_API_KEY or settings.LLM_BASE_URL):
            sentence = _("This server has no language model: set LLM_API_KEY, or LLM_BASE_URL for one of your own.")
            raise ValidationError({"responder": ValidationError(sentence, code="no_model")})

    def answer_settings(
        self,
        greeting: str,
        people: Mapping[str, str],
        script: DialogueScript | None,
        prices: AnswerPrices | None = None,
    ) -> AnswerSettings:
        """As a call takes them. ``people``: name -> number; ``script``: of its dialogue, if it is to answer."""
        return AnswerSettings(
            responder=self.responder,
            voice=self.voice,
            voice_fallback=self.voice_fallback,
            greeting=greeting,
            dialogue=script,
            model=ModelSettings(self.prompt, self.model, self.temperature, self.max_tokens),
            people=people,
            keeps_callers_words=self.keeps_callers_words,
            prices=prices or AnswerPrices(),
            limits=AnswerLimits(
                self.max_agent_turns,
                self.max_answered_s,
                None if self.call_ceiling is None else float(self.call_ceiling),
            ),
        )


def _check(dialogue: Dialogue | None) -> None:
    """Raises ValidationError."""
    if dialogue is None:
        raise ValidationError({"dialogue": ValidationError(_("Choose the dialogue that answers."), code="no_dialogue")})
    try:
        results = dialogue.results()
    except DialogueInvalid as invalid:
        raise ValidationError({"dialogue": ValidationError(str(invalid), code=invalid.code)}) from invalid
    if not all(result.passed for result in results):
        sentence = _("This dialogue fails its own examples: %(passed)s pass.")
        named = {"passed": summary(results)}
        raise ValidationError({"dialogue": ValidationError(sentence, code="examples_failed", params=named)})


def refuse_strangers(line: LineAnswering, people: Collection[str]) -> None:
    """Raises DialogueInvalid where its dialogue hands calls over to somebody else than these people."""
    if line.responder == "scripted" and line.dialogue is not None:
        check_people(line.dialogue.script(), people)
