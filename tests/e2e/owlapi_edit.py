"""An edit as Protégé makes it: through OWLAPI, saved in four syntaxes. ``python owlapi_edit.py FILE FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import jpype
import jpype.imports
from owlapi_open import jars

CLASS, OTHER = "https://w3id.org/met-kg/MET_0009901", "http://purl.obolibrary.org/obo/UBERON_0002048"
DISEASE, LOCATION = "http://purl.obolibrary.org/obo/DOID_552", "http://purl.obolibrary.org/obo/RO_0004026"
SYNONYM = "http://www.geneontology.org/formats/oboInOwl#hasExactSynonym"


def main(file: str, folder: str) -> None:
    """Add a class, a synonym and a restriction, and save the ontology four times."""
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
    jpype.startJVM(jpype.getDefaultJVMPath(), "-Xmx4g", quiet, classpath=jars())
    from java.io import File
    from org.semanticweb.owlapi.apibinding import OWLManager
    from org.semanticweb.owlapi.formats import (
        FunctionalSyntaxDocumentFormat,
        ManchesterSyntaxDocumentFormat,
        OWLXMLDocumentFormat,
        RDFXMLDocumentFormat,
    )
    from org.semanticweb.owlapi.model import IRI

    manager = OWLManager.createOWLOntologyManager()
    ontology = manager.loadOntologyFromOntologyDocument(File(file))
    make = manager.getOWLDataFactory()
    new, disease, lung = (make.getOWLClass(IRI.create(iri)) for iri in (CLASS, DISEASE, OTHER))
    where = make.getOWLObjectProperty(IRI.create(LOCATION))
    synonym = make.getOWLAnnotationProperty(IRI.create(SYNONYM))
    manager.addAxiom(ontology, make.getOWLDeclarationAxiom(new))
    literal = make.getOWLLiteral('lung "fire"', "en")
    said = make.getOWLAnnotationAssertionAxiom(synonym, disease.getIRI(), literal)
    manager.addAxiom(ontology, said)
    some = make.getOWLObjectSomeValuesFrom(where, lung)
    manager.addAxiom(ontology, make.getOWLSubClassOfAxiom(new, some))
    for form, ending in (
        (FunctionalSyntaxDocumentFormat(), "ofn"),
        (RDFXMLDocumentFormat(), "owl"),
        (OWLXMLDocumentFormat(), "owx"),
        (ManchesterSyntaxDocumentFormat(), "omn"),
    ):
        form.copyPrefixesFrom(ontology.getFormat().asPrefixOWLDocumentFormat())
        manager.saveOntology(ontology, form, IRI.create(File(str(Path(folder) / f"edited.{ending}")).toURI()))


if __name__ == "__main__":
    main(*sys.argv[1:])
