"""The supervisor's pages: the wall of running calls, one call followed, what can be done to it, and what calls cost."""
