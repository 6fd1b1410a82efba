"""An ontology file in any OWL syntax, as axioms; and one normal form that depends on the axioms alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from met_kg.errors import DataProblem
from met_kg.sources.owl_syntax import horned, owl_text
from met_kg.tree.write import rdf_xml
from met_kg.vocabulary import BASE, expand

__all__ = ["normalize", "normalize_rdf", "read_axioms"]

#: A relative IRI in a file that states no base is read below this address.
_BASE: Final = f"{BASE}relative/"


def normalize(path: Path) -> str:
    """The ontology in functional syntax, one axiom a line, sorted, with full IRIs and without prefixes or comments.

    Two files with the same axioms give the same text whatever tool saved them and in whatever syntax.

    Raises
    ------
    MissingData
        when the file is not there.
    DataProblem
        when it cannot be read as OWL.
    """
    header, axioms = _split(path)
    return "\n".join([header, *axioms, ")"]) + "\n"


def normalize_rdf(path: Path) -> str:
    """The same normal form in RDF/XML: blank nodes are named by the RDF dataset canonicalisation RDFC-1.0 (W3C 2024).

    Raises
    ------
    MissingData, DataProblem
        as :func:`normalize`.
    """
    text: str = horned(normalize(path), "ofn", path).save_to_string("rdf")
    dataset = ox.Dataset(
        ox.Quad(q.triple.subject, q.triple.predicate, q.triple.object)
        for q in ox.parse(input=text, format=ox.RdfFormat.RDF_XML)
    )
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return rdf_xml(quad.triple for quad in dataset).decode()


def read_axioms(path: Path) -> list[str]:
    """The axioms of an ontology file, one functional-syntax line each with full IRIs, sorted."""
    return _split(path)[1]


def _split(path: Path) -> tuple[str, list[str]]:
    text = _functional(path)
    prefixes = dict(re.findall(r"^Prefix\((\w*:)=<([^>]*)>\)", text, flags=re.MULTILINE))
    header, axioms = "Ontology(", []
    for line in text.splitlines():
        line = line.strip()
        if not line or line == ")" or line.startswith(("Prefix(", "#")):
            continue
        if line.startswith("Ontology("):
            header = _full(line, prefixes)
            continue
        full = _full(line, prefixes)
        if _BUILT_IN.match(full):
            continue
        axioms += _pairs(_ordered(full)) if _UNORDERED.search(full) else [full]
    return header, sorted(set(axioms))


#: Some tools declare what needs no declaration.
_BUILT_IN: Final = re.compile(
    r"Declaration\(\w+\(<http://www\.w3\.org/(?:2002/07/owl|1999/02/22-rdf-syntax-ns|2000/01/rdf-schema|2001/XMLSchema)#"
)
_DISJOINT: Final = re.compile(r"DisjointClasses\(((?:<[^>]*> ?)+)\)")


def _pairs(axiom: str) -> list[str]:
    """Disjoint classes two by two: RDF says it of pairs or of many, and means the same."""
    found = _DISJOINT.fullmatch(axiom)
    if found is None:
        return [axiom]
    classes = found[1].split()
    return [f"DisjointClasses({a} {b})" for i, a in enumerate(classes) for b in classes[i + 1 :]]


#: Axioms and expressions whose arguments have no order; tools save them in any.
_UNORDERED: Final = re.compile(
    r"(?:Disjoint|Equivalent)(?:Classes|ObjectProperties|DataProperties)\(|(?:Same|Different)Individuals?\("
    r"|(?:Object|Data)(?:IntersectionOf|UnionOf|OneOf)\("
)
_PIECE: Final = re.compile(r'\w+\(|\)|"(?:[^"\\]|\\.)*"\S*?(?=[ )]|$)|[^\s()]+')


def _ordered(axiom: str) -> str:
    """An axiom with the arguments of unordered constructs sorted; annotations keep the front."""
    open_: list[list[str]] = [[""]]
    for piece in _PIECE.findall(axiom):
        if piece.endswith("(") and not piece.startswith('"'):
            open_.append([piece])
        elif piece == ")":
            head, *arguments = open_.pop()
            if _UNORDERED.fullmatch(head):
                arguments.sort(key=lambda argument: (not argument.startswith("Annotation("), argument))
            open_[-1].append(f"{head}{' '.join(arguments)})")
        else:
            open_[-1].append(piece)
    return " ".join(open_[0][1:])


_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"(?:@[\w-]+)?|<[^>]*>|(?P<prefix>\w*:)(?P<local>[^\s()"<>]+)')


def _full(line: str, prefixes: dict[str, str]) -> str:
    def replace(match: re.Match[str]) -> str:
        prefix = match.group("prefix")
        if prefix is None or prefix not in prefixes:
            return match.group()
        return f"<{prefixes[prefix]}{match.group('local')}>"

    return " ".join(_TOKEN.sub(replace, line).split(" "))


def _functional(path: Path) -> str:
    text, syntax, damaged = owl_text(path)
    if damaged:
        raise DataProblem(damaged[0].reason, where=f"{path}, {damaged[0].where}", hint="save it as UTF-8")
    if syntax == "ttl" or syntax == "rdf":
        text, syntax = _as_xml(text, path, _FORMATS[syntax]), "rdf"
    functional: str = horned(text, syntax, path).save_to_string("ofn")
    return functional


_FORMATS: Final = {"ttl": ox.RdfFormat.TURTLE, "rdf": ox.RdfFormat.RDF_XML}


def _as_xml(text: str, path: Path, form: ox.RdfFormat) -> str:
    """The same triples as RDF/XML, which is the RDF that horned-owl reads, with disjoint classes two by two.

    (It looks past owl:AllDisjointClasses as OWLAPI writes it.)
    """
    try:
        triples = [quad.triple for quad in ox.parse(input=text, format=form, base_iri=_BASE)]
    except SyntaxError as problem:
        raise DataProblem(f"the file does not read as OWL: {problem}", where=str(path)) from problem
    rdf = ox.serialize(sorted(_disjoint_pairs(triples), key=str), format=ox.RdfFormat.RDF_XML)
    assert rdf is not None
    return rdf.decode()


def _disjoint_pairs(triples: list[ox.Triple]) -> set[ox.Triple]:
    """The triples with every owl:AllDisjointClasses said by owl:disjointWith of each pair."""
    said = {(t.subject, t.predicate.value): t.object for t in triples}
    many = ox.NamedNode(expand("owl:AllDisjointClasses"))
    disjoint = ox.NamedNode(expand("owl:disjointWith"))
    gone: set[object] = set()
    pairs: list[ox.Triple] = []
    for triple in triples:
        if triple.object != many or triple.predicate.value != expand("rdf:type"):
            continue
        nodes: list[object] = [triple.subject]
        classes: list[ox.NamedNode] = []
        here = said.get((triple.subject, expand("owl:members")))
        while isinstance(here, ox.BlankNode):
            nodes.append(here)
            member = said.get((here, expand("rdf:first")))
            if isinstance(member, ox.NamedNode):
                classes.append(member)
            here = said.get((here, expand("rdf:rest")))
        if len(classes) == len(nodes) - 1:  # of class expressions nothing is lost: they stay as they are
            gone.update(nodes)
            pairs += [ox.Triple(a, disjoint, b) for i, a in enumerate(classes) for b in classes[i + 1 :]]
    return {t for t in triples if t.subject not in gone} | set(pairs)
