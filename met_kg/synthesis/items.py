"""Samples -> VQA items: drafts of everything that can be asked, then the chosen ones written out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

from met_kg import __version__, tables
from met_kg.records import Quarantined
from met_kg.synthesis.balance import assigned
from met_kg.synthesis.distractors import Distractors
from met_kg.synthesis.index import Candidate, TreeIndex, spaced
from met_kg.synthesis.names import Names, indefinite
from met_kg.synthesis.options import SynthesisOptions
from met_kg.synthesis.plan import LETTERS, balanced_yes_no, letters, seeded, within_quotas
from met_kg.synthesis.proofs import bindings, proof_json
from met_kg.synthesis.questions import QuestionType, Target, question_types
from met_kg.synthesis.rationale import chain
from met_kg.synthesis.sample import Sample

__all__ = ["ItemWriter"]

GENERATOR: Final = f"met-kg {__version__} graph realiser"
_CLOSE: Final = {
    "sibling": 2,
    "same-location": 2,
    "confusable": 2,
    "shown": 2,
    "cousin": 1,
    "same-modality": 1,
}
_PLAN_COLUMNS: Final = ("type", "format", "branch", "node", "wanted", "made", "why_short")


@dataclass(frozen=True, slots=True)
class _Draft:
    sample: Sample
    type: QuestionType
    form: str
    target: Target
    wording: int
    question: str
    fitting: tuple[Candidate, ...] = ()
    distractors: tuple[Candidate, ...] = ()

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


class ItemWriter:
    """Writes the items of one corpus over one tree."""

    def __init__(
        self, tree: TreeIndex, names: Names, *, options: SynthesisOptions, seed: int, tree_version: Mapping[str, str]
    ) -> None:
        self._tree, self._names, self._options, self._seed = tree, names, options, seed
        self._version = tree_version
        self._types = question_types(options.types)
        self._why: dict[tuple[str, str, str], Counter[str]] = {}
        self.rejected: list[Quarantined] = []

    def write(self, samples: Sequence[Sample]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Tables ``vqa`` and ``plan``; what could not be asked is in :attr:`rejected`."""
        drafts = list(self._drafts([s for s in samples if s.has_image]))
        wanted: Counter[tuple[str, str, str]] = Counter((d.kind, d.form, d.key) for d in drafts)
        for place, reasons in self._why.items():
            wanted[place] += reasons.total()
        # Who has no partner for a balance takes no place in a quota; a quota may tip the balance again.
        paired, unpaired = balanced_yes_no(drafts, self._seed)
        chosen, over = within_quotas(paired, self._options, self._tree.branch, self._seed)
        for draft, quota in over:
            self._note(draft, f"over {quota}")
        chosen, tipped = balanced_yes_no(chosen, self._seed)
        for draft in (*unpaired, *tipped):
            self._note(draft, f"'{'yes' if draft.says_no else 'no'}' ran out")
        rows = list(self._rows([*(d for d in chosen if d.form != "multiple-choice"), *self._choices(chosen)]))
        made = Counter((r["type"], r["format"], r["key_node"]) for r in rows)
        return tables.frame("vqa", rows), self._plan(wanted, made)

    def _note(self, draft: _Draft, why: str) -> None:
        self._why.setdefault((draft.kind, draft.form, draft.key), Counter())[why] += 1

    def _plan(self, wanted: Counter[tuple[str, str, str]], made: Counter[tuple[str, str, str]]) -> pd.DataFrame:
        """What was wanted and made of each type, format and key node, and why less was made."""
        rows = []
        asked = {(kind, form) for kind, form, _ in wanted}
        for kind, form, node in sorted(wanted):
            why = self._why.get((kind, form, node), Counter())
            reasons = "; ".join(f"{n} {reason}" for reason, n in sorted(why.items()))
            place = (kind, form, node)
            rows.append((kind, form, self._tree.branch(node), node, wanted[place], made[place], reasons))
        for kind, form in sorted({(t.name, f) for t in self._types for f in t.wordings} - asked):
            if form in self._options.formats:
                rows.append((kind, form, "", "", 0, 0, "nothing to ask about"))
        return pd.DataFrame(sorted(rows), columns=list(_PLAN_COLUMNS))

    def _drafts(self, samples: Sequence[Sample]) -> Iterator[_Draft]:
        asked = list(self._asked(samples))
        keys: dict[str, Counter[str]] = {kind.name: Counter() for kind in self._types}
        for _, kind, target in asked:
            keys[kind.name][target.key] += 1
        shown = {s.sample_id: {a.node for a in s.anchors if a.polarity == "positive"} for s in samples}
        distractors = Distractors(self._tree, self._names, keys=keys, shown=shown, depth_span=self._options.depth_span)
        for sample, kind, target in asked:
            fitting, why = distractors.fitting(kind, target, sample) if self._needs_wrong(kind) else ([], "")
            for form, wordings in sorted(kind.wordings.items()):
                if form not in self._options.formats:
                    continue
                draft = self._draft(sample, kind, target, form, wordings)
                if form == "multiple-choice":
                    draft = replace(draft, fitting=tuple(fitting))
                    if not fitting:
                        self._reject(draft, why, "too few distractors")
                        continue
                elif form == "yes-no":
                    no = self._denied(kind, target, sample, fitting, keys[kind.name])
                    if no is not None:
                        yield self._draft(sample, kind, no, form, wordings)
                elif target.denied:
                    continue
                asks = spaced(draft.question)
                if form != "yes-no" and any(term in asks for term in self._tree.terms(target.key)):
                    self._reject(draft, "the question would name its answer", "would name the answer")
                else:
                    yield draft

    def _asked(self, samples: Sequence[Sample]) -> Iterator[tuple[Sample, QuestionType, Target]]:
        """Whom to ask about: of each sample and type no more than the quota lets pass, the rarest keys first."""
        every = [
            (sample, kind, target)
            for sample in samples
            for kind in self._types
            if (sample.pictured or not kind.pictured) and not sample.charted
            for target in kind.targets(sample, self._tree)
        ]
        common = Counter((kind.name, target.key) for _, kind, target in every)
        drawn = [seeded(self._seed, s.sample_id, kind.name, t.key, t.carrier).random() for s, kind, t in every]
        order = sorted(range(len(every)), key=lambda i: (common[every[i][1].name, every[i][2].key], drawn[i]))
        had: Counter[tuple[str, str]] = Counter()
        for sample, kind, target in (every[i] for i in order):
            had[sample.sample_id, kind.name] += 1
            if had[sample.sample_id, kind.name] <= self._options.per_sample_type:
                yield sample, kind, target
            else:
                for form in set(kind.wordings) & set(self._options.formats):
                    if form == "yes-no" or not target.denied or "multiple-choice" in kind.wordings:
                        self._why.setdefault((kind.name, form, target.key), Counter())["over per_sample_type"] += 1

    def _needs_wrong(self, kind: QuestionType) -> bool:
        forms = set(kind.wordings) & set(self._options.formats)
        return "multiple-choice" in forms or ("yes-no" in forms and kind.no == "relative")

    def _reject(self, draft: _Draft, why: str, short: str) -> None:
        self._note(draft, short)
        where = f"sample {draft.sample_id}, {draft.kind} ({draft.form}) on {draft.key}"
        self.rejected.append(Quarantined(draft.sample.source, where, why, self._names[draft.key]))

    def _denied(
        self, kind: QuestionType, target: Target, sample: Sample, fitting: Sequence[Candidate], keys: Counter[str]
    ) -> Target | None:
        """One thing that the answer is not, drawn as often as it is the answer elsewhere in the corpus."""
        if kind.no == "disjoint":
            links = {o.target: o.carrier for o in self._tree.links(target.key, "disjoint")}
            links = {node: carrier for node, carrier in links.items() if node not in sample.barred and keys[node]}
            claim = "disjoint"
        elif kind.no == "relative":
            links = {c.node: target.key for c in fitting if keys[c.node]}
            claim = f"not-{target.claim}"
        else:
            return None
        others = [node for node in sorted(links) if not sample.mentions(self._tree.terms(node))]
        if not others or target.denied:
            return None
        rng = seeded(self._seed, sample.sample_id, kind.name, target.key, "no")
        drawn = rng.choices(others, [keys[node] for node in others])[0]
        return Target(target.anchor, drawn, claim, links[drawn], target.words)

    def _draft(
        self, sample: Sample, kind: QuestionType, target: Target, form: str, wordings: tuple[str, ...]
    ) -> _Draft:
        rng = seeded(self._seed, sample.sample_id, kind.name, form, target.key)
        wording = rng.randrange(len(wordings))
        key = self._names[target.key]
        words = {slot: self._names[word] if word in self._tree.nodes else word for slot, word in target.words}
        question = wordings[wording].format_map({"key": key, "a_key": indefinite(key), **words})
        return _Draft(sample, kind, form, target, wording, question)

    def _choices(self, drafts: Sequence[_Draft]) -> Iterator[_Draft]:
        """The multiple-choice drafts with their distractors, each type and split in balance by itself."""
        groups: dict[tuple[str, str], list[_Draft]] = {}
        for draft in drafts:
            if draft.form == "multiple-choice":
                groups.setdefault((draft.kind, draft.split), []).append(draft)
        for (kind, split), mine in sorted(groups.items()):
            chosen, left = assigned(
                mine,
                self._tree.lineage,
                lambda node: len(self._names[node]),
                seeded(self._seed, kind, split, "balance"),
            )
            for draft, why in left:
                self._note(draft, why)
            for draft, some in chosen:
                order = list(some)
                seeded(self._seed, draft.sample_id, draft.kind, draft.key, "order").shuffle(order)
                yield replace(draft, distractors=tuple(order))

    def _rows(self, drafts: Sequence[_Draft]) -> Iterator[dict[str, Any]]:
        order = sorted(drafts, key=lambda d: (d.sample_id, d.kind, d.form, d.key, d.says_no))
        choices = Counter(d.kind for d in order if d.form == "multiple-choice")
        right = {kind: iter(letters(n, kind, self._seed)) for kind, n in sorted(choices.items())}
        for draft in order:
            answer = draft.target.answer or self._names[draft.key]
            options: list[str] = []
            if draft.form == "yes-no":
                answer = "no" if draft.says_no else "yes"
            elif draft.form == "multiple-choice":
                answer = next(right[draft.kind])
                options = [self._names[c.node] for c in draft.distractors]
                options.insert(LETTERS.index(answer), self._names[draft.key])
            yield self._row(draft, answer, options)

    def _row(self, draft: _Draft, answer: str, options: list[str]) -> dict[str, Any]:
        sample, target = draft.sample, draft.target
        identity = [
            sample.sample_id,
            draft.kind,
            draft.form,
            target.claim,
            target.subject,
            target.key,
            draft.question,
            options,
        ]
        digest = hashlib.sha256(json.dumps(identity, ensure_ascii=False).encode()).hexdigest()
        bound = bindings(sample.sample_id, target, self._tree.nodes[target.key].axis, draft.distractors)
        template = f"{draft.kind}/{draft.form}/{draft.wording}"
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
            "template": template,
        }
        steps = chain(draft.type, target, sample.sample_id, draft.distractors, self._names, self._tree)
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
            "difficulty": _difficulty(draft),
            "level": self._tree.level(target.key),
            "visual": draft.type.visual,
            "rationale": " ".join(text for text, _ in steps),
            "chain": json.dumps([{"sentence": t, "facts": f} for t, f in steps], ensure_ascii=False),
            "template": template,
            "weight": 1.0,
            "split": sample.split,
            "proof": proof_json(bound, self._version, provenance),
        }


def _difficulty(draft: _Draft) -> str:
    """Open is hard, yes or no easy; choices are as hard as the distractors are close."""
    if draft.form != "multiple-choice":
        return "hard" if draft.form == "open" else "easy"
    closeness = sum(_CLOSE.get(c.relation, 0) for c in draft.distractors)
    return "hard" if closeness >= 5 else "medium" if closeness >= 2 else "easy"
