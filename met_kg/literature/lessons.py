"""What an annotated corpus teaches the dictionary: names that it lacks, what they mean, and names that mean nothing.

A corpus says what its annotators call an entity ("WT" is Wilms tumour) and, by silence, which names of the dictionary
are seldom meant as such ("deficiency"), and which branches of the other axes they care for. All are counted, nothing
else is learned: no weights, no model.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from met_kg.errors import DataProblem
from met_kg.literature.document import Document
from met_kg.literature.habits import Habits
from met_kg.literature.lexicon import Lexicon, LexiconEntry, Reading
from met_kg.literature.linker import Linker
from met_kg.literature.names import casing
from met_kg.literature.normalise import normal_form, words
from met_kg.records import Mention
from met_kg.vocabulary import Axis

__all__ = ["Lessons", "corpus_axis", "learn"]

T = TypeVar("T", str, tuple[str, ...])

#: A name that people marked less often than this, where it stands in their corpus, is not meant by it.
_MEANT: Final = 0.5
#: A name of several words means everything that people meant by it this often ("breast and ovarian cancer").
_ALSO_MEANT: Final = 1 / 3
#: As sure as a label: people said so.
_SCORE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Lessons:
    """Readings by compared form, the forms of an axis that are not to be read, and habits on the other axes."""

    axis: Axis
    names: Mapping[str, tuple[Reading, ...]]
    not_meant: frozenset[str]
    habits: Habits

    def counts(self, mention: Mention) -> bool:
        """Whether people who marked this corpus would mark such a mention."""
        return mention.axis == self.axis or self.habits.marks(mention.node)


def learn(
    lexicon: Lexicon,
    documents: Iterable[Document],
    codes: Mapping[str, tuple[str, ...]],
    tree_parents: Mapping[str, str],
) -> Lessons:
    """Count what the annotations of documents say, and teach it to the lexicon.

    Parameters
    ----------
    codes
        node -> its codes in the systems that the annotations use. A code that no node has stands for itself: such a
        mention is kept, with the code in place of the node.
    tree_parents
        node -> its tree parent.

    Raises
    ------
    DataProblem
        when no document has an annotation with a code, or no code is one of the tree.
    """
    documents = list(documents)
    nodes = _nodes_by_code(codes)
    axis = corpus_axis(documents, codes, lexicon)
    names = {}
    for form, written, meant in _meanings(documents):
        names[form] = tuple(
            Reading(_entry(written, code, nodes, axis, lexicon), casing(written, abbreviation=_short(written)),
                    " ".join(words(written).raw), _SCORE)
            for code in meant
        )  # fmt: skip
    lexicon.teach(names, frozenset(), axis)
    not_meant, habits = _passed_over(Linker(lexicon), documents, axis, Habits(tree_parents))
    names = {form: readings for form, readings in names.items() if form not in not_meant}
    lexicon.teach(names, not_meant, axis)
    return Lessons(axis, names, not_meant, habits)


def _nodes_by_code(codes: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for node in sorted(codes):
        for code in codes[node]:
            found[code].append(node)
    return found


def corpus_axis(documents: Iterable[Document], codes: Mapping[str, tuple[str, ...]], lexicon: Lexicon) -> Axis:
    """The axis that most annotated codes of a corpus lie on; ``codes``: node -> its codes.

    Raises
    ------
    DataProblem
        when there is no annotation with a code of the tree.
    """
    nodes = _nodes_by_code(codes)
    marked: Counter[Axis] = Counter()
    for document in documents:
        for annotation in document.annotations:
            for code in annotation.codes:
                marked.update(lexicon.axis_of[n] for n in nodes.get(code, ()) if n in lexicon.axis_of)
    if not marked:
        raise DataProblem(
            "no annotation of the corpus has a code that the tree knows",
            hint="give PubTator with codes, and --as the systems they are from",
        )
    return min(marked, key=lambda axis: (-marked[axis], axis))


def _meanings(documents: Iterable[Document]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Each name with the way it is mostly written and the codes it mostly means, in order of the forms."""
    meant: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        for annotation in document.annotations:
            form = normal_form(annotation.text)
            if form and annotation.codes:
                meant[form][tuple(sorted(set(annotation.codes)))] += 1
                written[form][annotation.text] += 1
    return [(form, _most(written[form]), _often(form, meant[form])) for form in sorted(meant)]


def _often(form: str, counted: Counter[tuple[str, ...]]) -> tuple[str, ...]:
    """What is mostly meant; for a name of several words, whatever is meant often. An abbreviation means one thing."""
    if " " not in form:
        return _most(counted)
    enough = _ALSO_MEANT * counted.total()
    often = [codes for codes, count in sorted(counted.items()) if count >= enough] or [_most(counted)]
    return tuple(dict.fromkeys(code for codes in often for code in codes))


def _most(counted: Counter[T]) -> T:
    return min(counted, key=lambda thing: (-counted[thing], thing))


def _entry(written: str, code: str, nodes: Mapping[str, list[str]], axis: Axis, lexicon: Lexicon) -> LexiconEntry:
    mine = [n for n in nodes.get(code, ()) if lexicon.axis_of.get(n) == axis]
    known = {r.entry.node for r in lexicon.lookup(written)}
    node = min(mine, key=lambda n: (n not in known, n), default=code)
    return LexiconEntry(written, node, axis, lexicon.label_of.get(node, written))


def _short(written: str) -> bool:
    return written.isupper() and len(written) < 6


def _passed_over(
    linker: Linker, documents: Iterable[Document], axis: Axis, habits: Habits
) -> tuple[frozenset[str], Habits]:
    """Forms that the linker finds in the corpus and people mostly passed over, and what they do on other axes."""
    seen: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    for document in documents:
        for mention in linker.link(document.text):
            is_marked = any(a.overlaps(mention.start, mention.end) for a in document.annotations)
            if mention.axis == axis:
                form = normal_form(mention.text)
                seen[form] += 1
                marked[form] += is_marked
            else:
                habits.count(mention.node, marked=is_marked)
    return frozenset(form for form in seen if marked[form] < _MEANT * seen[form]), habits
