"""IRIs, prefixes and CURIEs. No other module holds an IRI as a string.

Existing identifiers are reused (DOID, UBERON, SYMP, MeSH ...); only what no source has gets a ``MET:`` one.
Compact identifiers (CURIEs) are what tables, the command line and people see; IRIs are what the store holds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal, get_args

import curies

__all__ = [
    "AXES",
    "AXIS_ROOT",
    "BASE",
    "PART_OF",
    "PREFIXES",
    "Axis",
    "Graphs",
    "Scope",
    "contract",
    "expand",
    "is_curie",
    "is_iri",
    "sparql_prefixes",
]

#: Everything the project itself names lives under this address.
BASE: Final = "https://w3id.org/met-kg/"
OBO: Final = "http://purl.obolibrary.org/obo/"

PREFIXES: Final[dict[str, str]] = {
    # the project's own
    "MET": f"{BASE}MET_",  # classes: MET:0000001
    "met": f"{BASE}schema#",  # properties: met:treeParent
    "metg": f"{BASE}graph/",  # named graphs: metg:tree
    "sample": f"{BASE}sample/",
    "item": f"{BASE}item/",
    "run": f"{BASE}run/",
    "evidence": f"{BASE}evidence/",  # a node found in a document
    "anchor": f"{BASE}anchor/",  # a node found in a sample, as items are derived from it
    "agent": f"{BASE}agent/",  # what wrote an item
    "source": f"{BASE}source/",  # a corpus that samples come from
    "tree": f"{BASE}tree/",  # a tree, named by its sha256
    # ontologies
    "DOID": f"{OBO}DOID_",
    "UBERON": f"{OBO}UBERON_",
    "SYMP": f"{OBO}SYMP_",
    "HP": f"{OBO}HP_",
    "CL": f"{OBO}CL_",
    "GO": f"{OBO}GO_",
    "BFO": f"{OBO}BFO_",
    "RO": f"{OBO}RO_",
    "IAO": f"{OBO}IAO_",
    "OMO": f"{OBO}OMO_",
    "NCBITaxon": f"{OBO}NCBITaxon_",
    "NCIT": f"{OBO}NCIT_",
    "MONDO": f"{OBO}MONDO_",
    "FMA": "http://purl.org/sig/ont/fma/fma",
    "MESH": "http://id.nlm.nih.gov/mesh/",
    "UMLS": "https://uts.nlm.nih.gov/uts/umls/concept/",
    "SNOMEDCT": "http://snomed.info/id/",
    "ICD10CM": "https://icd.codes/icd10cm/",
    "ICD9CM": "https://icd.codes/icd9cm/",
    "ICD11": "https://id.who.int/icd/entity/",
    "ICDO": "https://bioregistry.io/icdo:",
    "OMIM": "https://omim.org/entry/",
    "ORDO": "http://www.orpha.net/ORDO/Orphanet_",
    "GARD": "https://rarediseases.info.nih.gov/diseases/",
    "KEGG": "https://www.kegg.jp/entry/",
    "EFO": "http://www.ebi.ac.uk/efo/EFO_",
    "RADLEX": "http://radlex.org/RID/",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM/",
    "STY": "https://uts.nlm.nih.gov/uts/umls/semantic-network/",
    # W3C and friends
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "prov": "http://www.w3.org/ns/prov#",
    "dcterms": "http://purl.org/dc/terms/",
    "sh": "http://www.w3.org/ns/shacl#",
    "oboInOwl": "http://www.geneontology.org/formats/oboInOwl#",
    "semapv": "https://w3id.org/semapv/vocab/",
    "sssom": "https://w3id.org/sssom/",
}

Axis = Literal["disease", "anatomy", "modality", "finding"]
AXES: Final[tuple[Axis, ...]] = get_args(Axis)

#: The four roots of the tree. Disease and anatomy reuse the roots of their sources.
AXIS_ROOT: Final[dict[Axis, str]] = {
    "disease": "DOID:4",
    "anatomy": "UBERON:0001062",
    "modality": "MET:0000002",
    "finding": "MET:0000003",
}

#: The object property "part of" of the Relation Ontology.
PART_OF: Final = "BFO:0000050"

#: How exact a synonym is (the four OBO scopes).
Scope = Literal["EXACT", "NARROW", "BROAD", "RELATED"]


class Graphs:
    """The named graphs of a store. Only ``tree`` is edited by people; the others can be dropped and rebuilt."""

    TREE: Final = "metg:tree"  # asserted OWL: what Protégé shows
    CLOSURE: Final = "metg:closure"  # derived: axis, depth, ancestor, class-to-class relations
    EVIDENCE: Final = "metg:evidence"  # mentions found in literature
    SAMPLES: Final = "metg:samples"  # what each image-text pair depicts
    DECISIONS: Final = "metg:decisions"  # which samples were kept
    ITEMS: Final = "metg:items"  # each VQA item and its proof


@lru_cache(maxsize=1)
def _converter() -> curies.Converter:
    return curies.Converter.from_prefix_map(PREFIXES)


@lru_cache(maxsize=500_000)
def expand(curie_or_iri: str) -> str:
    """The IRI of a CURIE; an IRI comes back as it is.

    >>> expand("DOID:2841")
    'http://purl.obolibrary.org/obo/DOID_2841'
    >>> expand("met:treeParent")
    'https://w3id.org/met-kg/schema#treeParent'

    Raises
    ------
    ValueError
        when the prefix is not one of :data:`PREFIXES`.
    """
    if is_iri(curie_or_iri):
        return curie_or_iri
    prefix, colon, local = curie_or_iri.partition(":")
    if not colon or prefix not in PREFIXES:
        raise ValueError(f"'{curie_or_iri}' is neither an IRI nor a CURIE with a known prefix")
    return PREFIXES[prefix] + local


@lru_cache(maxsize=500_000)
def contract(iri: str) -> str:
    """The CURIE of an IRI; an IRI of no known prefix comes back as it is.

    >>> contract("http://purl.obolibrary.org/obo/UBERON_0002048")
    'UBERON:0002048'
    """
    return _converter().compress(iri) or iri


def is_iri(text: str) -> bool:
    """Whether the text is an absolute IRI rather than a CURIE."""
    return text.startswith(("http://", "https://", "urn:"))


def is_curie(text: str) -> bool:
    """Whether the text is a CURIE whose prefix is known.

    >>> is_curie("MESH:D011014"), is_curie("note: see below")
    (True, False)
    """
    prefix, colon, local = text.partition(":")
    return bool(colon and local) and prefix in PREFIXES and not local.startswith(" ")


@lru_cache(maxsize=1)
def sparql_prefixes() -> str:
    """The PREFIX lines that every query of the project may rely on."""
    return "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
