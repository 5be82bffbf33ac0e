"""Who sees the calls of which lines: the limits that people set, and the one door that every page reads rows by."""
