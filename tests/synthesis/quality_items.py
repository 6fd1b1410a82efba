"""Items made in code, for tests of quality control."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from met_kg import tables

SOUND: dict[str, Any] = {
    "item_id": "i0",
    "sample_id": "s0",
    "type": "disease",
    "format": "multiple-choice",
    "question": "Which of these diseases is this a case of?",
    "options": ["asthma", "pneumonia", "pulmonary fibrosis", "pulmonary emphysema"],
    "answer": "B",
    "key_node": "DOID:552",
    "distractor_nodes": ["DOID:2841", "DOID:3770", "DOID:9675"],
    "distractor_relations": ["sibling"] * 3,
    "visual": True,
    "weight": 1.0,
    "proof": "{}",
}
YES_NO = {"format": "yes-no", "options": [], "question": "Is there pneumonia in this image?", "answer": "yes"}
OPEN = {"format": "open", "options": [], "question": "What is the diagnosis?", "answer": "pneumonia"}
WORDS = [
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "flint",
    "grove",
    "heron",
    "ivory",
    "jade",
    "karst",
    "larch",
    "maple",
    "north",
    "olive",
    "pearl",
]


def items(*changes: dict[str, Any]) -> pd.DataFrame:
    """Table 'vqa': the sound item with each of these changes, numbered."""
    return tables.frame("vqa", [{**SOUND, "item_id": f"i{n}", **change} for n, change in enumerate(changes)])


def samples(count: int, captions: Sequence[str] = ()) -> pd.DataFrame:
    """Samples s0, s1 ... with an image each; two make a patient."""
    rows = [
        {
            "sample_id": f"s{n}",
            "image": f"images/s{n}.png",
            "sha256": f"{n:064x}",
            "caption": captions[n] if n < len(captions) else "A picture.",
            "group_id": f"patient {n // 2}",
        }
        for n in range(count)
    ]
    return tables.frame("samples", rows)


def choices(count: int, *, biased: float = 0.0, seed: int = 1, kind: str = "organ") -> pd.DataFrame:
    """Multiple choice over sixteen names, letters balanced; ``biased`` is the share whose key is one of two names that
    are never wrong, so that who knows them needs no image. Otherwise each name is as often right as any other."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(count):
        if rng.random() < biased:
            key = WORDS[int(rng.integers(2))]
            wrong = rng.choice(WORDS[2:], 3, replace=False).tolist()
        else:
            key, *wrong = rng.choice(WORDS[2:] if biased else WORDS, 4, replace=False).tolist()
        place = n % 4
        options = [*wrong[:place], key, *wrong[place:]]
        number = hashlib.sha256(f"{seed}/{n}".encode()).hexdigest()[:16]
        rows.append(
            {
                "item_id": number,
                "sample_id": f"s{n}",
                "type": kind,
                "format": "multiple-choice",
                "question": ("Which structure is shown?", "What does the image show?")[n % 2],
                "options": options,
                "answer": "ABCD"[place],
                "visual": True,
                "weight": 1.0,
                "proof": "{}",
            }
        )
    return tables.frame("vqa", rows)
