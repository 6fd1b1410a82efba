"""Samples -> VQA items: drafts of everything that can be asked, then the chosen ones written out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from met_kg import __version__, tables
from met_kg.records import Quarantined
from met_kg.synthesis.distractors import WANTED, Distractors
from met_kg.synthesis.index import Candidate, TreeIndex, spaced
from met_kg.synthesis.names import Names, indefinite, sentence
from met_kg.synthesis.options import SynthesisOptions
from met_kg.synthesis.plan import LETTERS, balanced_yes_no, capped, letters, seeded
from met_kg.synthesis.proofs import bindings, proof_json
from met_kg.synthesis.questions import QuestionType, Target, question_types
from met_kg.synthesis.sample import Sample

__all__ = ["ItemWriter"]

GENERATOR: Final = f"met-kg {__version__} graph realiser"
_DIFFICULTY: Final = {"sibling": 2, "same-location": 2, "cousin": 1, "parent-sibling": 0, "same-axis": 0}
_PLAN_COLUMNS: Final = ("type", "format", "wanted", "made", "why_short")


@dataclass(frozen=True, slots=True)
class _Draft:
    sample: Sample
    type: QuestionType
    form: str
    target: Target
    wording: int
    question: str
    distractors: tuple[Candidate, ...]

    @property
    def sample_id(self) -> str:
        return self.sample.sample_id

    @property
    def split(self) -> str:
        return self.sample.split

    @property
    def kind(self) -> str:
        return self.type.name

    @property
    def key(self) -> str:
        return self.target.key

    @property
    def says_no(self) -> bool:
        return self.target.denied

    @property
    def sole(self) -> bool:
        return self.type.sole


class ItemWriter:
    """Writes the items of one corpus over one tree."""

    def __init__(
        self,
        tree: TreeIndex,
        names: Names,
        *,
        usage: Mapping[str, int],
        together: Set[tuple[str, str]],
        options: SynthesisOptions,
        seed: int,
        tree_version: Mapping[str, str],
    ) -> None:
        self._tree, self._names, self._options, self._seed = tree, names, options, seed
        self._version, self._usage = tree_version, usage
        self._distractors = Distractors(tree, names, usage=usage, together=together, depth_span=options.depth_span)
        self._types = question_types(options.types)
        self._why: dict[tuple[str, str], Counter[str]] = {}
        self.rejected: list[Quarantined] = []

    def write(self, samples: Sequence[Sample]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Tables ``vqa`` and ``plan``; what could not be asked is in :attr:`rejected`."""
        drafts = [d for s in samples for d in self._drafts(s)]
        wanted: Counter[tuple[str, str]] = Counter((d.kind, d.form) for d in drafts)
        for place, reasons in self._why.items():
            wanted[place] += reasons.total()
        # Caps before the balance: a cap must not tip it.
        chosen, over = capped(drafts, self._options, self._seed)
        for draft, cap in over:
            self._note(draft.kind, draft.form, f"over {cap}")
        chosen, unpaired = balanced_yes_no(chosen, self._seed)
        for draft in unpaired:
            self._note(draft.kind, draft.form, f"'{'yes' if draft.says_no else 'no'}' ran out")
        rows = list(self._rows(chosen))
        made = Counter((r["type"], r["format"]) for r in rows)
        places = {(t.name, f) for t in self._types for f in t.wordings if f in self._options.formats}
        plan = [
            (kind, form, wanted[kind, form], made[kind, form], self._reasons(kind, form, wanted[kind, form]))
            for kind, form in sorted(places)
        ]
        return tables.frame("vqa", rows), pd.DataFrame(plan, columns=list(_PLAN_COLUMNS))

    def _note(self, kind: str, form: str, why: str) -> None:
        self._why.setdefault((kind, form), Counter())[why] += 1

    def _reasons(self, kind: str, form: str, wanted: int) -> str:
        if not wanted:
            return "nothing to ask about"
        found = self._why.get((kind, form), Counter())
        return "; ".join(f"{n} {why}" for why, n in sorted(found.items()))

    def _drafts(self, sample: Sample) -> Iterator[_Draft]:
        if not sample.has_image:
            return
        for kind in self._types:
            for target in self._targets(kind, sample):
                for form, wordings in sorted(kind.wordings.items()):
                    if form in self._options.formats and (form == "yes-no" or not target.denied):
                        draft, why, short = self._draft(sample, kind, target, form, wordings)
                        if draft is not None:
                            yield draft
                        else:
                            self._note(kind.name, form, short)
                            where = f"sample {sample.sample_id}, {kind.name} ({form}) on {target.key}"
                            self.rejected.append(Quarantined(sample.source, where, why, self._names[target.key]))

    def _targets(self, kind: QuestionType, sample: Sample) -> Iterator[Target]:
        """Whom the type asks about, and for each one thing that it cannot be, drawn as often as the corpus shows it."""
        for target in kind.targets(sample, self._tree):
            yield target
            if kind.sole:
                others = [o for o in self._tree.links(target.key, "disjoint") if o.target not in sample.barred]
                others = [o for o in others if not sample.mentions(self._tree.terms(o.target))]
                if others:
                    weights = [1 + self._usage.get(o.target, 0) for o in others]
                    rng = seeded(self._seed, sample.sample_id, kind.name, target.key, "disjoint")
                    drawn = rng.choices(others, weights)[0]
                    yield Target(target.anchor, drawn.target, "disjoint", drawn.carrier)

    def _draft(
        self, sample: Sample, kind: QuestionType, target: Target, form: str, wordings: tuple[str, ...]
    ) -> tuple[_Draft | None, str, str]:
        rng = seeded(self._seed, sample.sample_id, kind.name, form, target.key)
        wording = rng.randrange(len(wordings))
        question = wordings[wording].format_map(self._words(target))
        asked = spaced(question)
        if form != "yes-no" and any(term in asked for term in self._tree.terms(target.key)):
            return None, "the question would name its answer", "would name the answer"
        chosen: list[Candidate] = []
        if form == "multiple-choice":
            chosen, why = self._distractors.choose(kind, target, sample, rng)
            if len(chosen) < WANTED:
                return None, why, "too few distractors"
        return _Draft(sample, kind, form, target, wording, question, tuple(chosen)), "", ""

    def _rows(self, drafts: Sequence[_Draft]) -> Iterator[dict[str, Any]]:
        order = sorted(drafts, key=lambda d: (d.sample_id, d.kind, d.form, d.key, d.says_no))
        choices = Counter(d.kind for d in order if d.form == "multiple-choice")
        right = {kind: iter(letters(n, kind, self._seed)) for kind, n in sorted(choices.items())}
        for draft in order:
            answer, options = self._answer(draft)
            if draft.form == "multiple-choice":
                answer = next(right[draft.kind])
                options.insert(LETTERS.index(answer), self._names[draft.key])
            yield self._row(draft, answer, options)

    def _answer(self, draft: _Draft) -> tuple[str, list[str]]:
        if draft.form == "yes-no":
            return ("no" if draft.says_no else "yes"), []
        return self._names[draft.key], [self._names[c.node] for c in draft.distractors]

    def _row(self, draft: _Draft, answer: str, options: list[str]) -> dict[str, Any]:
        sample, target = draft.sample, draft.target
        identity = [sample.sample_id, draft.kind, draft.form, target.key, draft.question, options]
        digest = hashlib.sha256(json.dumps(identity, ensure_ascii=False).encode()).hexdigest()
        bound = bindings(sample.sample_id, target, self._tree.nodes[target.key].axis, draft.distractors)
        provenance = {
            "source": sample.source,
            "licence": sample.licence,
            "origin": sample.origin,
            "anchor": {
                "node": target.anchor.node,
                "polarity": target.anchor.polarity,
                "method": target.anchor.method,
                "score": target.anchor.score,
                "evidence": target.anchor.evidence,
            },
            "generator": GENERATOR,
            "template": f"{draft.kind}/{draft.form}/{draft.wording}",
        }
        return {
            "item_id": digest[:16],
            "sample_id": sample.sample_id,
            "type": draft.kind,
            "format": draft.form,
            "question": draft.question,
            "options": options,
            "answer": answer,
            "axis": self._tree.nodes[target.key].axis,
            "key_node": target.key,
            "distractor_nodes": [c.node for c in draft.distractors],
            "distractor_relations": [c.relation for c in draft.distractors],
            "difficulty": self._difficulty(draft),
            "level": self._tree.level(target.key),
            "visual": True,
            "rationale": self._rationale(draft),
            "chain": "[]",
            "template": provenance["template"],
            "weight": 1.0,
            "split": sample.split,
            "proof": proof_json(bound, self._version, provenance),
        }

    def _difficulty(self, draft: _Draft) -> str:
        """Open is hard, yes or no easy; choices are as hard as the distractors are close."""
        if draft.form != "multiple-choice":
            return "hard" if draft.form == "open" else "easy"
        closeness = sum(_DIFFICULTY[c.relation] for c in draft.distractors)
        return "hard" if closeness >= 5 else "medium" if closeness >= 2 else "easy"

    def _words(self, target: Target) -> dict[str, str]:
        """What stands for the names in wordings and rationales."""
        key, subject, carrier = (self._names[n] for n in (target.key, target.subject, target.carrier or target.subject))
        return {
            "key": key,
            "a_key": indefinite(key),
            "subject": subject,
            "a_subject": indefinite(subject),
            "carrier": carrier,
            "a_carrier": indefinite(carrier),
            "states": f"says that there is no {key}" if target.claim == "excludes" else f"names {indefinite(key)}",
        }

    def _rationale(self, draft: _Draft) -> str:
        target, names = draft.target, self._names
        key = names[target.key]
        words = self._words(target)
        if target.claim == "disjoint":
            words |= {"key": words["carrier"], "a_key": words["a_carrier"]}
        parts = [draft.type.rationale.format_map(words)]
        if target.claim == "disjoint":
            parts.append(f"{words['a_carrier']} is not {indefinite(key)}")
        if target.claim == "depicts" and target.subject != target.key:
            parts.append(f"{names[target.subject]} is a kind of {key}")
        if target.carrier and target.carrier != target.subject:
            parts.append(f"{names[target.subject]} is a kind of {names[target.carrier]}")
        return " ".join(sentence(part) for part in parts)
