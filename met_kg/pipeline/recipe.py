"""A recipe: one readable YAML file that says what goes in and how each step is set.

Every section has defaults; an unknown key, a wrong type, a missing file are all reported at once, each with its line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from met_kg.corpus.spec import CorpusSpec
from met_kg.errors import MetError, MissingData, RecipeProblem, UsageProblem, setting_problem
from met_kg.evaluation.options import JudgeOptions
from met_kg.filtering.options import FilterOptions
from met_kg.models.options import ChatOptions
from met_kg.models.standin import FamilyName
from met_kg.paths import SHIPPED, expand_path
from met_kg.pipeline.yaml_lines import KeyPath, load_with_lines
from met_kg.retrieval.options import RetrievalOptions
from met_kg.sources.files import SourceFile
from met_kg.synthesis.export.options import ExportOptions
from met_kg.synthesis.options import SynthesisOptions
from met_kg.synthesis.quality.options import QualityOptions

__all__ = ["Recipe"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TreeSection(_Section):
    """Which ontologies become the tree, in order of precedence after the project's own."""

    sources: list[str] = ["met"]
    files: list[SourceFile] = []
    decisions: list[str] = Field(default=[], description="review tables that people filled in, earliest first")


class Documents(_Section):
    """Literature to find entities in."""

    path: str
    format: Literal["pubtator", "sections", "jsonl", "text", "jats", "html"] | None = None
    name: str
    licence: str = ""
    limit: int | None = Field(default=None, ge=1, description="documents to read, from the start")


class ExtractorSection(ChatOptions):
    """A language model that reads the literature after the dictionary."""

    passage: int = Field(default=2000, ge=200, description="characters given at a time")


class LiteratureSection(_Section):
    """Which literature is read, by whom, and how sure a relation must look to be mined."""

    documents: list[Documents] = []
    extractor: ExtractorSection | None = None
    embedder: str | None = Field(
        default=None, description="finds names near a new term by meaning, too: a sentence-transformers folder or id"
    )
    alpha: float = Field(default=0.05, gt=0, le=1, description="false discovery rate of mined relations")


class TrainSection(_Section):
    """The model and how it is adapted. ``base: stand-in`` makes a tiny random model of a current architecture."""

    enabled: bool = True
    base: str = "stand-in"
    family: FamilyName = "qwen2.5-vl"
    pretrain_steps: int = Field(default=150, ge=1, description="full-training steps of the stand-in")
    settings: dict[str, Any] = Field(default_factory=dict, description="as in a `met train` configuration")


class EvalSection(_Section):
    """Which benchmarks are answered, under which protocol."""

    benchmarks: list[str] = []
    sources: dict[str, str] = Field(default_factory=dict, description="benchmark -> folder of its release files")
    own_items: bool = True
    limit: int | None = Field(default=None, ge=1)
    protocol: Literal["medevalkit", "corrected"] = "medevalkit"
    batch_size: int = Field(default=16, ge=1)
    max_new_tokens: int = Field(default=16, ge=1)
    ablate: list[Literal["text", "blank"]] = Field(
        default=["text", "blank"], description="passes beside the full one: without the image, with a grey one"
    )
    judge: JudgeOptions | None = Field(default=None, description="a language model that judges open answers")


