"""What the pages of the second factor ask for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from calls.desk.sign_in.devices import AnyDevice, check

MOST_LETTERS = 32


class CodeForm(forms.Form):
    """A code of one device; valid once, and while nobody guesses."""

    code = forms.CharField(max_length=MOST_LETTERS)

    def __init__(self, device: AnyDevice, *args: Any, on_paper: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self._device = device
        field = self.fields["code"]
        field.label = _("Recovery code") if on_paper else _("Code from the app")
        field.widget.attrs |= {
            "autocomplete": "off" if on_paper else "one-time-code",
            "inputmode": "text" if on_paper else "numeric",
            "autocapitalize": "none",
            "spellcheck": "false",
            "dir": "ltr",
            "autofocus": True,
        }

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        checked = check(self._device, code)
        if checked.wait_s:
            raise forms.ValidationError(
                _("There were wrong codes: wait %(seconds)s seconds and try again."),
                params={"seconds": checked.wait_s},
            )
        if not checked.right:
            raise forms.ValidationError(_("This code is wrong, or it has been used already."))
        return code
