"""Their words to our words: YAML per source and stream, and the small compiler that applies it. Pure."""
