"""Cases: for each rule the smallest change to a sound file that makes it speak, with the severity that it then has."""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate

from xray_platform.dicom.anatomy.cut import Cut
from xray_platform.dicom.anatomy.view_classifier import ViewScores
from xray_platform.dicom.parse.container import MEBI
from xray_platform.dicom.quality.anatomy_rules import ANATOMY_RULES
from xray_platform.dicom.quality.check import EarlierFiles
from xray_platform.dicom.quality.container_rules import CONTAINER_RULES
from xray_platform.dicom.quality.duplicates import KnownFile, exact_duplicates, near_duplicates, seen_files
from xray_platform.dicom.quality.examination import (
    DuplicateKeys,
    Examination,
    ExamineFile,
    FileLocation,
    conclude,
    examine_bytes,
)
from xray_platform.dicom.quality.inspected_file import InspectedFile, decode_file, inspect_file
from xray_platform.dicom.quality.rule import QualityFinding
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.dicom.rules import NOTHING_FOUND
from xray_platform.tables.severity import Severity
from xray_platform_tests.dicom import hostile, made

Pixels = np.ndarray[Any, Any]
NEVER_SAMPLED = QualitySettings(second_decoder_share=0)
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
JPEG_BASELINE, JPEG_LS = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.80"


@dataclass(frozen=True)
class Case:
    """What is found, and what of it belongs to the rule: its severity, and words of its evidence."""

    code: str
    severity: Severity
    words: str
    found: Callable[[], Iterable[QualityFinding]]

    def __str__(self) -> str:
        return f"{self.code}-{self.words.replace(' ', '-')}"

    def finding(self) -> QualityFinding:
        """Return what the rule found; a rule that is silent fails the test."""
        spoken = {finding.rule: finding for finding in self.found()}
        assert self.code in spoken, sorted(spoken)
        return spoken[self.code]


@cache
def chest() -> Pixels:
    """A picture that is large enough to be sound, and of which nobody may change a pixel."""
    picture = made.chest(512, 512)
    picture.flags.writeable = False
    return picture


