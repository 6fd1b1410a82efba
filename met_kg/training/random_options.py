"""Multiple-choice items with wrong answers drawn at random: what the tree's distractors are compared with.

Image, question, key and the key's letter stay. The three wrong answers are keys of other multiple-choice items of the
split, drawn evenly over items (a frequent key is a frequent wrong answer), without two that say the same and without
what the record's own text names: what a maker of questions can know that has texts and no tree. Whether a wrong answer
is true of the image all the same, or of another kind than the key, is not asked: that is what the tree is for. Items
whose wrong answers make the question (which is NOT shown) are left out.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from met_kg import tables
from met_kg.errors import DataProblem

__all__ = ["RELATION", "link_run", "random_arm", "with_random_options"]

#: Relation of these distractors to their key.
RELATION: Final = "random"
_FORMAT: Final = "multiple-choice"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: The relation without which the question has another answer.
_OF_THE_QUESTION: Final = "shown"
#: What a training reads of a run beside its items.
_SHARED: Final = ("samples.parquet", "captions.parquet", "images", "store", "tree")


def with_random_options(vqa: pd.DataFrame, texts: Mapping[str, str], seed: int) -> pd.DataFrame:
    """Table ``vqa`` with random wrong answers, without those that cannot have them; other formats stay as they are.

    An item's draw depends on the seed, its id and the pool of its split. Its proof is taken away: it holds no longer.

    Parameters
    ----------
    texts
        what the record of each sample says.

    Raises
    ------
    DataProblem
        when the split has too few different keys to draw from.
    """
    vqa = vqa[[_OF_THE_QUESTION not in relations for relations in vqa["distractor_relations"]]]
    choice = vqa[vqa["format"] == _FORMAT].sort_values("item_id")
    pools: dict[str, list[tuple[str, str]]] = {}
    for row in choice.to_dict("records"):
        pools.setdefault(row["split"], []).append((_key(row), row["key_node"]))
    changed = {
        row["item_id"]: _drawn(row, pools[row["split"]], texts[row["sample_id"]], seed)
        for row in choice.to_dict("records")
    }
    rows = [{**row, **changed.get(row["item_id"], {})} for row in vqa.to_dict("records")]
    return tables.frame("vqa", ({str(name): value for name, value in row.items()} for row in rows))


def random_arm(run: Path, out: Path, seed: int) -> int:
    """Write a folder to train on like ``run``, with random wrong answers; returns how many items have them.

    Its table ``vqa`` is its own; samples, captions, images, store and tree are links into the run.
    """
    vqa = tables.read("vqa", run / "vqa.parquet")
    samples = tables.read("samples", run / "samples.parquet", ["sample_id", "caption", "context", "finding"])
    texts = {
        row["sample_id"]: " ".join([row["caption"], row["context"], row["finding"]])
        for row in samples.to_dict("records")
    }
    changed = with_random_options(vqa, texts, seed)
    link_run(run, out)
    tables.write("vqa", changed, out / "vqa.parquet")
    return int((changed["format"] == _FORMAT).sum())


def link_run(run: Path, out: Path, *, but: Collection[str] = ()) -> None:
    """Link into ``out`` what a training reads of ``run`` beside its items, without what ``but`` names."""
    out.mkdir(parents=True, exist_ok=True)
    for name in _SHARED:
        if name not in but and (run / name).exists() and not (out / name).exists():
            (out / name).symlink_to((run / name).resolve())


def _key(row: Mapping[Any, Any]) -> str:
    return str(row["options"][_LETTERS.index(row["answer"])])


def _drawn(row: Mapping[Any, Any], pool: list[tuple[str, str]], text: str, seed: int) -> dict[str, Any]:
    rng = random.Random(f"{seed} random options {row['item_id']}")  # noqa: S311
    key, said = _key(row), text.casefold()
    wanted = len(row["options"]) - 1
    wrong: dict[str, tuple[str, str]] = {}
    for place in _lots(rng, len(pool)):
        name = pool[place][0].casefold()
        if name != key.casefold() and name not in said:
            wrong.setdefault(name, pool[place])
        if len(wrong) == wanted:
            break
    else:
        raise DataProblem(
            f"split '{row['split']}' has too few keys for {wanted} random wrong answers of item '{row['item_id']}'",
            hint="make more items, or leave the split out",
        )
    names = [name for name, _ in wrong.values()]
    names.insert(_LETTERS.index(row["answer"]), key)
    return {
        "options": names,
        "distractor_nodes": [node for _, node in wrong.values()],
        "distractor_relations": [RELATION] * wanted,
        "proof": "",
    }


def _lots(rng: random.Random, count: int) -> Iterator[int]:
    """The numbers below ``count`` in random order, at the cost of those that are taken."""
    moved: dict[int, int] = {}
    for last in range(count - 1, -1, -1):
        lot = rng.randrange(last + 1)
        yield moved.get(lot, lot)
        moved[lot] = moved.get(last, last)
