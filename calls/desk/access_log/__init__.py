"""The access log: who read, watched, heard, corrected, exported or deleted what, and when."""
