"""Signing in: who may try how often, the second factor, and how long a session lasts."""
