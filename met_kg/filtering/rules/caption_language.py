"""The caption is in a language that is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from met_kg.errors import UnknownName
from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit
from met_kg.filtering.words import rows

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("languages", "margin")


def apply(samples: pd.DataFrame, context: Context, *, languages: str, margin: float) -> Iterator[Hit]:
    """Objects to captions that another language explains better than any of ``languages`` (codes parted by commas).

    ``margin`` is by how much, in nats: the log-likelihood of the character n-grams (langid; Lui and Baldwin 2012) in
    the one language less that in the other. It grows with the text: a short caption full of Latin terms stays in.

    Raises
    ------
    UnknownName
        for a code that ``data/languages.tsv`` does not have.
    """
    names = dict(rows("languages.tsv"))
    wanted = languages.split(",")
    for code in wanted:
        if code not in names:
            raise UnknownName("language", code, names)
    identifier = _identifier()
    for sample_id, caption in zip(samples["sample_id"], samples["caption"], strict=True):
        if not caption:
            continue
        scores = dict(identifier.rank(caption))
        best = max(sorted(scores), key=lambda code: scores[code])
        lead = float(scores[best] - max(scores[code] for code in wanted))
        if lead >= margin:
            yield Hit(
                sample_id, f"the caption '{caption[:60]}' is in {names[best]}; wanted: {languages}", round(lead, 1)
            )


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    # The model is a file of the package itself.
    identifier = LanguageIdentifier.from_pickled_model(MODEL_FILE, norm_probs=False)
    identifier.set_languages([code for code, _ in rows("languages.tsv")])
    return identifier
