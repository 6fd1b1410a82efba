"""Two evaluations of the same questions, question by question: who is better, by how much, and how sure that is.

For each benchmark: both accuracies, the difference with its 95 % interval (bootstrap of whole images), and two
p-values, each also after Holm's correction over all benchmarks compared: McNemar's exact one, which takes questions for
independent, and that of changing the models' places image by image, which does not.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from met_kg.errors import DataProblem, MissingData, UsageProblem
from met_kg.evaluation.ablation import with_interval
from met_kg.evaluation.aggregate import clusters_of
from met_kg.evaluation.records import write_metrics
from met_kg.statistics import holm, mcnemar, paired_difference, swapped_clusters

__all__ = ["P_VALUES", "as_markdown", "compare", "notes", "p_value", "write_comparison"]

#: Where these differ, two numbers are not of the same kind: key in ``metrics.json``, and what it is called.
_SAME: Final = (("protocol", "protocol"), ("judge", "judge"), ("expected_items", "benchmark's size"))
_SAME_SETTINGS: Final = (("harness", "state of the harness"), ("seed", "seed of the scorer"))
#: Keys of a row's p-values, in the order of a table.
P_VALUES: Final = ("mcnemar_p", "mcnemar_holm_p", "by_image_p", "by_image_holm_p")
#: Settings that tell two evaluations apart without making them incomparable.
_TOLD: Final = ("reasoning", "max_new_tokens", "dtype", "endpoint")


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """One benchmark's folder: its metrics, and its items by the record that they answer."""

    folder: Path
    metrics: Mapping[str, Any]
    items: Mapping[str, Mapping[str, Any]]


def compare(first: Path, second: Path, *, shared_only: bool = False) -> dict[str, Any]:
    """Compare two folders of ``met eval``: of one benchmark each, or of several with one folder each.

    Differences are second minus first. Only benchmarks that both hold are compared; the others are named.

    Parameters
    ----------
    shared_only
        compare the questions that both answered where the sets differ, instead of refusing.

    Raises
    ------
    MissingData
        when a folder holds no evaluation.
    UsageProblem
        when no benchmark is in both; when protocols, versions or sets of questions differ.
    """
    one, other = _evaluations(first), _evaluations(second)
    names = sorted(set(one) & set(other))
    if not names:
        raise UsageProblem(
            f"no benchmark is in both: {', '.join(sorted(one))} in the first, {', '.join(sorted(other))} in the second",
            hint="evaluate both models on the same benchmarks",
        )
    rows = [_row(one[name], other[name], shared_only) for name in names]
    for test in ("mcnemar", "by_image"):
        for row, corrected in zip(rows, holm([row[f"{test}_p"] for row in rows]), strict=True):
            row[f"{test}_holm_p"] = corrected
    return {
        "first": _about(one[names[0]]),
        "second": _about(other[names[0]]),
        "benchmarks": rows,
        "only_in_first": sorted(set(one) - set(other)),
        "only_in_second": sorted(set(other) - set(one)),
        "method": "second minus first; interval: bootstrap of whole images, 95 %; McNemar's p: exact, two-sided, takes "
        "questions for independent; p by image: the models change places on whole images; "
        "Holm: corrected over the benchmarks compared",
    }


