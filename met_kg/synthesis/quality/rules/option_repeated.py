"""Each option means something else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pandas as pd

from met_kg.synthesis.index import spaced
from met_kg.synthesis.quality.context import Context, option_nodes, records
from met_kg.synthesis.quality.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()


def apply(items: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to two options of the same words, of nodes that share a name, or of which one is a name of the other."""
    for item in records(items):
        options = [spaced(str(o)) for o in item["options"]]
        nodes = option_nodes(item)
        names = [{text, *context.terms(node)} for text, node in zip(options, nodes, strict=True)]
        for one, other in combinations(range(len(options)), 2):
            if options[one] == options[other]:
                yield Hit(item["item_id"], f"the option '{item['options'][one]}' stands there twice")
                break
            if shared := sorted(names[one] & names[other]):
                both = f"'{item['options'][one]}' and '{item['options'][other]}'"
                yield Hit(item["item_id"], f"the options {both} are both called '{shared[0].strip()}'")
                break
