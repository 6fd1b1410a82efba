"""Image-text pairs in, sample rows with fingerprints out. A reader is one file under ``readers/``."""
