"""Benchmark of the offline script writer on a novel: `python -m bench.script_bench`.

The text repeats the two example stories as chapters with other names, so that a long text has a long cast. Prints
seconds, peak memory of the process and a summary of the result.
"""

import argparse
import resource
import time
from pathlib import Path

from providers.base import ScriptOrder
from providers.offline.writing import write_script

_EXAMPLES = Path(__file__).parent.parent / "examples"
_ZH_SURNAMES, _ZH_GIVEN = "赵钱孙李周吴郑王陈杨", "建国文海志明春花玉兰大山小梅"
_EN_NAMES = ("Alice", "Arthur", "Clara", "Edgar", "Emma", "Frank", "Grace", "Harry", "Helen", "Henry", "Jane")


def novel(language: str, kilobytes: int) -> str:
    """Chapters with at least that many kilobytes of UTF-8."""
    source = "yi-jian-xiao-shi.txt" if language == "zh" else "little-red-cap.txt"
    story = (_EXAMPLES / source).read_text("utf-8").split("\n\n", 3)[3]
    chapters: list[str] = []
    size = number = 0
    while size < kilobytes * 1024:
        number += 1
        if language == "zh":
            given = _ZH_GIVEN[number * 2 % len(_ZH_GIVEN) :][:2] or "大山"
            name = _ZH_SURNAMES[number % len(_ZH_SURNAMES)] + given
            body = story.replace("车夫", name)
            chapter = f"第{number}章\n\n{body}"
        else:
            body = story.replace("huntsman", _EN_NAMES[number % len(_EN_NAMES)]).replace("The Red", "Red")
            chapter = f"Chapter {number}\n\n{body}"
        chapters.append(chapter)
        size += len(chapter.encode())
    return "\n\n".join(chapters)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kilobytes", type=int, default=1024)
    arguments.add_argument("--language", choices=("zh", "en"), default="zh")
    arguments.add_argument("--target-shots", type=int)
    options = arguments.parse_args()
    text = novel(options.language, options.kilobytes)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.perf_counter()
    script = write_script(ScriptOrder(text, target_shots=options.target_shots))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    shots = [shot for scene in script.scenes for shot in scene.shots]
    megabytes = len(text.encode()) / 1048576
    print(f"{megabytes:.2f} MB, {len(text)} characters: {seconds:.1f} s, peak {peak:.0f} MB ({before:.0f} before)")
    minutes = sum(shot.duration_seconds for shot in shots) / 60
    print(f"{len(script.scenes)} scenes, {len(shots)} shots, {minutes:.0f} min, {len(script.assets)} assets")


if __name__ == "__main__":
    main()