def file(pixels: Pixels | None = None, syntax: str = "1.2.840.10008.1.2.1", **attributes: Any) -> bytes:
    """A sound file with other attributes, which may be wrong ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return made.file(chest() if pixels is None else pixels, syntax, **attributes)


def squeezed(stream: bytes | bytearray, syntax: str, **attributes: Any) -> bytes:
    return file(syntax=syntax, PixelData=encapsulate([bytes(stream)]), **attributes)


def of_bytes(code: str, severity: Severity, words: str, make: Callable[[], bytes]) -> Case:
    return Case(code, severity, words, lambda: examine_bytes(make(), NEVER_SAMPLED).findings)


def of_file(code: str, severity: Severity, words: str, **attributes: Any) -> Case:
    return of_bytes(code, severity, words, lambda: file(**attributes))


def of_pixels(code: str, severity: Severity, words: str, make: Callable[[], Pixels], **attributes: Any) -> Case:
    return of_bytes(code, severity, words, lambda: file(make(), **attributes))


def item(**attributes: Any) -> Dataset:
    filled = Dataset()
    for name, value in attributes.items():
        setattr(filled, name, value)
    return filled


def too_large() -> Iterable[QualityFinding]:
    inspected = InspectedFile(QualitySettings().max_file_mib * MEBI + 1, "unread")
    return [finding for rule in CONTAINER_RULES for finding in rule.findings(inspected, NEVER_SAMPLED)]


def with_preamble(start: bytes) -> bytes:
    return start.ljust(128, b"\0") + file()[128:]


CONTAINER_CASES = (
    Case("Q000", "pass", "", lambda: examine_bytes(file()).findings or [QualityFinding(NOTHING_FOUND, "pass", "")]),
    of_bytes("Q001", "reject", "no bytes", lambda: b""),
    of_bytes("Q002", "reject", "neither DICOM nor JPEG nor PNG", lambda: b"a text about a picture" * 20),
    of_bytes("Q002", "warn", "no Part-10 header", lambda: made.bare(made.dataset(chest()))),
    of_bytes("Q003", "reject", "breaks off", lambda: file()[: file().index(hostile.MODALITY) + 3]),
    Case("Q003", "reject", "out of reach", lambda: ExamineFile()(FileLocation(Path("/there/is/no/file"))).findings),
    of_bytes("Q004", "reject", "PixelData declares", lambda: file()[:-100]),
    of_bytes("Q005", "warn", "7 bytes after", lambda: file() + b"trailer"),
    of_bytes("Q006", "reject", "not a known one", lambda: file().replace(b"10008.1.2.1\0", b"10008.1.2.9\0", 1)),
    of_bytes("Q006", "reject", "a video", lambda: squeezed(b"video", "1.2.840.10008.1.2.4.100")),
    of_bytes("Q006", "warn", "has value", lambda: file().replace(b"10008.1.2.1\0", b"10008.1.2\0\0\0", 1)),
    of_bytes("Q007", "warn", "another SOP", lambda: file().replace(b"498.1\0", b"498.2\0", 1)),
    of_file("Q008", "reject", "a structured report", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11"),
    of_file("Q008", "reject", "a key object selection", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.59"),
    of_bytes("Q009", "reject", "a zip archive", lambda: hostile.zipped({"1.dcm": b"x"})),
    Case("Q010", "reject", "256 MiB are allowed", too_large),
    of_bytes("Q010", "reject", "the deflated dataset", hostile.deflate_bomb),
    of_bytes("Q011", "reject", "deeper than 8", lambda: hostile.with_lengths(9)),
    of_bytes("Q012", "quarantine", "a Windows program", lambda: with_preamble(b"MZ\x90")),
    of_bytes("Q012", "warn", "a TIFF header", lambda: with_preamble(b"II*\0")),
)


def grey8(pixels: Pixels | None = None) -> Pixels:
    return np.asarray((chest() if pixels is None else pixels) >> 4, np.uint8)


def coloured() -> Pixels:
    picture = np.repeat(grey8()[..., None], 3, axis=2)
    picture[..., 0] //= 2
    return picture


def baseline(**attributes: Any) -> bytes:
    stream = imagecodecs.jpeg8_encode(grey8(), level=90)
    return squeezed(stream, JPEG_BASELINE, BitsAllocated=8, BitsStored=8, **attributes)


def disagreeing() -> Iterable[QualityFinding]:
    """A lossless JPEG with one bit turned over so that libjpeg-turbo and jpegsof3 mend it in different ways."""
    stream = bytearray(imagecodecs.jpeg8_encode(chest(), lossless=True, bitspersample=12))
    middle = len(stream) // 2
    stream[middle : middle + 8] = b"\xff\xd0" * 4
    data = squeezed(bytes(stream), hostile.JPEG_LOSSLESS)
    return examine_bytes(data, QualitySettings(second_decoder_share=1)).findings


PIXEL_CASES = (
    of_file("Q020", "reject", "no pixel data", PixelData=None),
    of_file("Q020", "reject", "floating-point", PixelData=None, FloatPixelData=b"\0" * 8),
    of_file("Q021", "reject", "Rows, PhotometricInterpretation missing", Rows=None, PhotometricInterpretation=None),
    of_file("Q022", "reject", "64 Mpx are allowed", Rows=65535, Columns=65535, NumberOfFrames=1000),
    of_file("Q023", "reject", "20 bits stored", BitsStored=20),
    of_file("Q023", "reject", "1 bits allocated", BitsAllocated=1, BitsStored=1),
    of_file("Q023", "reject", "not 11", HighBit=8),
    of_file("Q023", "warn", "not 11", HighBit=15),
    of_file("Q023", "reject", "neither 0 nor 1", PixelRepresentation=2),
    of_file("Q024", "reject", "about 520000 bytes of pixels fewer", PixelData=bytes(100)),
    of_file("Q024", "warn", "100 bytes of pixels more", PixelData=chest().tobytes() + bytes(100)),
    of_bytes("Q024", "reject", "no end marker", lambda: squeezed(
        hostile.lossless_jpeg()[:-300], hostile.JPEG_LOSSLESS, Rows=128, Columns=128)),
    of_bytes("Q025", "reject", "is 128 x 128", lambda: squeezed(hostile.lossless_jpeg(), hostile.JPEG_LOSSLESS)),
    of_bytes("Q025", "warn", "has 12 bits", lambda: squeezed(
        hostile.lossless_jpeg(), hostile.JPEG_LOSSLESS, Rows=128, Columns=128, BitsStored=16)),
    of_bytes("Q025", "quarantine", "have a sign", lambda: squeezed(
        hostile.jpeg_2000(), hostile.JPEG_2000, Rows=128, Columns=128, BitsStored=16, PixelRepresentation=1)),
    of_bytes("Q026", "reject", "no decoder can read", lambda: file(
        syntax=hostile.RLE, PixelData=encapsulate([bytes(200)]))),
    Case("Q027", "quarantine", "a second decoder", disagreeing),
    of_bytes("Q028", "warn", "with loss", baseline),
    of_file("Q028", "warn", "with loss 7.5 to 1", LossyImageCompression="01", LossyImageCompressionRatio=7.5),
    of_bytes("Q028", "warn", "a JPEG file", lambda: bytes(imagecodecs.jpeg8_encode(grey8()))),
    of_file("Q029", "quarantine", "3 frames", NumberOfFrames=3, PixelData=chest().tobytes() * 3),
    of_pixels("Q030", "quarantine", "a picture in colour", coloured),
    of_pixels("Q030", "warn", "stored as RGB", lambda: np.repeat(grey8()[..., None], 3, axis=2)),
    of_pixels("Q031", "warn", "above bit 11", lambda: chest() | 0x8000),
)  # fmt: skip

SEMANTIC_CASES = (
    of_file("Q040", "reject", "modality CT", Modality="CT"),
    of_file("Q040", "quarantine", "unknown", Modality="YY"),
    of_file("Q040", "quarantine", "missing", Modality=None),
    of_file("Q041", "quarantine", "other than", SOPClassUID="1.2.840.10008.5.1.4.1.1.1.2"),
    of_file("Q041", "warn", "a secondary capture", SOPClassUID=CAPTURE),
    of_file("Q042", "quarantine", "is KNEE", BodyPartExamined="KNEE"),
    of_file("Q042", "quarantine", "says PELVIS", BodyPartExamined=None, StudyDescription="Pelvis survey"),
    of_file("Q042", "quarantine", "an animal", StudyDescription="Feline thorax"),
    of_file("Q042", "warn", "beside the chest", BodyPartExamined="RIB"),
    of_file("Q042", "warn", "not stated", BodyPartExamined=None),
    of_file("Q042", "quarantine", "is HAND", BodyPartExamined=None,
            AnatomicRegionSequence=[item(CodeValue="1", CodeMeaning="Hand")]),
    of_file("Q043", "warn", "no view position", ViewPosition=None),
    of_file("Q043", "warn", "not known", ViewPosition="XY"),
    of_file("Q043", "warn", "says LATERAL", SeriesDescription="Thorax lateral"),
    of_file("Q044", "quarantine", "is left lateral", ViewPosition="LL"),
    of_file("Q044", "quarantine", "that of a lateral view", PatientOrientation=["A", "F"]),
    of_file("Q044", "quarantine", "says OBLIQUE", ViewPosition=None, SeriesDescription="Chest oblique"),
    of_file("Q044", "quarantine", "the view code", ViewCodeSequence=[item(CodeValue="1", CodeMeaning="left lateral")]),
    of_file("Q045", "quarantine", "raw detector", PresentationIntentType="FOR PROCESSING"),
    of_file("Q046", "warn", "they are inverted", PhotometricInterpretation="MONOCHROME1"),
    of_file("Q047", "quarantine", "one of them is wrong", PresentationLUTShape="INVERSE"),
    of_file("Q048", "warn", "no patient orientation", PatientOrientation=None),
    of_file("Q048", "warn", "no pair of directions", PatientOrientation=["L", "R"]),
    of_file("Q050", "warn", "is R", ImageLaterality="R"),
    of_file("Q051", "warn", "younger than 18", PatientAge="011M"),
    of_file("Q052", "warn", "no pixel spacing", PixelSpacing=None),
    of_file("Q052", "warn", "no pixel spacing", PixelSpacing=[0, 0]),
    of_file("Q053", "quarantine", "in the future", StudyDate="21990101"),
    of_file("Q053", "quarantine", "before the birth", PatientBirthDate="20210101"),
    of_file("Q068", "warn", "burned into", BurnedInAnnotation="YES"),
)  # fmt: skip


def noise(seed: int) -> Pixels:
    return np.random.default_rng(seed).integers(0, 4096, (512, 512)).astype(np.uint16)


def half(value: int) -> Pixels:
    """The chest with its upper 65 % painted over."""
    picture = chest().copy()
    picture[: len(picture) * 65 // 100] = value
    return picture


PICTURE_CASES = (
    of_pixels("Q060", "reject", "grey levels", lambda: np.full((512, 512), 900, np.uint16)),
    of_pixels("Q060", "reject", "spread over", lambda: np.asarray(1000 + chest() // 80, np.uint16)),
    of_pixels("Q061", "quarantine", "the darkest value", lambda: half(0)),
    of_pixels("Q061", "quarantine", "the brightest value", lambda: half(4095)),
    of_pixels("Q062", "quarantine", "width to height is 0.20", lambda: made.chest(1300, 260)),
    of_pixels("Q063", "quarantine", "128 or more", lambda: made.chest(100, 100)),
    of_pixels("Q063", "warn", "512 or more", lambda: made.chest(256, 256)),
    of_pixels("Q064", "quarantine", "flat border", lambda: half(2000)),
    of_pixels("Q065", "quarantine", "is padding", lambda: half(4000), PixelPaddingValue=4000),
)


UPRIGHT, WHOLE = ViewScores(chest=9, inverted=-9, turned=-9, upside_down=-9, mirrored=-9), Cut("left", -9)


def of_look(code: str, severity: Severity, words: str, cut: Cut = WHOLE, **changes: Any) -> Case:
    """What is said of a sound file whose picture looks so; how a picture looks is tested where that is judged."""
    orientation = changes.pop("PatientOrientation", ["L", "F"])

    def found() -> Iterable[QualityFinding]:
        inspected = decode_file(inspect_file(file(PatientOrientation=orientation), NEVER_SAMPLED))
        vars(inspected).update(view=replace(UPRIGHT, **changes), cut=cut)
        return [finding for rule in ANATOMY_RULES for finding in rule.findings(inspected, NEVER_SAMPLED)]

    return Case(code, severity, words, found)


ANATOMY_CASES = (
    of_look("Q049", "quarantine", "looks inverted", inverted=9),
    of_look("Q049", "quarantine", "turned by a quarter, as its orientation says", turned=9),
    of_look("Q049", "quarantine", "upside down, and states no", upside_down=9, PatientOrientation=None),
    of_look("Q049", "quarantine", "looks mirrored", mirrored=9, PatientOrientation=None),
    of_look("Q049", "warn", "the heart lies on the right, as", mirrored=9),
    of_look("Q066", "quarantine", "seems to be cut off at its left", cut=Cut("left", 99)),
    of_look("Q066", "warn", "may be cut off at its lower", cut=Cut("lower", QualitySettings().perhaps_cut_off + 0.01)),
    of_look("Q067", "quarantine", "does not look like", chest=-99),
    of_look("Q067", "warn", "hardly looks like", chest=-0.01),
    of_pixels("Q067", "quarantine", "does not look like", lambda: noise(0)),
)


def like(one: KnownFile, *others: KnownFile) -> Callable[[], Iterable[QualityFinding]]:
    return lambda: conclude(exact_duplicates(one, seen_files(others))).findings


def same_bytes(*names: str) -> Iterable[QualityFinding]:
    before, examination = EarlierFiles(), Examination("accept", (), DuplicateKeys(file_sha256="ab"))
    return [finding for name in names for finding in before.duplicates_of(name, examination)]


def looking(one: str, other: str) -> Iterable[QualityFinding]:
    files = [KnownFile("a", pixel_sha256="1", looks=one), KnownFile("b", pixel_sha256="2", looks=other)]
    return [finding for _, finding in near_duplicates(files, files)]


ONE = KnownFile("first", instance="i", person="p", pixel_sha256="x", split="train")
DUPLICATE_CASES = (
    Case("Q080", "warn", "the same bytes as first", lambda: same_bytes("first", "second")),
    Case("Q081", "quarantine", "other pixels", like(KnownFile("n", instance="i", person="p", pixel_sha256="y"), ONE)),
    Case("Q081", "warn", "another header", like(KnownFile("n", instance="i", person="p", pixel_sha256="x"), ONE)),
    Case("Q082", "quarantine", "of another patient", like(KnownFile("n", person="q", pixel_sha256="x"), ONE)),
    Case("Q082", "warn", "first has its pixels", like(KnownFile("n", person="p", pixel_sha256="x"), ONE)),
    Case("Q083", "warn", "nearly like picture a", lambda: looking("0" * 64, "0" * 62 + "ff")),
    Case("Q084", "warn", "is in train", like(KnownFile("n", person="p", pixel_sha256="z", split="test"), ONE)),
    Case("Q085", "quarantine", "of another patient", like(KnownFile("n", instance="i", person="q"), ONE)),
)
CASES = (*CONTAINER_CASES, *PIXEL_CASES, *SEMANTIC_CASES, *PICTURE_CASES, *ANATOMY_CASES, *DUPLICATE_CASES)
