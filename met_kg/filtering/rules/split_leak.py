"""No patient, document or picture in two splits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.hashes import hash_values, near_pairs
from met_kg.filtering.rules import Hit

__all__ = ["COLUMNS", "PARAMETERS", "apply"]

PARAMETERS = ("distance",)
COLUMNS = ("sample_id", "split", "group_id", "sha256", "phash")

_SPLITS: Final = ("train", "validation", "test")
_SAID: Final = {
    "group_id": "group {} has",
    "sha256": "the same image is that of",
    "phash": "the same perceptual hash is that of",
}


def apply(samples: pd.DataFrame, context: Context, *, distance: float) -> Iterator[Hit]:
    """Objects to samples of train whose group, image or near-identical image is in validation or test, too.

    So, too, to samples of validation that are in test. The table is taken as it is: what gave the splits is not asked.
    Near-identical are perceptual hashes within ``distance`` bits.
    """
    stage = samples["split"].map({name: i for i, name in enumerate(_SPLITS)}).fillna(-1).astype(int)
    found: dict[int, tuple[str, float | None]] = {}
    for column, said in _SAID.items():
        having = samples[column] != ""
        latest = stage[having].groupby(samples.loc[having, column]).transform("idxmax")
        for place, other in latest[stage[latest].to_numpy() > stage[having].to_numpy()].items():
            if stage[place] >= 0:
                found.setdefault(place, (_reason(samples, said, place, other, column), None))
    for place, other, bits in _near(samples, stage, int(distance)):
        reason = f"the image is within {bits} bits of that of sample {samples['sample_id'][other]}"
        found.setdefault(place, (f"{reason}, which is in {samples['split'][other]}", bits))
    for place in sorted(found):
        yield Hit(samples["sample_id"][place], *found[place])


def _reason(samples: pd.DataFrame, said: str, place: int, other: int, column: str) -> str:
    sample, split = samples["sample_id"][other], samples["split"][other]
    return f"{said.format(samples[column][place])} sample {sample}, which is in {split}"


def _near(samples: pd.DataFrame, stage: pd.Series[int], distance: int) -> Iterator[tuple[int, int, int]]:
    """Samples, those of a later split with a near hash, and in how many bits they differ; nearest first."""
    having = samples[samples["phash"] != ""]
    # Of one hash and split one sample stands for all as the later one.
    for_split: dict[tuple[str, int], int] = {}
    members: dict[str, list[int]] = {}
    for place, phash in having["phash"].items():
        for_split.setdefault((phash, stage[place]), place)
        members.setdefault(phash, []).append(place)
    hashes = list(members)
    pairs = near_pairs(hash_values(hashes), distance=distance).tolist()
    for one, other, bits in sorted(pairs, key=lambda pair: (pair[2], pair[0], pair[1])):
        for early, late in ((one, other), (other, one)):
            for place in members[hashes[early]]:
                for split in range(len(_SPLITS) - 1, stage[place], -1):
                    found = for_split.get((hashes[late], split))
                    if found is not None and stage[place] >= 0:
                        yield place, found, bits
                        break
