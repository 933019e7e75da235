"""Semantic rules: do the attributes state a frontal chest radiograph of a person (Q040 to Q053, Q068)."""

from collections.abc import Iterator
from datetime import UTC, datetime

from xray_platform.dicom.parse import description_vocabulary as v
from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.parse.dates import in_years, read_age, read_date
from xray_platform.dicom.pixels.orientation import stated_orientation, turn_to_front
from xray_platform.dicom.quality.inspected_file import InspectedFile
from xray_platform.dicom.quality.rule import FileRule, Observation
from xray_platform.dicom.quality.settings import QualitySettings

_STORAGE = "1.2.840.10008.5.1.4.1.1"
COMPUTED, DIGITAL, DIGITAL_RAW = f"{_STORAGE}.1", f"{_STORAGE}.1.1", f"{_STORAGE}.1.1.1"
CAPTURE = f"{_STORAGE}.7"
RADIOGRAPHS = frozenset(("CR", "DX", "DR", "RG"))
OTHER_MODALITIES = v.words(
    "CT MR US NM PT MG RF XA SM SEG SR PR KO ECG IO PX OP OCT RTDOSE RTPLAN RTSTRUCT RTIMAGE REG AU ES GM XC"
)
_DESCRIPTIONS = (
    tags.STUDY_DESCRIPTION,
    tags.SERIES_DESCRIPTION,
    tags.PROTOCOL_NAME,
    tags.ACQUISITION_DEVICE_PROCESSING_DESCRIPTION,
    tags.PERFORMED_PROCEDURE_STEP_DESCRIPTION,
)


