"""Two-stage filtering: rules (``rules/``, one file each), then image-text alignment; every decision with a reason."""

from met_kg.filtering.decide import decide, filter_files, kept_ids

__all__ = ["decide", "filter_files", "kept_ids"]
