from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from met_kg.corpus.readers import Place, Row, find
from met_kg.corpus.spec import CorpusSpec
from met_kg.corpus.statements import statement
from met_kg.errors import DataProblem, UnknownName
from met_kg.records import Quarantined


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        ("Is there a pleural effusion?", "Yes", "There is a pleural effusion."),
        ("Is there a pleural effusion?", "no", "There is no pleural effusion."),
        ("Is/Are there gallstones?", "Yes.", "There are gallstones."),
        ("Is/Are there air in the patient's colon?", "Yes", "There is air in the colon."),
        ("Are there any signs of a fracture", "No", "There is no evidence of fracture."),
        ("Do you see a subdural hematoma?", "No", "There is no subdural hematoma."),
        ("Does this patient have cardiomegaly?", "yes", "There is cardiomegaly."),
        ("Is the heart enlarged?", "no", "The heart is not enlarged."),
        ("Is/Are the ventricles dilated? -yes/no", "Yes", "The ventricles are dilated."),
        ("Is the sigmoid colon seen in this slice?", "Yes", "The sigmoid colon is seen in this slice."),
        ("Is this an MRI?", "yes", "This is an MRI."),
        ("What imaging modality was used?", "CT", "Imaging: CT."),
        ("How was this image taken?", "MRI", "Imaging: MRI."),
        ("In what plane is this image oriented?", "Axial", "Plane: axial."),
        ("What organ is primarily evaluated in this image?", "Lungs", "Shown: lungs."),
        ("Where is/are the infarct located?", "Right PICA", "Location of the infarct: right PICA."),
        ("What is the primary abnormality in this image?", "Ring lesion", "Finding: ring lesion."),
    ],
)
def test_an_answered_question_makes_a_statement(question: str, answer: str, said: str) -> None:
    assert statement(question, answer) == said


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Is this an MRI?", "no"),  # it may be anything else
        ("Is there no evidence of blunting?", "yes"),
        ("Is the heart larger than normal?", "yes"),
        ("Are there more than 5 nodes?", "yes"),
        ("Is the mass regular or ragged?", "ragged"),
        ("Is there an acute or chronic bleed?", "yes"),
        ("Are brain structures shifted across the midline?", "no"),
        ("Is there anything wrong with the lungs?", "no"),
        ("What is not pictured in this image?", "the extremities"),
        ("What organ is not shown in this image?", "heart"),
        ("Where is the mass?", "none"),
        ("What can be visualized in this plane?", "lungs"),
        ("What symptoms would this patient present with?", "pain"),
        ("", "yes"),
        ("Is there a mass?", ""),
    ],
)
def test_what_does_not_fit_says_nothing(question: str, answer: str) -> None:
    assert statement(question, answer) is None


ROWS = [
    {"image": "a.png", "organ": "CHEST", "question": "Is there a pneumothorax?", "answer": "No"},
    {"image": "b.png", "organ": "HEAD", "question": "What modality is this?", "answer": "CT"},
    {"image": "a.png", "organ": "CHEST", "question": "Is/Are there a pneumothorax?", "answer": "no"},
    {"image": "a.png", "organ": "CHEST", "question": "Is there a nodule?", "answer": "yes"},
    {"image": "a.png", "organ": "CHEST", "question": "Is there a nodule?", "answer": "no"},
    {"image": "a.png", "organ": "CHEST", "question": "How many ribs?", "answer": "24"},
    {"image": "gone.png", "organ": "HEAD", "question": "Is there a mass?", "answer": "yes"},
    {"image": "a.png", "organ": "CHEST", "question": "Is there a mass?", "answer": ""},
]


def read(tmp_path: Path, rows: list[dict[str, Any]] | None = None, **changes: Any) -> list[Row | Quarantined]:
    for name in ("a", "b"):
        Image.new("L", (90, 90), 60 if name == "a" else 90).save(tmp_path / f"{name}.png")
    (tmp_path / "train.json").write_text(json.dumps(ROWS if rows is None else rows), encoding="utf-8")
    values: dict[str, Any] = {
        "name": "asked",
        "reader": "vqa",
        "path": str(tmp_path / "train.json"),
        "columns": {"image": "image", "body_part": "organ"},
        "constants": {"split": "train"},
    }
    spec = CorpusSpec.model_validate(values | changes)
    reader = find(spec.reader)
    return list(reader.read(spec, reader.options.model_validate(spec.options), Place(tmp_path / "i", tmp_path, 1)))


def test_an_image_is_a_sample_with_what_its_answers_say(tmp_path: Path) -> None:
    found = read(tmp_path)
    rows = [row for row in found if isinstance(row, dict)]
    assert [(row["caption"], row["body_part"], row["split"]) for row in rows] == [
        ("There is no pneumothorax.", "CHEST", "train"),  # said twice; the nodule is said and denied
        ("Imaging: CT.", "HEAD", "train"),
    ]
    assert [json.loads(row["meta"]) for row in rows] == [
        {"questions": 5, "statements": 1},
        {"questions": 1, "statements": 1},
    ]
    assert all(row["sha256"] and row["width"] == 90 for row in rows)
    aside = {(q.where, q.reason) for q in found if isinstance(q, Quarantined)}
    assert aside == {("record 7", "image 'gone.png' is not there"), ("record 8", "the row has no answer")}


def test_what_a_recipe_can_get_wrong(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="no caption"):
        read(tmp_path, columns={"image": "image", "caption": "question"})
    with pytest.raises(UnknownName, match="reply"):
        read(tmp_path, options={"answer": "reply"})
    with pytest.raises(UnknownName, match="side"):
        read(tmp_path, columns={"image": "image", "view": "side"})
    assert len(read(tmp_path, options={"limit": 1})) == 1
