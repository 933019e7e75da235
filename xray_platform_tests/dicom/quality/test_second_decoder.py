"""A second decoder: agreement is silent, disagreement is told, and what it cannot read is nobody's fault."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from xray_platform.dicom.parse.pixel_module import PixelLayout
from xray_platform.dicom.pixels.decode import Pixels
from xray_platform.dicom.quality.examination import examine_bytes
from xray_platform.dicom.quality.second_decoder import SECOND_DECODERS, is_sampled
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform_tests.dicom import made
from xray_platform_tests.dicom.pixels.test_stored_values import JPEG_2000, JPEG_LOSSLESS, RLE, rle
from xray_platform_tests.dicom.quality.cases import chest, file, squeezed

ALWAYS, NEVER = QualitySettings(second_decoder_share=1), QualitySettings(second_decoder_share=0)
HIGH_THROUGHPUT, HIGH_THROUGHPUT_LOSSY = "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.203"


def lossless_jpeg() -> bytes:
    return squeezed(imagecodecs.jpeg8_encode(chest(), lossless=True, bitspersample=12), JPEG_LOSSLESS)


def high_throughput() -> bytes:
    return squeezed(imagecodecs.htj2k_encode(chest(), reversible=True), HIGH_THROUGHPUT, BitsStored=16)


def run_length() -> bytes:
    return squeezed(rle(made.chest(40, 30)), RLE, Rows=40, Columns=30)


KINDS = {"jpeg lossless": lossless_jpeg, "jpeg-2000": high_throughput, "rle": run_length}


def told(data: bytes, settings: QualitySettings = ALWAYS) -> str:
    return "; ".join(f.evidence for f in examine_bytes(data, settings).findings if f.rule == "Q027")


@pytest.fixture
def listen(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[Pixels], Pixels]], list[Pixels]]:
    """Let a function change what the second decoder of a process gives, and keep what it gave."""

    def listen(process: str, change: Callable[[Pixels], Pixels]) -> list[Pixels]:
        decoder, given = SECOND_DECODERS[process], list[Pixels]()

        def decode(frame: bytes, layout: PixelLayout) -> Pixels:
            given.append(decoder.decode(frame, layout).copy())
            return change(given[-1].copy())

        monkeypatch.setitem(SECOND_DECODERS, process, replace(decoder, decode=decode))
        return given

    return listen


Listen = Callable[[str, Callable[[Pixels], Pixels]], list[Pixels]]


def nudged(by: int) -> Callable[[Pixels], Pixels]:
    def nudge(pixels: Pixels) -> Pixels:
        pixels[3, 4] = pixels[3, 4] + by if pixels[3, 4] < 2048 else pixels[3, 4] - by
        return pixels

    return nudge


@pytest.mark.parametrize("process", KINDS)
def test_where_both_agree_nothing_is_said(process: str, listen: Listen) -> None:
    given = listen(process, lambda pixels: pixels)
    assert told(KINDS[process]()) == ""
    assert len(given) == 1


@pytest.mark.parametrize("process", KINDS)
def test_one_grey_level_in_one_pixel_is_told_where_nothing_may_be_lost(process: str, listen: Listen) -> None:
    listen(process, nudged(1))
    examination = examine_bytes(KINDS[process](), ALWAYS)
    assert "other values in 1 pixels, by up to 1; 0 are allowed" in told(KINDS[process]())
    assert examination.decision == "quarantine"


@pytest.mark.parametrize(("by", "heard"), [(2, False), (3, True)])
def test_with_loss_two_grey_levels_are_allowed(by: int, heard: bool, listen: Listen) -> None:
    listen("jpeg-2000", nudged(by))
    stream = imagecodecs.htj2k_encode(chest(), reversible=True)
    assert bool(told(squeezed(stream, HIGH_THROUGHPUT_LOSSY, BitsStored=16))) is heard


def test_another_size_is_told(listen: Listen) -> None:
    listen("rle", lambda pixels: pixels[1:])
    assert "a picture of another size" in told(run_length())


def test_what_the_second_cannot_read_is_no_news(listen: Listen) -> None:
    def refuse(_: Pixels) -> Pixels:
        raise RuntimeError("not today")

    listen("rle", refuse)
    assert told(run_length()) == ""
    classic = imagecodecs.jpeg2k_encode(chest(), level=0, codecformat="j2k")
    assert told(squeezed(classic, JPEG_2000, BitsStored=16)) == ""


def test_only_the_sample_is_asked(listen: Listen) -> None:
    given = listen("rle", nudged(1))
    assert told(run_length(), NEVER) == ""
    assert told(file()) == ""
    assert given == []


def test_the_sample_has_its_share_and_is_always_the_same() -> None:
    names = [str(number).encode() for number in range(5000)]
    sampled = [name for name in names if is_sampled(name, 0.1)]
    assert 400 < len(sampled) < 600
    assert sampled == [name for name in names if is_sampled(name, 0.1)]
    assert all(is_sampled(name, 1) and not is_sampled(name, 0) for name in names)
    assert {name for name in names if is_sampled(name, 0.02)} < set(sampled)


@pytest.mark.skipif(shutil.which("dcmcjpeg") is None, reason="needs dcmtk (apt install dcmtk)")
@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("point", [0, 2])
def test_every_predictor_and_point_transform_of_another_encoder_is_agreed_on(
    predictor: int, point: int, tmp_path: Path
) -> None:
    plain, packed = tmp_path / "plain.dcm", tmp_path / "packed.dcm"
    plain.write_bytes(made.file(np.asarray(made.chest(64, 64))))
    subprocess.run(["dcmcjpeg", "+el", "+sv", str(predictor), "+pt", str(point), plain, packed], check=True)
    examination = examine_bytes(packed.read_bytes(), ALWAYS)
    assert {finding.rule for finding in examination.findings} & {"Q026", "Q027"} == set()
