"""One model trained on several kinds of data, seed by seed, and what tells them apart."""
