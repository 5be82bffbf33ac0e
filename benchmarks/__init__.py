"""Measurements that a person starts: ``python -m benchmarks.NAME``; docs/performance.md says which."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
