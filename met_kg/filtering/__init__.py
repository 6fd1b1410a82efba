"""Two-stage filtering: rules (``rules/``, one file each), then image-text alignment; every decision with a reason."""