def _modality(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if (container := file.container) is None:
        return
    modality = container.text(tags.MODALITY).upper()
    if modality in OTHER_MODALITIES:
        yield Observation(f"modality {modality}; CR, DX, DR and RG are allowed")
    elif modality not in RADIOGRAPHS:
        what = "missing" if not modality else "unknown"
        yield Observation(f"modality {what}; CR, DX, DR and RG are allowed", "quarantine")


def _sop_class(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if (container := file.container) is None:
        return
    uid = container.text(tags.SOP_CLASS_UID)
    if uid == CAPTURE:
        yield Observation("a secondary capture: how the picture was made is not stated", "warn")
    elif uid not in {COMPUTED, DIGITAL, DIGITAL_RAW}:
        yield Observation("a SOP class other than Computed or Digital Radiography")


def _descriptions(container: Container) -> frozenset[str]:
    return v.words(*(container.text(tag) for tag in _DESCRIPTIONS))


def _body_part(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if (container := file.container) is None:
        return
    part = v.words(container.text(tags.BODY_PART_EXAMINED), *_meanings(container, tags.ANATOMIC_REGION_SEQUENCE))
    described = _descriptions(container)
    animal = v.ANIMALS & (
        described | v.words(container.text(tags.PATIENT_SPECIES_DESCRIPTION), container.text(tags.INSTITUTION_NAME))
    )
    if animal:
        yield Observation(f"an animal: a description says {v.in_words(animal)}")
    if part & v.CHEST:
        return
    if part & v.OTHER_PARTS:
        yield Observation(f"the body part is {v.in_words(part & v.OTHER_PARTS)}; chest is allowed")
    elif not part and described & v.OTHER_PARTS and not described & v.CHEST:
        yield Observation(f"a description says {v.in_words(described & v.OTHER_PARTS)}; chest is allowed")
    elif part & v.NEAR_CHEST:
        yield Observation(f"the body part is {v.in_words(part & v.NEAR_CHEST)}, which is beside the chest", "warn")
    elif not described & v.CHEST:
        yield Observation(f"the body part is {'not known here' if part else 'not stated'}", "warn")


def _meanings(container: Container, sequence: int) -> tuple[str, ...]:
    items = container.sequences.get(sequence, [])
    return tuple(container.text(tags.CODE_MEANING, within=item) for item in items)


def _view(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if (container := file.container) is None:
        return
    view = _stated_view(container)
    described = _descriptions(container)
    if not view:
        if not described & v.DESCRIBED_FRONTAL_VIEWS:
            yield Observation("no view position")
    elif view not in v.FRONTAL_VIEWS and view not in v.OTHER_VIEWS:
        yield Observation("a view position that is not known")
    elif view in v.FRONTAL_VIEWS and described & v.DESCRIBED_OTHER_VIEWS and not described & v.DESCRIBED_FRONTAL_VIEWS:
        yield Observation(
            f"the view position is frontal, a description says {v.in_words(described & v.DESCRIBED_OTHER_VIEWS)}"
        )


def _stated_view(container: Container) -> str:
    """Return ViewPosition, or what some machines write into PatientPosition in its place."""
    view = container.text(tags.VIEW_POSITION).upper()
    if view:
        return view
    position = container.text(tags.PATIENT_POSITION).upper()
    return position if position in v.FRONTAL_VIEWS or position in v.OTHER_VIEWS else ""


def _not_frontal(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if (container := file.container) is None:
        return
    view, described = _stated_view(container), _descriptions(container)
    coded = v.words(*_meanings(container, tags.VIEW_CODE_SEQUENCE)) & v.DESCRIBED_OTHER_VIEWS
    orientation = stated_orientation(container.texts(tags.PATIENT_ORIENTATION))
    if view in v.OTHER_VIEWS:
        yield Observation(f"the view position is {v.OTHER_VIEWS[view]}; frontal views are allowed")
    elif coded:
        yield Observation(f"the view code says {v.in_words(coded)}; frontal views are allowed")
    elif orientation is not None and turn_to_front(orientation) is None:
        yield Observation(f"the patient orientation {orientation[0]}\\{orientation[1]} is that of a lateral view")
    elif not view and described & v.DESCRIBED_OTHER_VIEWS and not described & v.DESCRIBED_FRONTAL_VIEWS:
        yield Observation(
            f"a description says {v.in_words(described & v.DESCRIBED_OTHER_VIEWS)}; frontal views are allowed"
        )


def _for_processing(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if (container := file.container) is None:
        return
    intent = container.text(tags.PRESENTATION_INTENT_TYPE).upper()
    if intent == "FOR PROCESSING" or container.text(tags.SOP_CLASS_UID) == DIGITAL_RAW:
        yield Observation("raw detector values for processing; values for presentation are allowed")


def _monochrome1(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if file.layout is not None and file.layout.photometric == "MONOCHROME1":
        yield Observation("low values are bright; they are inverted")


def _shape_clash(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if (container := file.container) is None or file.layout is None:
        return
    shape, photometric = container.text(tags.PRESENTATION_LUT_SHAPE).upper(), file.layout.photometric
    if (photometric, shape) in {("MONOCHROME2", "INVERSE"), ("MONOCHROME1", "IDENTITY")}:
        yield Observation(f"{photometric} with a presentation LUT shape {shape}: one of them is wrong")


def _orientation(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if (container := file.container) is None:
        return
    values = container.texts(tags.PATIENT_ORIENTATION)
    if not any(values):
        yield Observation("no patient orientation")
    elif stated_orientation(values) is None:
        yield Observation("a patient orientation that is no pair of directions")


def _laterality(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if (container := file.container) is None:
        return
    side = container.text(tags.IMAGE_LATERALITY).upper() or container.text(tags.LATERALITY).upper()
    if side in {"L", "R"}:
        yield Observation(f"the laterality is {side}; a whole chest has both sides")


def _young(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    if (container := file.container) is None:
        return
    age = age_in_years(container)
    if age is not None and age < settings.youngest_years:
        yield Observation(f"younger than {settings.youngest_years:g} years")


def age_in_years(container: Container) -> float | None:
    """Return PatientAge in years, also where the unit is left out; None where it is no age."""
    age = read_age(container.text(tags.PATIENT_AGE))
    return in_years(*age) if age else None


def _no_spacing(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if (container := file.container) is None:
        return
    spacings = (container.decimals(tags.PIXEL_SPACING), container.decimals(tags.IMAGER_PIXEL_SPACING))
    if not any(len(spacing) == 2 and min(spacing) > 0 for spacing in spacings):
        yield Observation("no pixel spacing")


def _dates(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if (container := file.container) is None:
        return
    study = read_date(container.text(tags.STUDY_DATE)) or read_date(container.text(tags.ACQUISITION_DATE))
    birth = read_date(container.text(tags.PATIENT_BIRTH_DATE))
    # A day of grace, for the clocks of the world are a day apart.
    if study is not None and (study - datetime.now(UTC).date()).days > 1:
        yield Observation("the study lies in the future")
    if study is not None and birth is not None and birth > study:
        yield Observation("the study lies before the birth")


def _burned_in(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if (container := file.container) is not None and container.text(tags.BURNED_IN_ANNOTATION).upper() == "YES":
        yield Observation("identity is burned into the picture, says its header")


SEMANTIC_RULES: tuple[FileRule[InspectedFile, QualitySettings], ...] = (
    FileRule("Q040", _modality),
    FileRule("Q041", _sop_class),
    FileRule("Q042", _body_part),
    FileRule("Q043", _view),
    FileRule("Q044", _not_frontal),
    FileRule("Q045", _for_processing),
    FileRule("Q046", _monochrome1),
    FileRule("Q047", _shape_clash),
    FileRule("Q048", _orientation),
    FileRule("Q050", _laterality),
    FileRule("Q051", _young),
    FileRule("Q052", _no_spacing),
    FileRule("Q053", _dates),
    FileRule("Q068", _burned_in),
)
