"""Has Django's admin use our site: INSTALLED_APPS names it."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class DeskAdmin(SimpleAdminConfig):
    """Finds the admin's pages where addresses are made (voiceapp/urls.py) and where they are checked: they are a third
    of what a command's start takes, and most commands show no page."""

    default_site = "calls.desk.first_page.site.DeskSite"

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_pages, checks.Tags.admin)


def check_pages(app_configs: Any, **given: Any) -> list[checks.CheckMessage]:
    """Django's check of each admin page, all of which are found first."""
    from django.contrib import admin

    admin.autodiscover()
    return check_admin_app(app_configs, **given)
