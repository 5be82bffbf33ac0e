"""What ``manage.py outage`` does to running calls, and how it counts what became of their words."""
