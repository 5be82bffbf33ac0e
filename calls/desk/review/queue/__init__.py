"""Working through calls: which is next, who has it, what was found in it, who did how many and how far people agree.

For others: ``waiting.waiting()``, how many doubtful calls wait for somebody, from an index and never counted far.
"""
