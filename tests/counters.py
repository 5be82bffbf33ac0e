"""What metrics have counted."""


def counted(metric):
    """A counter's value, of all of its labels."""
    return sum(one.value for family in metric.collect() for one in family.samples if one.name.endswith("_total"))
