"""A full or read-only disk, said in one sentence."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from met_kg.errors import MetError

__all__ = ["plain_disk_errors"]

#: Bytes on a disk that nothing can be written to.
_TOO_LITTLE: Final = 2**16


@contextmanager
def plain_disk_errors(run: Path) -> Iterator[None]:
    """Errors of the disk that holds a run, as one sentence.

    Raises
    ------
    MetError
        when the disk is full, or may not be written to.
    """
    try:
        yield
    except MetError:
        raise
    except Exception as problem:
        if _disk_is_full(problem, run):
            free = shutil.disk_usage(run).free // 2**20
            raise MetError(
                f"the disk is full ({free} MiB left)",
                where=str(run),
                hint="free some space and run again: finished steps are kept",
            ) from problem
        if isinstance(problem, OSError) and problem.errno in (errno.EACCES, errno.EROFS):
            raise MetError(
                f"no permission to write {problem.filename}", where=str(run), hint="give another --out"
            ) from problem
        raise


def _disk_is_full(problem: BaseException | None, run: Path) -> bool:
    """Whether a full disk is behind an error. Native libraries say so in errors of their own, or not at all."""
    if shutil.disk_usage(run).free < _TOO_LITTLE:
        return True
    while problem is not None:
        if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return True
        if "No space left" in str(problem):
            return True
        problem = problem.__cause__ or problem.__context__
    return False
