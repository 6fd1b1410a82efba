from __future__ import annotations

from itertools import pairwise

import pytest

from met_kg.literature.panels import closed_panels, panels


def split(caption: str) -> dict[str, str]:
    return {p.label: caption[p.start : p.end] for p in panels(caption)}


@pytest.mark.parametrize(
    ("caption", "wanted"),
    [
        # letters before the text, in every style of mark
        ("Abscess. (A) Axial CT. (B) Coronal CT.", {"A": "Axial CT.", "B": "Coronal CT."}),
        ("Abscess.(a)Axial CT.(b)Coronal CT.", {"A": "Axial CT.", "B": "Coronal CT."}),
        ("[A] Axial CT. [B] Coronal CT.", {"A": "Axial CT.", "B": "Coronal CT."}),
        ("Abscess. a) Axial CT. b) Coronal CT.", {"A": "Axial CT.", "B": "Coronal CT."}),
        ("Abscess. A, axial CT. B, coronal CT.", {"A": "axial CT.", "B": "coronal CT."}),
        ("Abscess. A: Axial CT. B: Coronal CT.", {"A": "Axial CT.", "B": "Coronal CT."}),
        ("A. Axial CT shows an abscess. B. Coronal CT.", {"A": "Axial CT shows an abscess.", "B": "Coronal CT."}),
        ("Panel A: axial CT. Panel B: coronal CT.", {"A": "axial CT.", "B": "coronal CT."}),
        ("MRI: (A) before and (B) after therapy", {"A": "before", "B": "after therapy"}),
        ("Two views: (panel A) axial CT and (panel B) coronal CT", {"A": "axial CT", "B": "coronal CT"}),
        # ranges and lists
        (
            "(A-C) Axial CT of three patients. (D) Chest radiograph.",
            {**dict.fromkeys("ABC", "Axial CT of three patients."), "D": "Chest radiograph."},
        ),
        ("(A and B) Axial CT. (C) MRI.", {"A": "Axial CT.", "B": "Axial CT.", "C": "MRI."}),
        ("(a, b) Axial CT. (c–e) MRI.", {**dict.fromkeys("AB", "Axial CT."), **dict.fromkeys("CDE", "MRI.")}),
        ("A and B, Axial CT. C, MRI.", {"A": "Axial CT.", "B": "Axial CT.", "C": "MRI."}),
        ("Shown are (A) CT, (B) MRI, and (C & D) PET images.", {"A": "CT", "B": "MRI", **dict.fromkeys("CD", "PET images.")}),
        # letters after the text
        ("Axial CT (A) and coronal MRI (B).", {"A": "Axial CT", "B": "coronal MRI"}),
        (
            "A rare tumour. Radiograph of the hip before (a), and after surgery (b).",
            {"A": "before", "B": "after surgery"},
        ),
        ("Coronal (A) and sagittal (B) reconstructions of CT.", {"A": "Coronal", "B": "sagittal"}),
        ("CT of the chest, with coronal (A) and sagittal (B) images, showing a mass.", {"A": "coronal", "B": "sagittal"}),
        ("MRI of pre- (A) and post-operation (B) showed it.", {"A": "pre", "B": "post-operation"}),
        ("Sagittal (Figure 4a) and coronal (Figure 4b) images.", {"A": "Sagittal", "B": "coronal"}),
        # clauses parted by semicolons
        ("Tests: (a) an untreated sample; (b) one with silver.", {"A": "an untreated sample", "B": "one with silver."}),
        # places
        ("Left: axial CT. Right: coronal CT.", {"LEFT": "axial CT.", "RIGHT": "coronal CT."}),
        ("Upper panel: M-mode. Lower panel: Doppler.", {"TOP": "M-mode.", "BOTTOM": "Doppler."}),
        ("T1-weighted image (left) and T2-weighted image (right).", {"LEFT": "T1-weighted image", "RIGHT": "T2-weighted image"}),
        # what is said of all panels after the last
        ("(A) Axial CT. (B) MRI. CT, computed tomography.", {"A": "Axial CT.", "B": "MRI."}),
        ("(A) Axial CT. (B) MRI. Abbreviations: LV = left ventricle", {"A": "Axial CT.", "B": "MRI."}),
        ("(A) H&E stain. (B) Giemsa stain. Scale bar: 20 µm.", {"A": "H&E stain.", "B": "Giemsa stain."}),
        # letters that refer back, and roman numerals inside a panel
        (
            "(A) Axial CT. (B) Detail of (A), arrow in (A) as well. (C) MRI.",
            {"A": "Axial CT.", "B": "Detail of (A), arrow in (A) as well.", "C": "MRI."},
        ),
        ("(A) Axial CT (i) and MRI (ii). (B) PET scan.", {"A": "Axial CT (i) and MRI (ii).", "B": "PET scan."}),
    ],
)  # fmt: skip
def test_compound_captions_are_split(caption: str, wanted: dict[str, str]) -> None:
    assert split(caption) == wanted


