"""TuningProfile: the settings of stt/tuning.py as a row that the admin edits."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from stt.default_profile import check_default
from stt.endpointing import silero
from stt.engine_variables import EnginesRefused, models_of_first, names_of
from stt.engines.google_models import HOSTS
from stt.engines_demand import check_change
from stt.profile_fields import bounded, most_points
from stt.tuning import (
    BACKCHANNELS,
    BOUNDS,
    DEFAULT_ENGINES,
    ECHO_CANCELLERS,
    HALF_CLOSES,
    LONGEST_PHRASE,
    MOST_PHRASES,
    STOP_WORDS,
    TURN_MODELS,
    VAD_ENGINES,
    Tuning,
    TuningError,
    check_phrases,
    conflicts,
    fitting_hints,
    hints_flaws,
)

ENDPOINTS = [(host, host) for host in HOSTS]
PHRASE_LISTS = ("backchannels", "stop_words")
"""Fields of one phrase a line."""


def lines_of(text: str) -> tuple[str, ...]:
    """A field's phrases, one a line."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


class TuningProfile(models.Model):
    """A named set of settings. Every change of one is a revision; calls keep which one they ran with."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    is_default = models.BooleanField(
        _("default"), default=False, help_text=_("Used where a phone line names no profile.")
    )
    revision = models.PositiveIntegerField(_("revision"), default=1, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    stt_batch_ms = bounded("stt_batch_ms")
    stt_partial_debounce_ms = bounded("stt_partial_debounce_ms")
    stt_timeout_ms = bounded("stt_timeout_ms")
    vad_hangover_ms = bounded("vad_hangover_ms")
    stt_fallback_deadline_ms = bounded("stt_fallback_deadline_ms")
    vad_engine = models.CharField(
        _("Voice detector"),
        max_length=16,
        choices=[(name, _(label)) for name, label in VAD_ENGINES.items()],
        default=Tuning().vad_engine,
        # Processes of before this field make rows without it.
        db_default=Tuning().vad_engine,
        help_text=_(
            "Silero: in loud noise about half as many sentences are cut; every end of speech comes 40 to 200 ms later, "
            "and each 20 ms of a call cost more work. The aggressiveness and the margin do not count for it."
        ),
    )
    vad_aggressiveness = bounded("vad_aggressiveness")
    noise_margin_db = bounded("noise_margin_db")
    early_min_characters = bounded("early_min_characters")
    coverage_slack_ms = bounded("coverage_slack_ms")
    settle_ms = bounded("settle_ms")
    # Fields that came later: a process that does not know them yet may still add a row.
    half_close_ms = bounded("half_close_ms", db_default=Tuning().half_close_ms)
    half_close_requests = bounded("half_close_requests", db_default=Tuning().half_close_requests)
    half_close = models.CharField(
        _("Streams half-closed for their finals"),
        max_length=16,
        choices=[(name, _(label)) for name, label in HALF_CLOSES.items()],
        default=Tuning().half_close,
        db_default=Tuning().half_close,
        help_text=_("It rests for ten minutes where finals come no sooner by it or lack words (docs/latency.md)."),
    )
    stt_attempts = bounded("stt_attempts")
    stt_retry_ms = bounded("stt_retry_ms")
    renew_after_s = bounded("renew_after_s")
    renew_latest_s = bounded("renew_latest_s")
    deaf_after_ms = bounded("deaf_after_ms")
    pause_after_s = bounded("pause_after_s")
    answer_pause_expected_ms = bounded("answer_pause_expected_ms", db_default=Tuning().answer_pause_expected_ms)
    answer_pause_ms = bounded("answer_pause_ms", db_default=Tuning().answer_pause_ms)
    answer_pause_unfinished_ms = bounded("answer_pause_unfinished_ms", db_default=Tuning().answer_pause_unfinished_ms)
    silence_reprompt_ms = bounded("silence_reprompt_ms", db_default=Tuning().silence_reprompt_ms)
    reprompts = bounded("reprompts", db_default=Tuning().reprompts)
    filler_after_ms = bounded("filler_after_ms", db_default=Tuning().filler_after_ms)
    barge_in_ms = bounded("barge_in_ms", db_default=Tuning().barge_in_ms)
    barge_in_resume_ms = bounded("barge_in_resume_ms", db_default=Tuning().barge_in_resume_ms)
    playback_lead_ms = bounded("playback_lead_ms", db_default=Tuning().playback_lead_ms)
    responder_first_ms = bounded("responder_first_ms", db_default=Tuning().responder_first_ms)
    responder_total_ms = bounded("responder_total_ms", db_default=Tuning().responder_total_ms)
    turn_model = models.CharField(
        _("What finds an unfinished turn"),
        max_length=16,
        choices=[(name, _(label)) for name, label in TURN_MODELS.items()],
        default=Tuning().turn_model,
        db_default=Tuning().turn_model,
        help_text=_("smart-turn hears in the voice that a sentence goes on; it needs its extra (docs/answering.md)."),
    )
    backchannels = models.TextField(
        _("backchannels"),
        blank=True,
        default="\n".join(BACKCHANNELS),
        db_default="\n".join(BACKCHANNELS),
        help_text=_(
            'One a line: said over an answer they mean "go on", and the answer does. More: fewer answers are given up; '
            "a caller who meant it as an answer has to say it again."
        ),
    )
    stop_words = models.TextField(
        _("words that stop an answer"),
        blank=True,
        default="\n".join(STOP_WORDS),
        db_default="\n".join(STOP_WORDS),
        help_text=_(
            "One a line: said over an answer they stop it as soon as they are recognised, however short. More: quicker "
            "stops, and some that were not meant."
        ),
    )
    echo_canceller = models.CharField(
        _("Echo canceller"),
        max_length=16,
        choices=[(name, _(label)) for name, label in ECHO_CANCELLERS.items()],
        default=Tuning().echo_canceller,
        db_default=Tuning().echo_canceller,
        help_text=_(
            "On a line that gives our voice back loudly, quieter callers are heard over it; it needs its extra "
            "(docs/answering.md)."
        ),
    )
    early_punctuation = models.BooleanField(
        _("punctuation makes a partial strong"),
        default=True,
        db_default=True,
        help_text=_("On: a partial that ends in . , ? ! is taken early, however short; some end too soon."),
    )
    automatic_punctuation = models.BooleanField(
        _("the engine writes punctuation"),
        default=False,
        db_default=False,
        help_text=_(
            "On: the engine is asked for . , ? ! and short answers may be taken early. Google charges nothing extra; "
            "that it does so in Hebrew is unproven. Texts and exports then hold the marks."
        ),
    )
    engines = models.CharField(
        _("engines"),
        max_length=80,
        default=",".join(DEFAULT_ENGINES),
        db_default=",".join(DEFAULT_ENGINES),
        help_text=_(
            "The first hears; where it fails, the next takes over in mid-call, and hands back when the first is well. "
            "More: fewer calls go unheard, one more contract and bill."
        ),
    )
    most_wer_points = most_points()
    streaming = models.BooleanField(
        _("streaming"),
        default=True,
        help_text=_("Off: every utterance goes to the one-shot recogniser; no partials, words a second later."),
    )
    model = models.CharField(
        _("model"),
        max_length=40,
        blank=True,
        help_text=_(
            "Empty: phone_call where available, else default. Another one hears other words, at its own price."
        ),
    )
    endpoint = models.CharField(
        _("endpoint"),
        max_length=80,
        blank=True,
        default="",
        db_default="",
        choices=ENDPOINTS,
        help_text=_(
            "Empty: the environment's. Nearer: words sooner; where it stands decides where audio is processed."
        ),
    )
    phrases = models.TextField(
        _("phrase hints"),
        blank=True,
        help_text=_(
            "Names, places and terms the engine should expect, one a line. Too many: it hears them everywhere."
        ),
    )
    _history_user: Any
    """Who makes the next change, and why: django-simple-history reads both when the row is saved."""
    _change_reason: str
    history = HistoricalRecords(excluded_fields=["updated_at"], verbose_name=_("revision"))

    class Meta:
        ordering = ("name",)
        verbose_name = _("tuning profile")
        verbose_name_plural = _("tuning profiles")
        constraints = (
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_profile"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A changed setting is the next revision, whoever changes it: figures stand by what calls ran with. How a
        browser ends its lines is no change."""
        self.engines = ",".join(names_of(self.engines))
        for name in ("phrases", *PHRASE_LISTS):
            setattr(self, name, "\n".join(lines_of(getattr(self, name))))
        with transaction.atomic():
            stored = TuningProfile.objects.select_for_update().filter(pk=self.pk).first()
            if stored is not None:
                self.revision = stored.revision + (stored.settings() != self.settings())
            super().save(*args, **kwargs)

    def clean(self) -> None:
        """What no single field can say."""
        if self.vad_engine == "silero" and not silero.installed():
            raise ValidationError(
                {"vad_engine": _("Silero is not installed here: pip install -r requirements-silero.txt")}
            )
        stored = TuningProfile.objects.filter(pk=self.pk).first()
        named_before = names_of(stored.engines) if stored is not None else ()
        try:
            models = models_of_first(names_of(self.engines), named_before, streaming=self.streaming)
        except EnginesRefused as refused:
            raise ValidationError(
                {"engines": ValidationError(_(refused.message), refused.code, refused.shown_names)}
            ) from refused
        check_change(self, stored)
        check_default(self, stored)
        if self.model and self.model not in models:
            sentence = _("The engine has no such model for Hebrew: leave it empty, or write one of %(models)s.")
            known = {"models": ", ".join(models)}
            raise ValidationError({"model": ValidationError(sentence, code="unknown_model", params=known)})
        flaws = hints_flaws(self.hints())
        if flaws:
            raise ValidationError({"phrases": [ValidationError(_(f.sentence), code=f.code) for f in flaws]})
        for name in PHRASE_LISTS:
            try:
                check_phrases(name, lines_of(getattr(self, name)))
            except TuningError as error:
                sentence = _("At most %(most)d phrases, each of at most %(longest)d characters.")
                bounds = {"most": MOST_PHRASES, "longest": LONGEST_PHRASE}
                raise ValidationError({name: ValidationError(sentence, error.code, bounds)}) from error
        values = {name: getattr(self, name) for name in BOUNDS}
        if any(not isinstance(value, int) for value in values.values()):
            return  # the fields have said so
        met = conflicts(values)
        if met:
            raise ValidationError({c.field: ValidationError(_(c.sentence), code=c.code) for c in met})

    def settings(self) -> dict[str, Any]:
        """Everything that a call can notice."""
        return {name: getattr(self, name) for name in SETTINGS}

    def hints(self) -> tuple[str, ...]:
        """The phrase hints as they are written."""
        return lines_of(self.phrases)

    def tuning(self) -> Tuning:
        """The frozen snapshot that a call takes at its start; of the hints, those that the engine takes. Raises
        TuningError for a row out of bounds."""
        texts = ("engines", "phrases", *PHRASE_LISTS)
        return Tuning(
            **{name: value for name, value in self.settings().items() if name not in texts},
            engines=names_of(self.engines),
            backchannels=lines_of(self.backchannels),
            stop_words=lines_of(self.stop_words),
            phrase_hints=fitting_hints(self.hints()),
            profile=f"{self.name}@{self.revision}",
            profile_id=self.pk or 0,
            revision=self.revision,
        )


SETTINGS = tuple(
    field.name
    for field in TuningProfile._meta.concrete_fields
    if field.name not in ("id", "name", "is_default", "revision", "updated_at", "most_wer_points")
)
"""Fields that a call can notice: a change of one is a revision."""
