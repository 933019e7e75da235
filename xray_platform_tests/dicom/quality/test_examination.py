"""An examination asks the rules in turn, stops where nothing more can be learnt, and knows duplicates by digests."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from xray_platform.dicom.intake.safe_open import OpenSource, SourceError
from xray_platform.dicom.quality import examination
from xray_platform.dicom.quality.examination import (
    DuplicateKeys,
    Examination,
    ExamineFile,
    FileLocation,
    conclude,
    digest_of,
    examine_bytes,
)
from xray_platform.dicom.quality.rule import QualityFinding
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform_tests.dicom import made


def sound(**attributes: Any) -> bytes:
    return made.file(made.chest(512, 512), **attributes)


def test_a_sound_file_is_accepted_without_a_word_and_can_be_found_again() -> None:
    found = examine_bytes(sound())
    assert (found.decision, found.findings) == ("accept", ())
    assert None not in (found.duplicate_keys.instance, found.duplicate_keys.person, found.duplicate_keys.pixel_sha256)
    assert len(str(found.duplicate_keys.looks)) == 64


def test_duplicates_are_found_by_digests_that_spell_nothing() -> None:
    like = examine_bytes(sound(PatientID="MRN-77120")).duplicate_keys
    assert like == examine_bytes(sound(PatientID="MRN-77120", StudyDescription="x")).duplicate_keys
    assert "MRN" not in repr(like)
    assert made.INSTANCE not in repr(like)


def test_the_same_number_of_another_issuer_is_another_person() -> None:
    people: list[dict[str, Any]] = [
        {},
        {"IssuerOfPatientID": "North"},
        {"IssuerOfPatientID": "South"},
        {"PatientID": "18"},
    ]
    persons = [examine_bytes(sound(**person)).duplicate_keys.person for person in people]
    assert len(set(persons)) == 4
    assert examine_bytes(sound(PatientID=None)).duplicate_keys.person is None


def test_a_broken_container_ends_the_questions_and_has_no_likeness() -> None:
    found = examine_bytes(sound(Modality="CT")[:-10])
    assert [finding.rule for finding in found.findings] == ["Q004"]
    assert found.duplicate_keys == DuplicateKeys()


def test_what_is_rejected_by_its_attributes_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "decode_file", pytest.fail)
    assert examine_bytes(sound(Modality="CT")).duplicate_keys.pixel_sha256 is None
    assert examine_bytes(sound(NumberOfFrames=2, PixelData=bytes(512 * 512 * 4))).decision == "quarantine"


def test_stills_are_examined_too() -> None:
    grey = np.asarray(made.chest(512, 512) >> 4, np.uint8)
    found = examine_bytes(bytes(imagecodecs.png_encode(grey)))
    assert found.decision == "accept"
    assert found.duplicate_keys.pixel_sha256
    assert found.duplicate_keys.person is None


def test_settings_change_the_decision() -> None:
    data = made.file(made.chest(100, 100))
    assert examine_bytes(data).decision == "quarantine"
    assert examine_bytes(data, QualitySettings(tiny_side=50)).decision == "accept"


def test_findings_add_up_to_the_gravest() -> None:
    findings = [QualityFinding("Q002", "warn", "b"), QualityFinding("Q001", "quarantine", "a")]
    assert conclude(findings) == Examination("quarantine", tuple(reversed(findings)))
    assert conclude([]).decision == "accept"


def test_a_file_is_known_by_the_hash_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "1.dcm").write_bytes(b"no picture")
    found = ExamineFile()(FileLocation(tmp_path / "1.dcm"))
    assert found.decision == "reject"
    assert found.duplicate_keys.file_sha256 == sha256(b"no picture").hexdigest()


def test_a_file_beyond_the_cap_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenSource, "read", pytest.fail)
    with (tmp_path / "large.dcm").open("wb") as stream:
        stream.truncate(300 << 20)
    (finding,) = ExamineFile()(FileLocation(tmp_path / "large.dcm")).findings
    assert (finding.rule, finding.severity) == ("Q010", "reject")


def test_what_cannot_be_read_has_a_reason(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (finding,) = ExamineFile()(FileLocation(tmp_path / "pipe")).findings
    assert finding.evidence == "its bytes are out of reach: it is not a regular file"


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "growing.dcm"
    path.write_bytes(bytes(1000))
    plain = OpenSource.read

    def growing(self: OpenSource, length: int) -> bytes:
        with path.open("ab") as stream:
            stream.write(bytes(2000))
        return plain(self, length)

    monkeypatch.setattr(OpenSource, "read", growing)
    (finding,) = ExamineFile()(FileLocation(path)).findings
    assert "longer than it said" in finding.evidence


def test_a_reader_that_fails_half_way_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: OpenSource, length: int) -> bytes:
        raise SourceError("it cannot be read: Input/output error")

    monkeypatch.setattr(OpenSource, "read", failing)
    (tmp_path / "1.dcm").write_bytes(sound())
    assert ExamineFile()(FileLocation(tmp_path / "1.dcm")).decision == "reject"


def test_digests_take_any_text() -> None:
    assert len(digest_of("")) == len(digest_of("\udcff")) == 32
    assert digest_of("a") != digest_of("b")
