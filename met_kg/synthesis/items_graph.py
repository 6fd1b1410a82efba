"""VQA items as triples of graph ``metg:items``."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pyoxigraph as ox

from met_kg.vocabulary import expand

__all__ = ["item_triples"]


def item_triples(vqa: pd.DataFrame) -> Iterator[ox.Triple]:
    """The triples of table ``vqa``, see "Graph conventions" in ``docs/architecture.md``."""
    node = {
        name: ox.NamedNode(expand(name)) for name in ("rdf:type", "met:Item", "met:sample", "met:key", "met:distractor")
    }
    texts = {
        "type": ox.NamedNode(expand("met:itemType")),
        "format": ox.NamedNode(expand("met:format")),
        "difficulty": ox.NamedNode(expand("met:difficulty")),
        "split": ox.NamedNode(expand("met:split")),
    }
    for row in vqa.to_dict("records"):
        item = ox.NamedNode(expand(f"item:{row['item_id']}"))
        yield ox.Triple(item, node["rdf:type"], node["met:Item"])
        yield ox.Triple(item, node["met:sample"], ox.NamedNode(expand(f"sample:{row['sample_id']}")))
        yield ox.Triple(item, node["met:key"], ox.NamedNode(expand(str(row["key_node"]))))
        for distractor in row["distractor_nodes"]:
            yield ox.Triple(item, node["met:distractor"], ox.NamedNode(expand(str(distractor))))
        for column, predicate in texts.items():
            yield ox.Triple(item, predicate, ox.Literal(str(row[column])))
