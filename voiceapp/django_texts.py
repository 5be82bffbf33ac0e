"""Texts of Django's own pages that its Hebrew lacks; ours is found before it (voiceapp/locale)."""

from voiceapp.runtime.marked_texts import gettext_noop as _
from voiceapp.runtime.marked_texts import ngettext_noop as ngettext

DJANGO_TEXTS = (
    _("Breadcrumbs"),
    _("Error:"),
    _("Forgotten your login credentials?"),
    _("Model name"),
    _("Add link"),
    _("Change or view list link"),
    _("In case you’ve forgotten, you are:"),
    _("After you’ve created a user, you’ll be able to edit more user options."),
)
DJANGO_COUNTED = (
    ngettext(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
)