def as_markdown(found: Mapping[str, Any]) -> str:
    """The comparison as a table."""
    lines = [
        "# Comparison",
        "",
        f"First: {found['first']['model']}. Second: {found['second']['model']}. Differences are second minus first.",
        "",
        "| benchmark | protocol | items shared | images | first | second | difference | 95 % interval "
        "| only first right | only second right | McNemar p | Holm | p by image | Holm |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in found["benchmarks"]:
        gap = row["difference"]
        cells = [
            row["title"], row["protocol"], f"{row['shared']:,}", f"{row['clusters']:,}", f"{row['first']['acc']:.4f}",
            f"{row['second']['acc']:.4f}", f"{gap['difference']:+.4f}", f"{gap['low']:+.4f} to {gap['high']:+.4f}",
            f"{row['only_first_right']:,}", f"{row['only_second_right']:,}", *(p_value(row[key]) for key in P_VALUES),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += ["", f"Method: {found['method']}.", *(f"* {said}" for said in notes(found))]
    return "\n".join(lines) + "\n"


def notes(found: Mapping[str, Any]) -> Iterator[str]:
    """What must be said beside the table."""
    for row in found["benchmarks"]:
        left = [f"{row[f'only_in_{side}']:,} in the {side} alone" for side in ("first", "second")]
        if row["only_in_first"] or row["only_in_second"]:
            yield f"{row['title']}: {row['shared']:,} shared questions are compared; {' and '.join(left)} are not."
        if row["not_answered"]:
            yield f"{row['title']}: {row['not_answered']:,} are left out, for one of the two has no answer to them."
        if row["settings_that_differ"]:
            said = ", ".join(f"{k} {a} and {b}" for k, (a, b) in row["settings_that_differ"].items())
            yield f"{row['title']}: asked under other settings: {said}."
    for side in ("first", "second"):
        if found[f"only_in_{side}"]:
            yield f"Only in the {side}, not compared: {', '.join(found[f'only_in_{side}'])}."


def p_value(p: float) -> str:
    """A p-value with as many digits as say something.

    >>> p_value(0.04217), p_value(0.00001)
    ('0.042', '< 0.0001')
    """
    return "< 0.0001" if p < 0.0001 else f"{p:.3f}" if p >= 0.001 else f"{p:.4f}"


def write_comparison(found: Mapping[str, Any], out: Path) -> None:
    """Write ``compare.json`` and ``compare.md``."""
    out.mkdir(parents=True, exist_ok=True)
    write_metrics(found, out / "compare.json")
    (out / "compare.md").write_text(as_markdown(found), encoding="utf-8")


def _evaluations(folder: Path) -> dict[str, _Evaluation]:
    if not folder.is_dir():
        raise MissingData("there is no such folder", where=str(folder), hint="give what 'met eval --out' wrote")
    files = [folder / "metrics.json"] if (folder / "metrics.json").is_file() else sorted(folder.glob("*/metrics.json"))
    if not files:
        raise MissingData("no evaluation is there", where=str(folder), hint="give what 'met eval --out' wrote")
    found = [_evaluation(path.parent) for path in files]
    return {str(one.metrics["benchmark"]): one for one in found}


def _evaluation(folder: Path) -> _Evaluation:
    try:
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        items, said = (_lines(folder / f"{name}.jsonl") for name in ("items", "predictions"))
    except FileNotFoundError as problem:
        raise MissingData(f"{Path(problem.filename).name} is not there", where=str(folder)) from problem
    except ValueError as problem:
        raise DataProblem(f"a file of the evaluation is damaged: {problem}", where=str(folder)) from problem
    if len(items) != len(said):
        raise DataProblem(f"{len(items)} items stand beside {len(said)} predictions", where=str(folder))
    counts: Counter[str] = Counter()
    by_record: dict[str, Mapping[str, Any]] = {}
    for item, line in zip(items, said, strict=True):
        record = json.dumps(line.get("record"), sort_keys=True)
        counts[record] += 1  # the same question twice is two items
        by_record[f"{counts[record]} {record}"] = item
    return _Evaluation(folder, metrics, by_record)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line.strip()]


def _row(one: _Evaluation, other: _Evaluation, shared_only: bool) -> dict[str, Any]:
    title = str(one.metrics["title"])
    _check_same(one, other, title)
    keys = [key for key in one.items if key in other.items]
    alone = len(one.items) - len(keys), len(other.items) - len(keys)
    answered = [k for k in keys if "error" not in one.items[k] and "error" not in other.items[k]]
    missing = len(keys) - len(answered)
    if not answered:
        raise UsageProblem(f"{title}: the two share no question", where=str(other.folder))
    if any(alone) and not shared_only:
        raise UsageProblem(
            f"{title}: the two answered other questions: {len(keys):,} are shared, {alone[0]:,} in the first alone, "
            f"{alone[1]:,} in the second alone",
            where=str(other.folder),
            hint="--shared-only compares those that are shared",
        )
    if missing and not shared_only:
        raise UsageProblem(
            f"{title}: {missing:,} questions have no answer that could be scored in one of the two",
            where=str(other.folder),
            hint="run 'met eval' again to ask them, or compare the others with --shared-only",
        )
    first, second = [one.items[k] for k in answered], [other.items[k] for k in answered]
    clusters = clusters_of(first)
    right, right_too = ([bool(i["correct"]) for i in items] for items in (first, second))
    pairs = list(zip(right, right_too, strict=True))
    return {
        "benchmark": one.metrics["benchmark"],
        "title": title,
        "protocol": one.metrics["protocol"],
        "shared": len(answered),
        "clusters": len(set(clusters)),
        "only_in_first": alone[0],
        "only_in_second": alone[1],
        "not_answered": missing,
        "first": with_interval(first),
        "second": with_interval(second),
        "difference": paired_difference(right, right_too, clusters),
        "only_first_right": sum(a and not b for a, b in pairs),
        "only_second_right": sum(b and not a for a, b in pairs),
        "mcnemar_p": mcnemar(right, right_too),
        "by_image_p": swapped_clusters(right, right_too, clusters),
        "settings_that_differ": _told(one, other),
    }


def _check_same(one: _Evaluation, other: _Evaluation, title: str) -> None:
    pairs = [(said, one.metrics.get(key), other.metrics.get(key)) for key, said in _SAME]
    both = one.metrics.get("settings", {}), other.metrics.get("settings", {})
    pairs += [(said, both[0].get(key), both[1].get(key)) for key, said in _SAME_SETTINGS]
    wrong = [f"the {said} is '{a}' in the first and '{b}' in the second" for said, a, b in pairs if a != b]
    if wrong:
        raise UsageProblem(
            f"{title}: {'; '.join(wrong)}",
            where=str(other.folder),
            hint="score both alike: run 'met eval' again with the same --protocol, the answers are kept",
        )


def _told(one: _Evaluation, other: _Evaluation) -> dict[str, list[Any]]:
    settings = one.metrics.get("settings", {}), other.metrics.get("settings", {})
    return {
        key: [settings[0].get(key), settings[1].get(key)]
        for key in _TOLD
        if settings[0].get(key) != settings[1].get(key)
    }


def _about(one: _Evaluation) -> dict[str, Any]:
    settings: Mapping[str, Any] = one.metrics.get("settings", {})
    return {key: settings.get(key) for key in _TOLD if key in settings} | {"model": settings.get("model", "not stated")}