@pytest.mark.parametrize(
    "caption",
    [
        "",
        "Axial CT of the abdomen.",
        "Computed tomography (CT) and magnetic resonance imaging (MRI).",  # abbreviations in brackets
        "An (A)typical nevus beside a (B)enign one.",
        "A grade (A) tumour and a grade (B) tumour.",
        "Vitamin (A) and hepatitis (B) on CT images.",
        "A large mass (A) and the bladder (B).",  # marks of things in one picture
        "CT: cyst (C) beside the liver (L) and the duodenum (D).",
        "(A) Joint fluid, (B) joint capsule, and (C) tendon.",
        "Measurement. (A) CL, (B) SVA, (C) T1S.",
        "The diameter (a) and the shift (b) on axial CT.",
        "Echocardiogram. A, atrium. LV, left ventricle. P, papillary muscle.",
        "Contrast-enhanced CT. A: adenoma; B: bile duct.",  # a legend
        "Set-up. Axial CT (A + B) from 0 h and MRI scans (C) 7 d after.",
        "A distal (A) and mesial (B) inclination of the root.",
        "Criteria: (i) axial CT, (ii) coronal MRI.",  # a numbered list
        "(B) Coronal CT. (C) Sagittal CT.",  # no A
        "(A) Axial CT of the liver.",  # one only
        "(B) Coronal CT. (A) Axial CT.",  # out of order
        "(A) Axial CT. (C) Coronal CT.",  # a gap
        "Effusion in the left (left) and the right lung (right).",
        "The right lung is clear. Left: effusion.",
        "Between points (A) and (B) on the CT scan.",
        "Patient (A) before surgery, patient (B) after surgery.",
        "Right: axial CT. Left lung: effusion.",
        "A, B = scleral spur, C, D = two end points.",
    ],
)
def test_what_only_looks_like_panels_is_left_whole(caption: str) -> None:
    assert panels(caption) == []


def test_spans_lie_inside_in_order_and_apart() -> None:
    caption = "Sarcoma. (a–c) Axial T1-weighted MRI, with a mass; (d) coronal MRI, and (e, f) PET scans. PET: positron"
    found = panels(caption)
    assert [p.label for p in found] == list("ABCDEF")
    spans = sorted({(p.start, p.end) for p in found})
    assert all(0 <= a < b <= len(caption) for a, b in spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))
    assert split(caption)["F"] == "PET scans."


def test_a_hostile_caption_takes_no_time() -> None:
    for part in ("(A", "A, and ", "(A) B, ", "left (left) ", "a, b - c and ", " - , ; and"):
        assert isinstance(panels(part * 5_000), list)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "The film on arrival was hazy (a). It got worse by night (b), and cleared in a week (d).",
            {"A": "The film on arrival was hazy", "B": "It got worse by night", "D": ", and cleared in a week"},
        ),
        ("At first there was nothing (Fig. 2A). Pneumonia came later (Figure 2c).", {"A": "At first there was nothing", "C": "Pneumonia came later"}),
        ("Both films show it well (a, b).", {"A": "Both films show it well", "B": "Both films show it well"}),
        ("The film (a) was hazy and the scan (b) was not", {}),
        ("Films of days 1 (a), 3 (b) and 5 (c).", {}),
    ],
)  # fmt: skip
def test_letters_that_close_what_is_said_of_a_panel(text: str, wanted: dict[str, str]) -> None:
    assert {p.label: text[p.start : p.end] for p in closed_panels(text)} == wanted
