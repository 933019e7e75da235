"""Repair: how close restored pictures come to their clean originals, and how many sound pictures are touched."""

from collections.abc import Sequence
from pathlib import Path

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.timing import timed
from xray_platform.errors import InputError
from xray_platform.imaging.repair.measure import mean_scores, measure, touched
from xray_platform.imaging.repair.picture_file import is_picture
from xray_platform.imaging.repair.restore import RestoreFunction
from xray_platform.progress import Progress
from xray_platform.training.restorer.pretrained import pretrained_restorer
from xray_platform.training.subject_split import sample_files

SOUND = 600  # pictures of a folder, drawn at random


def run(progress: Progress, inputs: Inputs) -> Figures:
    """Restore the pairs of a folder with `damaged` and `clean`, and look at the sound pictures of every other one."""
    ways: dict[str, RestoreFunction | None] = {"classical": None}
    if (pretrained := pretrained_restorer()) is not None:
        ways["learnt"] = pretrained
    figures: dict[str, float | int | str] = {}
    for folder in inputs.data:
        if (folder / "damaged").is_dir() and (folder / "clean").is_dir():
            for way, learnt in ways.items():
                figures |= _pairs(folder, way, learnt, progress)
        else:
            figures |= _sound(folder, progress)
    return figures


def _pairs(folder: Path, way: str, learnt: RestoreFunction | None, progress: Progress) -> dict[str, float | int | str]:
    scores, taken = timed(measure, folder / "damaged", folder / "clean", progress=progress, learnt=learnt)
    figures: dict[str, float | int | str] = {f"{folder.name}: {way}, s_per_picture": taken / len(scores)}
    for part, means in mean_scores(scores).items():
        named = {"pictures": "pictures", "damaged_psnr": "damaged, psnr_db", "damaged_ssim": "damaged, ssim"}
        named |= {"psnr": f"{way}, psnr_db", "ssim": f"{way}, ssim"}
        figures |= {f"{folder.name}: {part}, {named[name]}": value for name, value in means.items()}
    worst = min(scores, key=lambda score: score.psnr)
    return figures | {
        f"{folder.name}: {way}, worst picture, psnr_db": worst.psnr,
        f"{folder.name}: {way}, worst picture, ssim": min(score.ssim for score in scores),
    }


def _sound(folder: Path, progress: Progress) -> dict[str, float | int | str]:
    files = _pictures(folder)
    changed = touched(files, progress=progress)
    return {f"{folder.name}: sound pictures": len(files), f"{folder.name}: touched, share": len(changed) / len(files)}


def _pictures(folder: Path) -> Sequence[Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and is_picture(path))
    if not files:
        raise InputError(f"{folder} holds no picture; allowed are PNG, JPEG, TIFF and BMP")
    return sample_files(files, SOUND, 0)


REPAIR = Benchmark(
    "repair",
    "how close restored pictures come to clean ones, and whether sound ones stay untouched",
    run,
    needs="a folder with damaged/ and clean/ (pictures of the same names), and folders of sound pictures",
)
