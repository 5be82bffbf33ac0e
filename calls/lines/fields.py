"""Columns and form fields of numbers and addresses: what is typed is kept as calls/core/addresses.py reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.core import addresses

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


def _cleaned(text: Any, read: Callable[[str], str], sentence: StrPromise) -> Any:
    """Raises ValidationError."""
    if not isinstance(text, str) or not text.strip():
        return text
    try:
        if len(text) > addresses.MAX_TYPED_CHARACTERS:
            raise addresses.AddressError
        return read(text)
    except addresses.AddressError as error:
        raise ValidationError(sentence, error.code) from error


class _FormField(forms.CharField):
    """Cleaned here and not in the model alone: forms compare their rows by what was cleaned."""

    read: Callable[[str], str]
    sentence: StrPromise

    def to_python(self, value: Any) -> Any:
        return _cleaned(super().to_python(value), self.read, self.sentence)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # A maxlength would cut a number that is pasted with marks and spaces.
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class NumberFormField(_FormField):
    read = staticmethod(addresses.e164)
    sentence = _("This is no number: write it as +97231234567.")


class AddressFormField(_FormField):
    read = staticmethod(addresses.address)
    sentence = _("This is neither a number (+97231234567) nor a client:, sip: or whatsapp: address.")


class _Column(models.CharField):
    form_field: type[_FormField]

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return super().clean(_cleaned(value, self.form_field.read, self.form_field.sentence), model_instance)

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": self.form_field, **options})

    def deconstruct(self) -> Any:
        # To a migration it is a column of characters, wherever this class will stand.
        name, _, positional, named = super().deconstruct()
        return name, "django.db.models.CharField", positional, named


class NumberField(_Column):
    """A number that is dialled: E.164."""

    form_field = NumberFormField


class AddressField(_Column):
    """What a line is called at: E.164, or a ``client:``, ``sip:`` or ``whatsapp:`` address."""

    form_field = AddressFormField
