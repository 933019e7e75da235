"""Predict: the bytes of a picture in, a prediction out."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.errors import InputError
from xray_platform.models.contract import FittedModel
from xray_platform.models.embedding import embed
from xray_platform.models.named import load_model
from xray_platform.serving.bundle import ORIGIN, Bundle, BundleFacts
from xray_platform.serving.class_probabilities import ClassModel, ClassProbability, class_probabilities
from xray_platform.serving.heatmap_picture import HeatmapPicture, MapScale, heatmap_picture
from xray_platform.serving.made_with import compare
from xray_platform.serving.model_input import ModelInput, Preparation, prepare
from xray_platform.serving.prediction import Prediction
from xray_platform.serving.reference import Placed, Reference
from xray_platform.tables.columns import PHANTOM
from xray_platform.training.abnormal_score import abnormal_score


@dataclass(frozen=True)
class Predictor:
    """A model with all that turns bytes into a prediction: recipe, threshold, calibration, quality rules.

    A network computes with `threads` threads, 0: one for each core this process may use. `notes` say in words what is
    worth knowing of it. `reference` is what it learnt from, as it sees it. `Predictor.load(folder)` opens a bundle;
    here one is made by hand, of a detector and noise:

    >>> from xray_platform.detectors.pca_residual import PcaResidual, PcaResidualSettings
    >>> from xray_platform.evaluation.calibration import fit_calibration
    >>> from xray_platform.evaluation.threshold import choose_threshold
    >>> from xray_platform.imaging.recipe import default_recipe
    >>> rng = np.random.default_rng(0)
    >>> images = rng.random((20, 32, 32), dtype=np.float32)
    >>> detector = PcaResidual.fit(images, PcaResidualSettings(side=32))
    >>> scores, labels = rng.normal(size=20), np.arange(20) < 10
    >>> facts = BundleFacts(
    ...     model="pca_residual", family="detector", recipe=default_recipe(32),
    ...     threshold=choose_threshold(scores, labels), calibration=fit_calibration(scores, labels),
    ... )
    >>> import cv2
    >>> picture = rng.integers(0, 30, (300, 300)) + 200 * np.exp(-np.hypot(*np.mgrid[-1:1:300j, -1:1:300j]))
    >>> png = cv2.imencode(".png", picture.astype(np.uint8))[1].tobytes()
    >>> Predictor(facts, detector).predict(png).verdict
    'abnormal'
    """

    facts: BundleFacts
    model: FittedModel
    quality: QualitySettings = field(default_factory=QualitySettings)
    threads: int = 0
    notes: tuple[str, ...] = ()
    reference: Reference | None = None

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        expected: str | None = None,
        threads: int = 0,
        quality: QualitySettings = QualitySettings(),
    ) -> "Predictor":
        """Return the predictor of the bundle in `folder`; `expected` is the bundle's id as somebody else has kept it.

        What is worth knowing of the bundle, though it can be used, is in `notes`. Raises StoreError where the bundle
        is absent, damaged or foreign, is another than expected, or was made with code that gives other scores.
        """
        bundle = Bundle.open(folder, expected)
        facts = bundle.facts
        model = load_model(facts.model, bundle.model_folder)
        note = compare(facts.made_with, facts.model, facts.recipes, model)
        return cls(facts, model, quality, threads, tuple(_notes(facts, note)), bundle.reference())

    @property
    def preparation(self) -> Preparation:
        """How a file becomes what this model takes."""
        facts = self.facts
        return Preparation(facts.recipes, facts.standard, self.quality, facts.clinical_columns)

    def predict(self, data: bytes, *, heatmap: bool = False, said: ClinicalFacts = ClinicalFacts()) -> Prediction:
        """Return what the model says of the bytes of a DICOM, JPEG or PNG file; InputError says why it is refused.

        `said` is what is known of the picture besides itself, where its header does not state it.
        """
        made, _ = prepare(data, self.preparation, said)
        return self.predict_inputs([made], heatmap=heatmap)[0]

    def predict_inputs(self, inputs: Sequence[ModelInput], *, heatmap: bool = False) -> list[Prediction]:
        """Return a prediction for each prepared picture, scored together."""
        if not inputs:
            return []
        images = np.stack([made.pixels for made in inputs])
        scores, classes = self.judge(images)
        maps = self.heatmap(images) if heatmap else [None] * len(inputs)
        return [
            replace(self._prediction(score, made, shown, where), classes=said)
            for score, made, shown, said, where in zip(scores, inputs, maps, classes, self.place(images), strict=True)
        ]

    def place(self, images: npt.NDArray[np.float32]) -> Sequence[Placed | None]:
        """Return where each image (N, S, S) lies beside what the model learnt from; None where it does not know."""
        if self.reference is None:
            return [None] * len(images)
        with self._computing():
            return self.reference.place(embed(self.model, images))

    def judge(
        self, images: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.float64], list[tuple[ClassProbability, ...]]]:
        """Return the score of each image (N, S, S), and its classes; none of a model that knows only two."""
        judgement = self.facts.classes
        if judgement is None:
            return self.score(images), [()] * len(images)
        with self._computing():
            logits = np.asarray(cast("ClassModel", self.model).class_logits(images), dtype=np.float64)
        scores = abnormal_score(logits, judgement.calibration.target)
        return scores, class_probabilities(judgement, logits, self.probability(scores))

    def score(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return the score of each image, (N,), of images (N, S, S) float32 in [0, 1] made by its recipe."""
        with self._computing():
            return np.asarray(self.model.score(images), dtype=np.float64)

    def heatmap(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return where each image looks abnormal, (N, S, S) float32, in the model's own scale."""
        with self._computing():
            return np.asarray(self.model.heatmap(images), dtype=np.float32)

    def map_scale(self, heatmap: npt.NDArray[np.float32]) -> MapScale:
        """Return the ends of a heat map's scale: the model's own, or from 0 to the map's largest value."""
        high = self.facts.heatmap_scale
        if high is None:
            return MapScale(0.0, max(float(np.nan_to_num(heatmap).max()), 0.0), shared=False)
        low = self.facts.heatmap_low if self.facts.heatmap_low is not None else 0.0
        return MapScale(min(low, high), high, shared=True)

    def heatmap_picture(
        self,
        heatmap: npt.NDArray[np.float32],
        made: ModelInput,
        most_pixels: int | None = None,
        *,
        upright: bool = False,
    ) -> HeatmapPicture:
        """Lay a heat map over the picture as it came, or as seen from the front where it is to be `upright`.

        Raises InputError where the model input does not say where its pixels lie.
        """
        if made.placement is None:
            raise InputError("the model input does not say where its pixels lie in the picture")
        placement = made.placement.upright if upright else made.placement
        return heatmap_picture(heatmap, placement, self.map_scale(heatmap), most_pixels)

    def _computing(self) -> AbstractContextManager[None]:
        if self.facts.family == "detector":
            return nullcontext()
        from xray_platform.training.threads import threads  # torch takes seconds to import; detectors do without

        return threads(self.threads)

    def probability(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the calibrated probability of being abnormal, in [0, 1], of each score."""
        return np.asarray(self.facts.calibration.probability(scores), dtype=np.float64)

    def _prediction(
        self, score: float, made: ModelInput, shown: npt.NDArray[np.float32] | None, where: Placed | None
    ) -> Prediction:
        unfamiliar = where.beyond() if where else None
        threshold = self.facts.threshold.value
        probability, limit = self.probability(np.array([score, threshold]))
        return Prediction(
            model=self.facts.model,
            score=float(score),
            probability=float(probability),
            verdict="abnormal" if self.facts.threshold.predict(np.array([score]))[0] else "normal",
            threshold=threshold,
            threshold_probability=float(limit),
            warnings=(*([unfamiliar] if unfamiliar else []), *made.warnings),
            quarantine=made.quarantine,
            heatmap=shown,
            placed=where,
        )


def _notes(facts: BundleFacts, code: str | None) -> Iterator[str]:
    """Yield in words what is worth knowing of a bundle before its predictions are read."""
    if facts.provenance.get(ORIGIN) == PHANTOM:
        yield f"{facts.model} learnt from made-up pictures only; its verdicts say nothing about patients"
    if not facts.calibration.calibrated:
        yield f"the probabilities of {facts.model} are not calibrated: its validation part held one class only"
    if code:
        yield code
