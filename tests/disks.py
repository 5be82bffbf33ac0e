"""Disks that take no more."""

import resource
from contextlib import contextmanager


@contextmanager
def files_of_at_most(length):
    """The kernel takes no byte behind this one, in any file of this process: half a write, then an OSError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
