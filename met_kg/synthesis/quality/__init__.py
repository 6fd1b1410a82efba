"""The verifier beside the generator: which drafts become items, and how far items are answered without the image.

Rule checks (``rules/``, ``checks.tsv``), a judge where the recipe names one, image necessity where it names a
vision-language model, and shortcut baselines with what is done about them. See ``docs/quality.md``.
"""

from __future__ import annotations

from met_kg.synthesis.quality.options import QualityOptions

__all__ = ["QualityOptions"]
