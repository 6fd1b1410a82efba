"""Cross-references as CURIEs: many spellings of one code system become one prefix of :mod:`met_kg.vocabulary`.

A reference to a system that the tree does not carry, to an unknown one, or with an identifier that the system cannot
have, is counted in the findings with its first place.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from met_kg.sources.findings import Findings

__all__ = ["FOREIGN", "add_xref", "normalise"]

#: Spelling in lower case, version stripped -> prefix of the vocabulary.
_PREFIX: Final[dict[str, str]] = {
    "umls_cui": "UMLS",
    "umls": "UMLS",
    "snomedct_us": "SNOMEDCT",
    "snomedct": "SNOMEDCT",
    "snomed_ct": "SNOMEDCT",
    "snomed": "SNOMEDCT",
    "sctid": "SNOMEDCT",
    "sct": "SNOMEDCT",
    "msh": "MESH",
    "mesh": "MESH",
    "nci": "NCIT",
    "ncit": "NCIT",
    "nci_thesaurus": "NCIT",
    "mim": "OMIM",
    "omim": "OMIM",
    "icd10cm": "ICD10CM",
    "icd-10-cm": "ICD10CM",
    "icd9cm": "ICD9CM",
    "icd-9-cm": "ICD9CM",
    "icd11": "ICD11",
    "icd11.foundation": "ICD11",
    "icdo": "ICDO",
    "icd-o": "ICDO",
    "ordo": "ORDO",
    "orphanet": "ORDO",
    "orpha": "ORDO",
    "gard": "GARD",
    "kegg": "KEGG",
    "efo": "EFO",
    "fma": "FMA",
    "dcm": "DCM",
    "radlex": "RADLEX",
    "rid": "RADLEX",
    **{name.lower(): name for name in ("DOID", "UBERON", "SYMP", "HP", "CL", "GO", "MONDO", "NCBITaxon")},
}

#: What an identifier of the system looks like; systems that are not listed accept any text without blanks.
_LOCAL: Final[dict[str, re.Pattern[str]]] = {
    "UMLS": re.compile(r"C\d{7}"),
    "SNOMEDCT": re.compile(r"[1-9]\d{5,17}"),
    "MESH": re.compile(r"[A-Z]\d{6}(\d{3})?"),
    "NCIT": re.compile(r"C\d+"),
    "OMIM": re.compile(r"(PS)?\d{6}"),
    "ICD10CM": re.compile(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?"),
    "ICD9CM": re.compile(r"(\d{3}(\.\d{1,2})?|V\d{2}(\.\d{1,2})?|E\d{3}(\.\d)?)"),
    "ICDO": re.compile(r"\d{4}(/\d)?|C\d{2}(\.\d)?"),
    "ORDO": re.compile(r"\d+"),
    "GARD": re.compile(r"\d+"),
    "FMA": re.compile(r"\d+"),
    "EFO": re.compile(r"\d{7}"),
    **{name: re.compile(r"\d{7}") for name in ("DOID", "UBERON", "SYMP", "HP", "CL", "GO", "MONDO")},
}
#: Short identifiers of old Disease Ontology terms ("DOID:4") have no leading zeros.
_LOCAL["DOID"] = re.compile(r"\d{1,7}")

#: Web addresses that stand for a code.
_ADDRESS: Final = (
    ("http://www.snomedbrowser.com/Codes/Details/", "SNOMEDCT:"),
    ("http://linkedlifedata.com/resource/umls/id/", "UMLS:"),
    ("http://purl.obolibrary.org/obo/SCTID_", "SNOMEDCT:"),
    ("http://www.orpha.net/ORDO/Orphanet_", "ORDO:"),
    ("http://id.nlm.nih.gov/mesh/", "MESH:"),
    ("http://purl.obolibrary.org/obo/NCIT_", "NCIT:"),
)

#: Known vocabularies that the tree does not carry: other species' anatomies, brain atlases, encyclopaedias, names.
FOREIGN: Final = frozenset(
    """aao aba aeo aniseed bams bfo bila bils birnlex bm brodmann_area bsa bspo bto caloha caro cp csp dhba dmba
    efopat_id ehda ehdaa ehdaa2 ehdaa2_retired emapa emapa_retired envo ev fbbt fbdv gaid galen hao hba http https
    kupo ma mat mba meddra mfmo miaa ncithesaurus neuronames nif_grossanatomy nif_subcellular nifstd nifstd_retired
    nlx nlxanat nlx_anat oges oldneuronames opencyc pba phenoscape retired_ehdaa2 ro spd tads tao tgma ubprop
    uberontemp umls_icd9cm_2005_aui url vao vhog vsao wbbt wbls wikipedia wikipediacategory wikipediaversioned xao
    zfa zfs""".split()  # noqa: SIM905  # readable, and in alphabetical order
)

#: "SNOMEDCT_2010_1_31", "ICD9CM_2005", "NCI2009_04D": the release, which says nothing of the meaning.
_VERSION: Final = re.compile(r"_?\d{4}(_\d{1,2}){0,2}[a-z]?$")


@lru_cache(maxsize=200_000)
def normalise(text: str) -> tuple[str, str]:
    """A cross-reference as ``(CURIE, "")``, or ``("", why not)``.

    >>> normalise("SNOMEDCT_US_2025_09_01:39000009")
    ('SNOMEDCT:39000009', '')
    >>> normalise("MIM:264300")
    ('OMIM:264300', '')
    >>> normalise("MESH:A.08.800")
    ('', 'not an identifier that MESH can have')
    >>> normalise("ZFA:0000049")
    ('', 'vocabularies that the tree does not carry')
    """
    text = text.strip()
    for start, curie in _ADDRESS:
        if text.startswith(start):
            text = curie + text[len(start) :]
            break
    prefix, colon, local = text.partition(":")
    if not colon or not prefix or not local:
        return "", "a cross-reference needs a prefix and an identifier"
    plain = prefix.strip().lower()
    known = _PREFIX.get(plain) or _PREFIX.get(_VERSION.sub("", plain))
    if known is None:
        if plain in FOREIGN:
            return "", "vocabularies that the tree does not carry"
        if not any(c.isdigit() for c in local):
            return "", "a name where an identifier should be"
        return "", f"prefix '{prefix}' is not known"
    local = local.strip().replace("\\", "")
    if known == "ORDO":
        local = local.removeprefix("Orphanet_")
    pattern = _LOCAL.get(known)
    if (pattern and not pattern.fullmatch(local)) or " " in local:
        return "", f"not an identifier that {known} can have"
    return f"{known}:{local}", ""


def add_xref(text: str, into: dict[str, None], file: str, where: int | str, findings: Findings) -> None:
    """Add a cross-reference's CURIE to an ordered set; what cannot be used is counted in the findings."""
    curie, problem = normalise(text)
    if curie:
        into[curie] = None
    else:
        findings.count(file, where, f"cross-references left out: {problem}", text)
