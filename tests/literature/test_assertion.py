from __future__ import annotations

import pytest

from met_kg.literature.assertion import Assertions

CASES = [
    ("No [pleural effusion] or pneumothorax.", "negated"),
    ("No pleural effusion or [pneumothorax].", "negated"),
    ("CT without evidence of [pneumonia].", "negated"),
    ("There is no focal consolidation, effusion, or [nodule].", "negated"),
    ("[Pneumonia] was ruled out.", "negated"),
    ("[Pneumothorax] is not seen.", "negated"),
    ("The patient denied [fever].", "negated"),
    ("Neither [fever] nor cough.", "negated"),
    ("The study did not show any [fracture].", "negated"),
    ("COVID-19 test was negative for [influenza].", "negated"),
    ("No evidence of [effusion], but a nodule.", "negated"),
    ("No effusion, but a [nodule] is seen.", "positive"),
    ("No effusion is seen and there is [consolidation].", "positive"),
    ("No effusion. [Consolidation] in the left lobe.", "positive"),
    ("No increase in the [effusion].", "positive"),
    ("Worsening of the previously noted [pneumonia].", "positive"),
    ("He had a 2-day history of high [fever].", "positive"),
    ("Not only [effusion] was seen.", "positive"),
    ("No effusion, the [heart failure] is worse.", "positive"),
    ("Cannot exclude [pneumonia].", "uncertain"),
    ("[Pneumonia] cannot be excluded.", "uncertain"),
    ("Findings are suspicious for [malignancy].", "uncertain"),
    ("Possible [pneumonia].", "uncertain"),
    ("This may represent [edema].", "uncertain"),
    ("[Tuberculosis] was suspected.", "uncertain"),
    ("Past medical history of [asthma].", "historical"),
    ("History of [asthma] and diabetes.", "historical"),
    ("The [effusion] has resolved.", "historical"),
    ("Her mother had [breast cancer].", "family"),
    ("Family history of [breast cancer].", "family"),
    ("No family history of [breast cancer].", "family"),
    ("At high risk of [stroke].", "hypothetical"),
    ("Return if [fever] develops.", "hypothetical"),
    ("The angles were not seen, suggesting [pleural effusion].", "positive"),
    ("No pneumothorax despite a history of [COPD].", "historical"),
    ("Opacities with relative sparing of the [nodule].", "positive"),
    ("Large [effusion].", "positive"),
]


@pytest.mark.parametrize(("marked", "expected"), CASES)
def test_status(marked: str, expected: str) -> None:
    start, end = marked.index("["), marked.index("]") - 1
    text = marked.replace("[", "").replace("]", "")
    assert Assertions(text).of(start, end, "finding") == expected


def test_structures_and_modalities_are_not_negated_from_afar() -> None:
    text = "No nodule in the left lung on CT without contrast."
    statuses = Assertions(text)
    assert statuses.of(22, 26, "anatomy") == "positive"
    assert statuses.of(30, 32, "modality") == "positive"
    assert statuses.of(41, 49, "modality") == "negated"


def test_absent_structure() -> None:
    text = "The gallbladder is absent."
    assert Assertions(text).of(4, 15, "anatomy") == "negated"


def test_scope_ends_with_the_sentence_and_letters_that_grow_in_lower_case_do_no_harm() -> None:
    text = "İİ no effusion. Effusion."
    statuses = Assertions(text)
    assert statuses.of(6, 14) == "negated"
    assert statuses.of(16, 24) == "positive"
