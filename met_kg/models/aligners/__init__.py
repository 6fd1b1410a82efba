"""The door to image-text aligners: how well does a record's text fit its image, compared with other texts and nodes?

``built-in`` needs no download: a small dual encoder trained on the corpus itself, cross-fitted over groups. ``clip`` is
a CLIP or SigLIP model of transformers, ``open-clip`` one of open_clip (BiomedCLIP), by folder or hub id. ``judge`` is a
multimodal model behind an endpoint or a local one. All give the same: margins over wrong pairs and over rivals of the
nodes, and a probability by a curve fitted on pairs put together wrongly. See ``docs/alignment.md``.
"""

from __future__ import annotations

from pathlib import Path

from met_kg.models.aligners.options import AlignerOptions, JudgeOptions
from met_kg.models.aligners.pairs import Aligned, Aligner, Fit, Kin, NodeFit, Pairs

__all__ = ["Aligned", "Aligner", "AlignerOptions", "Fit", "JudgeOptions", "Kin", "NodeFit", "Pairs", "load_aligner"]


def load_aligner(options: AlignerOptions, *, cache: Path) -> Aligner:
    """The aligner that a recipe names; answers of a judge are kept in folder ``cache``.

    Raises
    ------
    MissingData
        when the model does not load.
    UsageProblem
        when it is no model of this kind, or a package or key is missing.
    """
    if options.aligner == "built-in":
        from met_kg.models.aligners.built_in import BuiltInAligner

        return BuiltInAligner(folds=options.folds, doubt=options.doubt)
    if options.judge is not None:
        return _judge(options.judge, options.folds, cache)
    from met_kg.models.aligners.clip import ClipEmbedder
    from met_kg.models.aligners.open_clip import OpenClipEmbedder
    from met_kg.models.aligners.pretrained import PretrainedAligner

    embedder = ClipEmbedder(options.model) if options.aligner == "clip" else OpenClipEmbedder(options.model)
    return PretrainedAligner(embedder, folds=options.folds, batch_size=options.batch_size, prompt=options.prompt)


def _judge(given: JudgeOptions, folds: int, cache: Path) -> Aligner:
    from met_kg.models.aligners.judge import JudgeAligner
    from met_kg.models.chat import CachedChat, ChatModel, EndpointChat
    from met_kg.models.chat_vlm import VlmChat

    chat: ChatModel
    if given.endpoint is not None:
        chat = EndpointChat.of(given, backoff=given.backoff, max_tokens=given.max_tokens)
    else:
        chat = VlmChat(str(given.path), max_tokens=given.max_tokens)
    return JudgeAligner(
        CachedChat(chat, cache),
        folds=folds,
        side=given.side,
        planted=given.planted,
        failures=given.failures,
        when_dead=given.when_dead,
    )
