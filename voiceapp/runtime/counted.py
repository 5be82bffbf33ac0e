"""A number and what it counts, in English, for commands and logs. Pages have their plurals in catalogues."""


def counted(count: int, one: str, many: str = "") -> str:
    """``1 call``, ``2 calls``; ``many`` where the plural is not the singular and an s."""
    return f"{count} {one if count == 1 else many or one + 's'}"
