"""Rules on knowledge: a query whose header gives the reason is a rule, and needs nothing else.

The header says, beside title and description::

    # reason: the text names {said}, the metadata {stated}
    # returns: ?sample ?said ?saidLabel ?stated ?statedLabel

Each row names a sample that the rule objects to; a name in braces stands for the row's column of that name, followed by
its CURIE where the row has a label for it. Parameters of the query are thresholds that the profile sets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pandas as pd

from met_kg.errors import DataProblem
from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit
from met_kg.graph import queries
from met_kg.graph.store import Row

__all__ = ["FOLDER", "KnowledgeRule", "knowledge_rule", "knowledge_rules"]

#: Where the rules that ship stand, as queries are named.
FOLDER: Final = "filter"
_COLUMN: Final = re.compile(r"\{(\w+)\}")


@lru_cache(maxsize=1)
def knowledge_rules() -> tuple[str, ...]:
    """The names of the rules that ship: queries of the folder that give a reason."""
    found = (n for n in queries.names() if n.startswith(f"{FOLDER}/"))
    return tuple(n.removeprefix(f"{FOLDER}/") for n in found if queries.find(n).reason)


@dataclass(frozen=True, slots=True)
class KnowledgeRule:
    """A query as a rule: it is asked once, over all samples of the store."""

    query: queries.Query
    name: str

    def __call__(self, samples: pd.DataFrame, context: Context, **parameters: float | str) -> Iterator[Hit]:
        """Objections to these samples, in their order; of several rows for a sample the first in the alphabet.

        Raises
        ------
        DataProblem
            when the query's rows lack a column that its header promises.
        """
        here, reasons = set(samples["sample_id"]), dict[str, str]()
        found = context.once(self.name, **parameters)
        lacking = [name for name in self.query.returns if found and name not in found[0]]
        if lacking:
            raise DataProblem(f"rule {self.name} returns no ?{lacking[0]}, which its header promises")
        for row in found:
            sample = str(row["sample"]).removeprefix("sample:")
            if sample in here:
                said = self._reason(row)
                reasons[sample] = min(reasons.get(sample, said), said)
        for sample_id in samples["sample_id"]:
            if sample_id in reasons:
                yield Hit(sample_id, reasons[sample_id])

    def _reason(self, row: Row) -> str:
        def value(match: re.Match[str]) -> str:
            name = match[1]
            return f"{row[f'{name}Label']} ({row[name]})" if f"{name}Label" in row else str(row[name])

        return _COLUMN.sub(value, self.query.reason)


def knowledge_rule(name: str) -> KnowledgeRule:
    """The rule of a name, or of the path of a ``.rq`` file.

    Raises
    ------
    DataProblem
        when the query gives no reason, returns no samples, or its reason names a column that it does not return.
    """
    name = name if name.endswith(".rq") else f"{FOLDER}/{name}"
    where = name if name.endswith(".rq") else f"sparql/{name}.rq"
    query = queries.find(name)
    if not query.reason:
        raise DataProblem("a query that is a rule has a line '# reason:' in its header", where=where)
    missing = [n for n in ("sample", *_COLUMN.findall(query.reason)) if n not in query.returns]
    if missing:
        raise DataProblem(f"the rule's header returns no ?{missing[0]}", where=where, hint="see '# returns:'")
    return KnowledgeRule(query, name)
