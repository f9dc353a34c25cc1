"""Scratch folders of jobs: each try has its own, named by job and lease."""

import shutil
from pathlib import Path


def make_try_folder(folder: Path, job_id: int, epoch: int) -> None:
    """An empty folder for this try; those of earlier ones, whose worker was killed, go. Blocks: for a thread.

    One of a later try stays. Somebody is at work there: this try has lost its lease, and does not know it yet.
    """
    for left in folder.parent.glob(f"{job_id}-*"):
        number = left.name.removeprefix(f"{job_id}-")
        if number.isdigit() and int(number) <= epoch:
            shutil.rmtree(left, ignore_errors=True)
    folder.mkdir(parents=True)
