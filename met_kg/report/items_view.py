"""What the report says of captions and questions, with a few whole examples."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from met_kg.report.run_data import RunData
from met_kg.report.thumbnails import Thumbnails

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["items_view"]

_CARDS: Final = 8
_QUESTIONS_PER_CARD: Final = 2
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LEVELS: Final = ("knowledge", "descriptive", "short")


def items_view(data: RunData, thumbnails: Thumbnails) -> dict[str, Any] | None:
    """Items by type, format and difficulty, distractor relations, and example cards; None before that step."""
    captions, items, samples = data.table("captions"), data.table("vqa"), data.table("samples")
    if captions is None or items is None or samples is None:
        return None
    difficulties = _in_order(items["difficulty"], ("easy", "medium", "hard"))
    counts = items.groupby(["type", "format", "difficulty"]).size()
    table = [
        (kind, form, [int(counts.get((kind, form, d), 0)) for d in difficulties])
        for kind, form in sorted(set(zip(items["type"], items["format"], strict=True)))
    ]
    return {
        "captions": len(captions),
        "levels": [(level, int((captions["level"] == level).sum())) for level in reversed(_LEVELS)],
        "items": len(items),
        "key_nodes": items["key_node"].nunique(),
        "formats": Counter(items["format"]).most_common(),
        "splits": Counter(items["split"]).most_common(),
        "relations": Counter(r for part in items["distractor_relations"] for r in part).most_common(),
        "difficulties": difficulties,
        "table": table,
        "cards": [
            _card(data, sample_id, captions, items, samples, thumbnails) for sample_id in _chosen(items, samples)
        ],
    }


def _in_order(values: Iterable[str], known: tuple[str, ...]) -> list[str]:
    """The distinct values, known ones first and in their order."""
    return sorted(set(values), key=lambda v: (known.index(v) if v in known else len(known), v))


def _chosen(items: pd.DataFrame, samples: pd.DataFrame) -> list[str]:
    """Samples that together show most kinds of question, sources and modalities: each time the one that adds most."""
    kinds: dict[str, set[str]] = {}
    with_images = samples[samples["image"] != ""]
    for row in with_images.sort_values("sample_id").itertuples():
        kinds[str(row.sample_id)] = {f"source {row.source}", f"modality {row.modality}"}
    asked: dict[str, set[str]] = {s: set() for s in kinds}
    for sample_id, kind, form in zip(items["sample_id"], items["type"], items["format"], strict=True):
        if sample_id in asked:
            asked[sample_id].add(f"{kind} {form}")
    candidates = {s: kinds[s] | asked[s] for s in kinds if asked[s]}
    chosen: list[str] = []
    seen: set[str] = set()
    while candidates and len(chosen) < _CARDS:
        best = min(candidates, key=lambda s: (-len(candidates[s] - seen), s))
        chosen.append(best)
        seen |= candidates.pop(best)
    return chosen


def _card(
    data: RunData,
    sample_id: str,
    captions: pd.DataFrame,
    items: pd.DataFrame,
    samples: pd.DataFrame,
    thumbnails: Thumbnails,
) -> dict[str, Any]:
    sample = samples[samples["sample_id"] == sample_id].iloc[0]
    own = captions[captions["sample_id"] == sample_id]
    enriched = [(level, str(text)) for level in _LEVELS for text in own.loc[own["level"] == level, "text"]]
    asked = items[items["sample_id"] == sample_id].sort_values(["format", "type", "item_id"])
    # One of each format before a second of any.
    turn = asked.groupby("format").cumcount()
    asked = asked.assign(turn=turn).sort_values(["turn", "format", "item_id"]).head(_QUESTIONS_PER_CARD)
    return {
        "sample_id": sample_id,
        "source": sample["source"],
        "licence": sample["licence"],
        "synthetic": bool(sample["synthetic"]),
        "picture": thumbnails.of(str(sample["image"]), 300),
        "caption": str(sample["caption"]),
        "level": enriched[0][0] if enriched else "",
        "enriched": enriched[0][1] if enriched else "",
        "questions": [_question(data, row) for _, row in asked.iterrows()],
    }


def _question(data: RunData, row: pd.Series) -> dict[str, Any]:
    """A question with its options, the key marked and each distractor's relation to it beside it."""
    distractors = [str(n) for n in row["distractor_nodes"]]
    relations = [str(r) for r in row["distractor_relations"]]
    key = _LETTERS.find(str(row["answer"]).strip()[:1]) if row["format"] == "multiple-choice" else -1
    left = list(zip(distractors, relations, strict=False))
    options = []
    for place, text in enumerate(row["options"]):
        letter = _LETTERS[place % len(_LETTERS)]
        node, relation = ("", "")
        if place != key and row["format"] == "multiple-choice" and left:
            node, relation = left.pop(0)
        options.append(
            {
                "letter": letter,
                "text": re.sub(rf"^\(?{letter}[.):]\s+", "", str(text)),
                "key": place == key,
                "node": node,
                "relation": relation,
            }
        )
    query, proof = _proof(str(row["proof"]))
    return {
        "type": row["type"],
        "format": row["format"],
        "difficulty": row["difficulty"],
        "split": row["split"],
        "question": row["question"],
        "options": options,
        "answer": row["answer"],
        "key_node": row["key_node"],
        "key_label": data.label(str(row["key_node"])),
        "rationale": row["rationale"],
        "query": query,
        "proof": proof,
    }


def _proof(text: str) -> tuple[str, str]:
    """The ASK query inside a proof, and the proof without it as indented JSON."""
    try:
        proof = json.loads(text)
    except json.JSONDecodeError:
        return "", text
    if not isinstance(proof, dict):
        return "", json.dumps(proof, ensure_ascii=False, indent=1)
    query = ""
    for key in sorted(proof):
        if isinstance(proof[key], str) and re.search(r"\bASK\b", proof[key]):
            query = proof.pop(key)
            break
    return query, json.dumps(proof, ensure_ascii=False, indent=1)
