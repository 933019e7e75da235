"""Container rules: what is no whole file, or more than one, is told before anything else looks at it."""

from xray_platform.dicom.quality.examination import examine_bytes
from xray_platform_tests.dicom import made
from xray_platform_tests.dicom.quality.cases import chest, file


def test_what_a_rejected_container_holds_besides_is_no_news() -> None:
    data = file(Modality="CT", ViewPosition="LL")
    codes = [finding.rule for finding in examine_bytes(data[:-8]).findings]
    assert codes == ["Q004"]


def test_a_file_in_another_media_class_is_known_by_its_meta_information() -> None:
    data = made.part10(made.dataset(chest(), SOPClassUID="1.2.840.10008.5.1.4.1.1.481.1"))
    assert "a radiotherapy object" in next(f.evidence for f in examine_bytes(data).findings if f.rule == "Q008")


def test_a_file_of_other_form_is_not_asked_dicom_questions() -> None:
    assert [finding.rule for finding in examine_bytes(b"text " * 50).findings] == ["Q002"]
