"""One known day of one patient must not tell the days of a whole detector: neither counters nor clocks are left."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from typing import Any

import numpy as np
import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword

from xray_platform.dicom.deidentify.attributes import Carrier
from xray_platform.dicom.deidentify.encode import Written, encode_dataset, file_head
from xray_platform.dicom.deidentify.identifiers import identifiers_of
from xray_platform.dicom.deidentify.person import GivenIdentity, person_of
from xray_platform.dicom.deidentify.policy import load_policy
from xray_platform.dicom.parse.container import open_container
from xray_platform.dicom.parse.dates import read_date
from xray_platform_tests.dicom.deidentify.making import CR, KEY

EXPOSURES, PATIENTS = 2000, 600
COUNTERS = ("ExposuresOnDetectorSinceLastCalibration", "ExposuresOnDetectorSinceManufactured", "ExposuresOnPlate",
            "DetectorTimeSinceLastExposure", "DetectorActiveTime", "AcquisitionNumber", "SeriesNumber",
            "InstanceNumber")  # fmt: skip
DAYS = ("DateOfLastDetectorCalibration", "DateOfLastCalibration", "InstanceCreationDate", "DateOfManufacture",
        "DateOfInstallation")  # fmt: skip
EXPLICIT, INSTANCE = "1.2.840.10008.1.2.1", 0x00080018


@dataclass(frozen=True)
class Exposure:
    """What truly happened, and what is published of it."""

    patient: str
    moment: datetime
    published: dict[int, bytes]

    @cached_property
    def moved_day(self) -> date:
        day = read_date(self.published[tag_for_keyword("StudyDate") or 0].decode())
        assert day is not None
        return day


def published(patient: str, moment: datetime, counter: int, calibrated: date) -> dict[int, bytes]:
    """Carry over the attributes of one exposure as the engine does; pixels would add nothing here."""
    day, clock = f"{moment:%Y%m%d}", f"{moment:%H%M%S}"
    said = {
        "SOPClassUID": CR, "StudyInstanceUID": f"1.2.3.{counter}", "SOPInstanceUID": f"1.2.3.4.{counter}",
        "PatientID": patient, "StudyDate": day, "AcquisitionDate": day, "StudyTime": clock, "AcquisitionTime": clock,
        "AcquisitionDateTime": day + clock, "DeviceSerialNumber": "D-77", "DetectorID": "P-5", "KVP": "120",
        "AccessionNumber": f"A{counter:07d}", "DetectorTimeOfLastCalibration": "0700",
        **dict.fromkeys(COUNTERS, str(100_000 + counter)), **dict.fromkeys(DAYS, f"{calibrated:%Y%m%d}"),
    }  # fmt: skip
    elements = [_written(keyword, text) for keyword, text in said.items() if tag_for_keyword(keyword) is not None]
    data = file_head(CR, "1.2.3", EXPLICIT) + encode_dataset(elements)
    container, policy = open_container(data), load_policy()
    person = person_of(container, KEY, GivenIdentity())
    carried = Carrier(container, person, identifiers_of(data, container, policy), policy, False).carry()
    return {tag: each.value for tag, each in carried.items() if isinstance(each.value, bytes)}


def _written(keyword: str, text: str) -> Written:
    tag = tag_for_keyword(keyword) or 0
    vr = dictionary_VR(tag)
    return Written(tag, vr, int(text).to_bytes(4, "little")[:2] if vr == "US" else text.encode())


def detector_life() -> Iterator[Exposure]:
    """Some years of a detector: weekdays more than weekends, patients who come again."""
    rng = np.random.default_rng(3)
    moment, calibrated = datetime(2018, 1, 2, 8, 0), date(2018, 1, 1)
    for counter in range(EXPOSURES):
        moment += timedelta(minutes=int(rng.exponential(60 * 9)) + 1)
        if (moment.date() - calibrated).days > 180:
            calibrated = moment.date()
        patient = f"MRN{int(rng.integers(PATIENTS)):05d}"
        yield Exposure(patient, moment, published(patient, moment, counter, calibrated))


@pytest.fixture(scope="module")
def life() -> list[Exposure]:
    return list(detector_life())


def by_order(life: list[Exposure], order: Callable[[Exposure], Any], known: int) -> int:
    """The attack: put exposures in order, and count weekdays on and back from the one whose day is known."""
    ordered = sorted(range(len(life)), key=lambda at: (order(life[at]), life[at].published[INSTANCE]))
    start = ordered.index(known)
    right = 0
    for step in (1, -1):
        day = life[known].moment.date()
        before = life[known].moved_day.weekday()
        for at in ordered[start + step :: step] if step == 1 else ordered[:start][::-1]:
            weekday = life[at].moved_day.weekday()
            day += timedelta(days=step * ((weekday - before) * step % 7))
            before = weekday
            right += day == life[at].moment.date()
    return right


def _value(tag: int, exposure: Exposure) -> bytes:
    return exposure.published.get(tag, b"")


def test_the_attack_works_where_a_counter_is_left(life: list[Exposure]) -> None:
    number = {id(exposure): counter for counter, exposure in enumerate(life)}
    assert by_order(life, lambda exposure: number[id(exposure)], 1000) == EXPOSURES - 1


def test_nothing_that_is_published_puts_a_detectors_exposures_in_order(life: list[Exposure]) -> None:
    known = 1000
    own = sum(exposure.patient == life[known].patient for exposure in life)
    for tag in sorted(set().union(*(exposure.published for exposure in life))):
        right = by_order(life, partial(_value, tag), known)
        assert right < EXPOSURES * 0.03 + own, f"{tag:08x} tells {right} of {EXPOSURES} days"


def test_no_day_of_the_device_is_left_to_tell_how_far_a_patient_was_moved(life: list[Exposure]) -> None:
    for keyword in (*COUNTERS[:5], *DAYS):
        assert not any(tag_for_keyword(keyword) in exposure.published for exposure in life), keyword


def test_one_known_day_tells_the_days_of_its_patient_and_of_nobody_else(life: list[Exposure]) -> None:
    """What remains: whoever knows one day of a patient knows how far this one was moved; others moved otherwise."""
    moves = {exposure.patient: exposure.moment.date() - exposure.moved_day for exposure in life}
    assert all(exposure.moment.date() - exposure.moved_day == moves[exposure.patient] for exposure in life)
    assert len(set(moves.values())) > 300


def test_clocks_tell_the_hour(life: list[Exposure]) -> None:
    clocks = {exposure.published[tag_for_keyword("StudyTime") or 0] for exposure in life}
    assert clocks <= {b"%02d0000" % hour for hour in range(24)}
    assert {len(exposure.published[tag_for_keyword("AcquisitionDateTime") or 0]) for exposure in life} == {14}
    assert {exposure.published[tag_for_keyword("AcquisitionDateTime") or 0][10:] for exposure in life} == {b"0000"}


@pytest.mark.parametrize(("days", "stays"), [(0, True), (7, True), (-7, True), (8, False), (-400, False)])
def test_a_day_far_from_the_study_goes(days: int, stays: bool) -> None:
    study = date(2015, 6, 12)
    other = f"{study + timedelta(days=days):%Y%m%d}"
    said = {"SOPClassUID": CR, "PatientID": "17", "StudyDate": "20150612", "ContentDate": other, "SeriesDate": other}
    data = file_head(CR, "1.2.3", EXPLICIT) + encode_dataset([_written(*each) for each in said.items()])
    container, policy = open_container(data), load_policy()
    known = identifiers_of(data, container, policy)
    carried = Carrier(container, person_of(container, KEY, GivenIdentity()), known, policy, False).carry()
    content, series = (carried.get(tag_for_keyword(name) or 0) for name in ("ContentDate", "SeriesDate"))
    assert content is not None
    assert bool(content.value) == stays, "type 2: there, and empty"
    assert (series is not None) == stays
