"""Relations that a text states, on sentences that show one thing each; and the arithmetic beside scipy's."""

from __future__ import annotations

import numpy as np
import pytest

from met_kg.literature.document import Document
from met_kg.literature.lexicon import Lexicon, LexiconEntry
from met_kg.literature.linker import Linker
from met_kg.literature.relations import MinedRelation, RelationMiner, benjamini_hochberg

LEXICON = Lexicon(
    [
        LexiconEntry("pneumonia", "DOID:552", "disease", "pneumonia"),
        LexiconEntry("heart failure", "DOID:6000", "disease", "heart failure"),
        LexiconEntry("fever", "SYMP:0000613", "finding", "fever"),
        LexiconEntry("cough", "SYMP:0000614", "finding", "cough"),
        LexiconEntry("pulmonary edema", "MET:1", "finding", "pulmonary edema"),
        LexiconEntry("lung", "UBERON:0002048", "anatomy", "lung"),
        LexiconEntry("pulmonary lobe", "UBERON:0002048", "anatomy", "lung", "RELATED"),
        LexiconEntry("brain", "UBERON:0000955", "anatomy", "brain"),
        LexiconEntry("chest CT", "MET:2", "modality", "chest CT"),
    ]
)


def mine(*sentences: str, **known: list[str]) -> dict[tuple[str, str, str], MinedRelation]:
    linker, miner = Linker(LEXICON), RelationMiner()
    for i, sentence in enumerate(
        [*sentences, *["A cough.", "The lung.", "Chest CT.", "Fever.", "Pneumonia."], *["The brain."] * 30]
    ):
        document = Document(f"d{i}", sentence, source="s")
        miner.add(document, linker.link(sentence))
    return {(r.subject, r.kind, r.target): r for r in miner.mined(alpha=0.5, known=known)}


@pytest.mark.parametrize(
    ("sentence", "subject", "kind", "target"),
    [
        ("Pneumonia of the left lung.", "DOID:552", "location", "UBERON:0002048"),
        ("The lung shows pneumonia.", "DOID:552", "location", "UBERON:0002048"),
        ("Pneumonia causes chills, fever and malaise.", "DOID:552", "symptom", "SYMP:0000613"),
        ("Pneumonia is often characterized by cough.", "DOID:552", "symptom", "SYMP:0000614"),
        ("Pulmonary edema due to heart failure.", "DOID:6000", "symptom", "MET:1"),
        ("Cough is a common symptom of pneumonia.", "DOID:552", "symptom", "SYMP:0000614"),
        ("Pneumonia was seen on chest CT.", "DOID:552", "imaging", "MET:2"),
        ("Chest CT scan showing pneumonia.", "DOID:552", "imaging", "MET:2"),
        ("Chest CT of the lung.", "UBERON:0002048", "imaging", "MET:2"),
    ],
)
def test_what_a_sentence_states(sentence: str, subject: str, kind: str, target: str) -> None:
    found = mine(sentence, sentence)
    assert (subject, kind, target) in found
    relation = found[subject, kind, target]
    assert (relation.count, relation.stated) == (2, 2) and relation.score > 0
    assert relation.evidence[0].sentence == sentence and relation.sources == ("s",)


@pytest.mark.parametrize(
    "sentence",
    [
        "Pneumonia and the lung.",  # named together, nothing said
        "No pneumonia of the lung.",  # negated
        "Pneumonia of the pulmonary lobe.",  # a loose synonym
        "Cough of the lung. Pneumonia.",  # two sentences
    ],
)
def test_what_a_sentence_does_not_state(sentence: str) -> None:
    assert ("DOID:552", "location", "UBERON:0002048") not in mine(sentence, sentence, sentence)


def test_what_the_tree_says_is_tested_and_not_given() -> None:
    sentence = "Pneumonia of the lung."
    assert ("DOID:552", "location", "UBERON:0002048") not in mine(sentence, **{"DOID:552": ["UBERON:0002048"]})


def test_what_chance_explains_is_not_mined() -> None:
    linker, miner = Linker(LEXICON), RelationMiner()
    for i in range(50):  # the two stand in every sentence: that they meet says nothing
        miner.add(Document(f"d{i}", "x"), [])
        text = "Pneumonia of the lung."
        miner.add(Document(f"e{i}", text), linker.link(text))
    assert list(miner.mined()) == []


def test_benjamini_hochberg_agrees_with_scipy() -> None:
    from scipy.stats import false_discovery_control

    p_values = np.random.default_rng(3).uniform(size=200) ** 3
    assert np.allclose(benjamini_hochberg(p_values), false_discovery_control(p_values))
