"""No pages of other people's keys: whoever could read one there would sign in as its owner.

``manage.py lost_phone`` takes a second factor away.
"""

from __future__ import annotations

from django.contrib import admin
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

admin.site.unregister((TOTPDevice, StaticDevice))
