"""What is kept of calls and for how long: retention by line, legal holds, everything about one phone number."""
