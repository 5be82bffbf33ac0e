"""What a reviewer does with a call that is over: listen to it, correct its turns, take calls away as JSON lines."""
