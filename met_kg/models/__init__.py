"""Doors to models: text embedder, image-text aligner, vision-language model."""
