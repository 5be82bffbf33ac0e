"""Who hears best: corrected turns with their audio, engines measured with them, and the page that says so."""