class Recipe(_Section):
    """A whole recipe."""

    name: str
    description: str = ""
    seed: int = 13
    tree: TreeSection = TreeSection()
    literature: LiteratureSection = LiteratureSection()
    corpus: list[CorpusSpec] = []
    retrieve: RetrievalOptions = RetrievalOptions()
    filter: FilterOptions = FilterOptions()
    synthesize: SynthesisOptions = SynthesisOptions()
    quality: QualityOptions = QualityOptions()
    export: ExportOptions = ExportOptions()
    train: TrainSection = TrainSection()
    eval: EvalSection = EvalSection()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """A recipe from plain values, for code."""
        return cls.model_validate(dict(values))

    @classmethod
    def load(cls, path: Path, overrides: Sequence[str] = ()) -> Self:
        """Read a recipe file; ``overrides`` are ``dotted.key=value`` with the value in YAML.

        Raises
        ------
        MissingData
            when there is no such file.
        RecipeProblem
            listing everything that is wrong with it.
        """
        if not path.is_file():
            raise MissingData("the recipe is not there", where=str(path), hint="see pipelines/ for ready ones")
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as problem:
            raise RecipeProblem(str(path), [f"{path}: not UTF-8 text (byte {problem.start})"]) from problem
        values, lines = load_with_lines(text, str(path))
        if not isinstance(values, dict):
            raise RecipeProblem(str(path), [f"{path}:1: a recipe is a mapping with a name and sections"])
        for override in overrides:
            _override(values, override)
        _resolve(values, path.resolve().parent)
        try:
            recipe = cls.model_validate(values)
        except ValidationError as problem:
            raise RecipeProblem(str(path), _problems(problem, lines, str(path))) from problem
        missing = recipe.missing_files(lines, str(path))
        if missing:
            raise RecipeProblem(str(path), missing)
        return recipe

    def missing_files(self, lines: Mapping[KeyPath, int], name: str) -> list[str]:
        """Paths of the recipe that lead nowhere, one sentence each."""
        named: list[tuple[KeyPath, str]] = []
        named += [(("tree", "files", i, "path"), f.path) for i, f in enumerate(self.tree.files)]
        named += [(("tree", "decisions", i), path) for i, path in enumerate(self.tree.decisions)]
        named += [(("literature", "documents", i, "path"), d.path) for i, d in enumerate(self.literature.documents)]
        named += [(("corpus", i, "path"), c.path) for i, c in enumerate(self.corpus) if c.path]
        if self.retrieve.labels:
            named.append((("retrieve", "labels", "path"), self.retrieve.labels.path))
        named += [(("eval", "sources", b), p) for b, p in self.eval.sources.items()]
        problems = []
        for key, text in named:
            if "://" in text and not text.startswith(SHIPPED):
                continue
            try:
                path = expand_path(text)
                if path.exists() or ("*" in path.name and next(path.parent.glob(path.name), None)):
                    continue
                problem = f"'{text}' is not there"
            except MetError as error:
                problem = str(error)
            problems.append(f"{name}:{_line(key, lines)}: {'.'.join(map(str, key))}: {problem}")
        return problems

    def save(self, path: Path) -> None:
        """Write the recipe with all defaults filled in: what a run was made with."""
        text = yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)
        path.write_text(text, encoding="utf-8")


def _override(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise UsageProblem(f"--set {override}: give it as key=value", hint="for example --set train.rank=16")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise UsageProblem(f"--set {override}: the value is not YAML") from problem
    here: Any = values
    *path, last = key.split(".")
    try:
        for part in path:
            here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
        if isinstance(here, list):
            here[int(last)] = value
        else:
            here[last] = value
    except (IndexError, ValueError, AttributeError, TypeError) as problem:
        raise UsageProblem(
            f"--set {override}: the recipe has no such place", hint="parts of a list are numbered from 0"
        ) from problem


#: Where a recipe names files: section, then keys; ``*`` is every entry of a list or mapping.
_PATHS: Final = (
    ("tree", "files", "*", "path"),
    ("tree", "decisions", "*"),
    ("literature", "documents", "*", "path"),
    ("corpus", "*", "path"),
    ("retrieve", "labels", "path"),
    ("quality", "checks"),
    ("filter", "benchmarks", "*", "images"),
    ("filter", "benchmarks", "*", "table"),
    ("eval", "sources", "*"),
)


def _resolve(values: Any, folder: Path) -> None:
    """Make relative paths absolute: they are meant from the recipe's own folder."""

    def walk(here: Any, keys: tuple[str, ...]) -> None:
        branches: Any = dict(enumerate(here)) if isinstance(here, list) else here
        if not isinstance(branches, dict):
            return
        for entry in list(branches) if keys[0] == "*" else branches.keys() & {keys[0]}:
            if len(keys) > 1:
                walk(here[entry], keys[1:])
            elif (text := here[entry]) and isinstance(text, str) and "://" not in text and not text.startswith("$"):
                here[entry] = str(folder / Path(text).expanduser())

    for keys in _PATHS:
        walk(values, keys)


def _line(key: KeyPath, lines: Mapping[KeyPath, int]) -> int:
    while key and key not in lines:
        key = key[:-1]
    return lines.get(key, 1)


def _problems(error: ValidationError, lines: Mapping[KeyPath, int], name: str) -> list[str]:
    problems = []
    for found in error.errors():
        key: KeyPath = tuple(found["loc"])
        where = f"{name}:{_line(key, lines)}"
        shown = ".".join(map(str, key)) or "recipe"
        problems.append(f"{where}: {setting_problem(found, shown, _siblings(key))}")
    return problems


def _siblings(key: KeyPath) -> list[str]:
    """Known keys at the place of an unknown one."""
    model: Any = Recipe
    for part in key[:-1]:
        if isinstance(part, int):
            continue
        fields = getattr(model, "model_fields", {})
        if part not in fields:
            return []
        model = fields[part].annotation
        arguments = getattr(model, "__args__", ())
        if arguments and hasattr(arguments[0], "model_fields"):
            model = arguments[0]
    return list(getattr(model, "model_fields", {}))
