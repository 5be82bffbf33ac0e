"""The admin's pages are found by what shows or checks them, and are no part of a command's start."""

import os
import subprocess
import sys

from tests.paths import ROOT

PROGRAM = """
import sys
import django
django.setup()
found = ["calls.admin" in sys.modules]
from django.contrib import admin
from django.core import checks
from calls.models import Call
from calls.lines.models import PhoneLine
found.append(admin.site.is_registered(Call))
checks.run_checks(tags=["admin"])
found.append(admin.site.is_registered(Call) and admin.site.is_registered(PhoneLine))
print(found)
"""


def test_a_command_imports_no_page_before_it_is_asked_for_one():
    environment = {**os.environ, "DEBUG": "1", "DJANGO_SETTINGS_MODULE": "voiceapp.settings"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[False, False, True]\n", "")
