"""A language model that judges answers against the gold answer, as the public harness does it, or as it was meant.

Verdicts are read by the harness's polarity: 0 is correct. What the verdicts make of the totals is in
:mod:`met_kg.evaluation.aggregate`; the number without a judge always stands beside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import ValidationError

from met_kg.errors import MissingData, UsageProblem, setting_problem
from met_kg.evaluation.benchmark import Benchmark
from met_kg.evaluation.corrected import final_words
from met_kg.evaluation.judges import EMPTY
from met_kg.evaluation.options import JudgeOptions
from met_kg.evaluation.response import strip_think, tagged, unwrap
from met_kg.models.asking import Question, ask_all, open_chat
from met_kg.models.chat import CachedChat, Message

__all__ = ["Judge", "can_judge", "judge_open", "read_options"]

Item = dict[str, Any]

_RIGHT: Final = "0"
_WRONG: Final = "1"


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge that can be asked: its settings, and the model behind them with its kept replies."""

    options: JudgeOptions
    chat: CachedChat

    @classmethod
    def of(cls, options: JudgeOptions, cache: Path) -> Judge:
        """The judge of these settings; replies are kept in folder ``cache``, whatever protocol asks.

        Raises
        ------
        MissingData, UsageProblem
            when the model cannot be had.
        """
        return cls(options, open_chat(options, cache))


def read_options(path: Path) -> JudgeOptions:
    """The settings of a judge from a YAML file.

    Raises
    ------
    MissingData, UsageProblem
        when the file is not there, or says something else; all that is wrong is said.
    """
    if not path.is_file():
        raise MissingData("the judge's settings are not there", where=str(path))
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        return JudgeOptions.model_validate(values)
    except ValidationError as problem:
        known = JudgeOptions.model_fields
        wrong = [setting_problem(e, ".".join(map(str, e["loc"])) or "judge", known) for e in problem.errors()]
        raise UsageProblem(f"no settings of a judge: {'; '.join(wrong)}", where=str(path)) from problem
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise UsageProblem(
            f"no settings of a judge: {' '.join(str(problem).split())[:200]}", where=str(path)
        ) from problem


def can_judge(bench: Benchmark) -> bool:
    """Whether the benchmark has open answers."""
    return bench.scorer in ("open-closed", "items")


def judge_open(
    bench: Benchmark,
    lines: Sequence[Mapping[str, Any]],
    items: Sequence[Item],
    judge: Judge,
    protocol: Literal["medevalkit", "corrected"],
) -> tuple[list[Item], dict[str, Any]]:
    """Ask a judge about the open answers among scored items; closed ones too where all are to be judged.

    Open items get the judge's verdict as ``correct``, closed ones keep the rule's. Every item asked about gets
    ``by_rule`` (whether the rule holds it right) and ``judge``: ``right``, ``wrong``, ``unreadable`` (a reply without
    a verdict, wrong), or why it was not judged (wrong, too). An open answer that is empty is wrong and not asked about.

    Under ``medevalkit`` the judge sees what the harness shows it, is asked once, and its verdict is right only if it
    is exactly 0. Under ``corrected`` it sees the answer alone, and a reply without a verdict is asked for once more.

    Parameters
    ----------
    lines, items
        predictions, and what :func:`met_kg.evaluation.score.judge_lines` made of them, in the same order.

    Returns
    -------
    The items, and a record of who judged, by what wording, how often and at what cost.

    Raises
    ------
    UsageProblem
        when the benchmark has nothing for a judge, or the model's address, key or name is wrong.
    DataProblem
        when the model is dead and the settings say ``stop``; replies so far are kept.
    """
    if not can_judge(bench):
        raise UsageProblem(f"{bench.name} has no open answers for a judge", hint="score it without --judge")
    scope = _scope(bench, judge.options, protocol)
    asked = [
        number
        for number, item in enumerate(items)
        if "error" not in item
        and (item["kind"] == "open" or (scope == "all" and item["kind"] == "closed"))
        and not (item["kind"] == "open" and item.get("note") == EMPTY)
    ]
    wording = (resources.files("met_kg.evaluation") / "judge_prompt.md").read_text(encoding="utf-8")
    before = judge.chat.asked + judge.chat.from_cache, judge.chat.prompt_tokens, judge.chat.completion_tokens
    verdicts: list[_Verdict | str] = ask_all(
        judge.chat,
        [Question(partial(_messages, wording, bench, lines[n], protocol), _READ[protocol]) for n in asked],
        None,
        failures=judge.options.failures,
        when_dead=judge.options.when_dead,
        name=f"judge {judge.chat.name}",
        noun="answers",
        parallel=1 if judge.options.endpoint is None else judge.options.parallel,
    )
    after = judge.chat.asked + judge.chat.from_cache, judge.chat.prompt_tokens, judge.chat.completion_tokens
    found = [dict(item) for item in items]
    counts = dict.fromkeys(("right", "wrong", "unreadable", "unjudged"), 0)
    for number, verdict in zip(asked, verdicts, strict=True):
        item = found[number]
        item["by_rule"] = item["correct"]
        item["judge"] = verdict if isinstance(verdict, str) else verdict.said
        counts[item["judge"] if item["judge"] in counts else "unjudged"] += 1
        if item["kind"] == "open":
            item["correct"] = item["judge"] == "right"
    calls, prompt, completion = (b - a for a, b in zip(before, after, strict=True))
    return found, {
        "model": judge.chat.name,
        "answered_as": sorted(judge.chat.answered_as),
        "where": judge.options.endpoint or "local",
        "scope": scope,
        "wording": wording,
        "wording_sha256": hashlib.sha256(wording.encode()).hexdigest(),
        "asked": len(asked),
        **counts,
        "calls": calls,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
    }


@dataclass(frozen=True, slots=True)
class _Verdict:
    said: Literal["right", "wrong", "unreadable"]


def _scope(bench: Benchmark, options: JudgeOptions, protocol: str) -> Literal["open", "all"]:
    """The harness asks about all of SLAKE, and counts some of it twice."""
    return "all" if protocol == "medevalkit" and bench.judge_totals == "closed twice" else options.scope


def _messages(wording: str, bench: Benchmark, line: Mapping[str, Any], protocol: str) -> list[Message]:
    record, output = bench.named(line["record"]), str(line["model_output"])
    gold = bench.field(record, "answer")
    if protocol == "corrected":
        answer = final_words(output)
    else:
        answer = unwrap(output)
        if bench.closed_by == "answer":
            gold, answer = gold.lower().strip(), answer.lower().strip()
    told = wording.format(question=bench.field(record, "question"), gold=gold, answer=answer)
    return [{"role": "user", "content": told}]


def _as_the_harness(reply: str) -> _Verdict:
    """What stands in the tag, else the whole reply: right only if that is exactly 0, and never asked for again."""
    said = tagged(reply, "judge")
    return _Verdict("right" if said == _RIGHT else "wrong" if said == _WRONG else "unreadable")


def _as_meant(reply: str) -> _Verdict:
    """The last verdict after the thoughts.

    Raises
    ------
    ValueError
        when there is none.
    """
    said = tagged(strip_think(reply), "judge").split()
    if not said or said[-1] not in (_RIGHT, _WRONG):
        raise ValueError("there is no <judge>0</judge> or <judge>1</judge>")
    return _Verdict("right" if said[-1] == _RIGHT else "wrong")


_READ: Final = {"medevalkit": _as_the_harness, "corrected": _as_meant}
