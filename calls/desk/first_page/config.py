"""Has Django's admin use our site: INSTALLED_APPS names it."""

from django.contrib.admin.apps import AdminConfig


class DeskAdmin(AdminConfig):
    default_site = "calls.desk.first_page.site.DeskSite"
