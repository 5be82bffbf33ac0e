"""Every address of the URL table, filled in with rows: so that a page which is added later is looked at too."""

import re
from dataclasses import dataclass
from dataclasses import field as field_of

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.urls import get_resolver

from calls.models import Alarm, Call, ReviewSample, Trial
from stt.models import TuningProfile

KEYS = (
    (r"desk/tuning/<int:pk>", TuningProfile, "pk"),
    (r"desk/trials/<int:pk>", Trial, "pk"),
    (r"review/samples/<int:pk>", ReviewSample, "pk"),
    (r"review/calls/<int:pk>", Call, "pk"),
    (r"<(str:)?(call_)?sid>", Call, "call_sid"),
    (r"<int:alarm_id>", Alarm, "pk"),
    (r"auth/user/<id>", User, "pk"),
)
"""What stands in an address, the model whose row is meant, and by which of its fields."""
OTHERS = {"<int:number>": "1", "<str:kind>": "srt", "<path:url>": "x"}
ARGUMENT = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Route:
    pattern: str
    name: str
    """With its namespaces; empty where it has none."""
    view: object
    entry: object = field_of(default=None, compare=False, repr=False)
    """Of the URL table."""

    @property
    def key(self):
        """What it is called where it has no name."""
        return self.name or self.pattern

    @property
    def model(self):
        """Whose page it is in the admin."""
        found = re.match(r"admin/(stt|calls|auth)/(\w+)/", self.pattern)
        return apps.get_model(*found.groups()) if found else None


def every_route():
    """Those of the address table, without the files of the theme."""

    def walk(patterns, before, space):
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                inside = f"{space}{pattern.namespace}:" if pattern.namespace else space
                yield from walk(pattern.url_patterns, route, inside)
            else:
                yield Route(route, f"{space}{pattern.name}" if pattern.name else "", pattern.callback, pattern)

    return list(walk(get_resolver().url_patterns, "", ""))


def address_of(route, pick):
    """With the keys of rows: ``pick(model)`` says which. Raises LookupError for what cannot be filled in: it is to be
    added to KEYS."""
    address = route.pattern
    if route.model is not None and "<path:object_id>" in address:
        address = address.replace("<path:object_id>", str(pick(route.model).pk))
    address = address.replace("^(?P<app_label>stt|calls|auth)/$", "calls/").replace("<path:content_type_id>", _calls())
    for pattern, model, field in KEYS:
        if found := re.search(pattern, address):
            key = ARGUMENT.search(found.group()).group()
            address = address.replace(key, str(getattr(pick(model), field)))
    if "<int:history_id>" in address:
        address = address.replace("<int:history_id>", str(pick(TuningProfile).history.first().pk))
    if address.startswith("admin/r/"):
        address = address.replace("<path:object_id>", str(pick(Call).pk))
    for argument, value in OTHERS.items():
        address = address.replace(argument, value)
    # The last of the admin's: whatever else is asked for.
    address = address.replace("(?P<url>.*)$", "nothing")
    if re.search(r"[<>^$?()]", address):
        raise LookupError(f"{route.pattern}: say in KEYS what stands there")
    return f"/{address}"


def _calls():
    return str(ContentType.objects.get_for_model(Call).pk)


def shown_models():
    return list(admin.site._registry)
