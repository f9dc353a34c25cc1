"""Scratch folders of jobs: one per try, named by job and lease epoch."""

import shutil
from pathlib import Path


def make_try_folder(folder: Path, job_id: int, epoch: int) -> None:
    """Creates an empty folder for this try, and removes those of earlier tries whose worker was killed. Blocking: call
    it in a thread.

    The folder of a later try stays: its worker is active, and this try has lost its lease without having noticed yet.
    """
    for left in folder.parent.glob(f"{job_id}-*"):
        number = left.name.removeprefix(f"{job_id}-")
        if number.isdigit() and int(number) <= epoch:
            shutil.rmtree(left, ignore_errors=True)
    folder.mkdir(parents=True)
