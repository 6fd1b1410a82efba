"""What card and Croissant metadata both say of how an export was made, what it is for, and where it may be wrong."""

from __future__ import annotations

from typing import Final

__all__ = ["ANNOTATION", "BIASES", "COLLECTION", "LIMITS", "NOT_A_DEVICE", "PRIVACY", "SUMMARY", "UPKEEP", "USES"]

SUMMARY: Final = (
    "Captions of and questions about medical images, written from what a sample's text and metadata name and from the "
    "Medical Entity Tree around those nodes. Each item carries a SPARQL query that shows its answer right and its "
    "other options wrong."
)
NOT_A_DEVICE: Final = (
    "Not a medical device: nothing here may be used for diagnosis or treatment, and no model trained on it is fit for "
    "that."
)
COLLECTION: Final = (
    "Image-text pairs come from the sources that each record names, with their licence and origin. Entities that the "
    "text and metadata state were linked to nodes of the tree; pairs that rules or alignment objected to were dropped."
)
ANNOTATION: Final = (
    "Captions and questions are written from the linked nodes. Wrong options are relatives of the right one in the "
    "tree, chosen by SPARQL: never its ancestor, descendant, part or whole, nor anything that the sample shows or its "
    "text mentions. No person looked at every item."
)
USES: Final = (
    "Training and testing vision-language models in research: captioning, visual question answering, reasoning along "
    "an ontology."
)
PRIVACY: Final = (
    "Images and texts are as their sources gave them; of DICOM headers only technical and coded tags were read. Nobody "
    "looked for names in texts or burnt into pixels. Age and sex are kept where a source states them. `group_id` joins "
    "images of one patient or document, so that they stay in one split."
)
UPKEEP: Final = "`met verify` proves every item again, over the tree that comes with the data set or a newer one."
LIMITS: Final = (
    "What a sample shows is taken from its text and metadata, not from the image: an error there is one here.",
    "An option is wrong in that the record does not state it; an unstated second disease cannot be ruled out.",
    "The tree's general knowledge is only as complete as its sources, and consistency with it is no clinical truth.",
    "Texts are in English.",
)
BIASES: Final = (
    "Diseases, organs and modalities are as frequent as in the sources, within caps: published and textbook cases, not "
    "those of a clinic.",
    "Patients' origin, age and sex are mostly not stated and were not balanced.",
)
