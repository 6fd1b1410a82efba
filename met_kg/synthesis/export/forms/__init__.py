"""The forms of an export, each a module that holds ``FORM``, behind one door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from met_kg.synthesis.export.content import Content
from met_kg.synthesis.export.options import ExportOptions, Form

__all__ = ["ExportForm", "form"]


@dataclass(frozen=True, slots=True)
class ExportForm:
    """How a form is written: into the export's folder, its own files only.

    ``points_at_images`` says that its records name images in the folder ``images``; other forms carry them inside.
    ``is_images`` says that it is nothing without them, so that images cannot be left out.
    """

    write: Callable[[Content, Path, ExportOptions], None]
    points_at_images: bool = False
    is_images: bool = False


def form(name: Form) -> ExportForm:
    """The form of a name."""
    found: ExportForm = import_module(f"met_kg.synthesis.export.forms.{name}").FORM
    return found
