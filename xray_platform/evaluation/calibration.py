"""Calibration: from scores to probabilities of being abnormal, learned on the validation part alone."""

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from xray_platform.errors import DataError
from xray_platform.evaluation.metrics import Flags, Numbers

Method = Literal["platt", "isotonic", "temperature"]
METHODS: tuple[Method, ...] = ("temperature", "platt", "isotonic")
LOG_TEMPERATURES = (-6.0, 6.0)


class Calibration(BaseModel):
    """A map from score to probability, never falling.

    `platt`, `temperature` and `none`: 1 / (1 + exp(−(slope·(x − centre)/scale + intercept))), where x is the score, or
    its natural logarithm if `logarithm` (scores that are distances have a long tail to the right). `isotonic`: straight
    lines between `knots` (score, probability), level outside. `none` means that the validation part held one class
    only: the number rises with the score and is a half at the threshold, nothing more.
    """

    model_config = ConfigDict(frozen=True)

    method: Literal["platt", "isotonic", "temperature", "none"]
    centre: float = 0.0
    scale: float = 1.0
    slope: float = 1.0
    intercept: float = 0.0
    logarithm: bool = False
    knots: tuple[tuple[float, float], ...] = ()
    explanation: str

    @property
    def calibrated(self) -> bool:
        """Whether the numbers may be read as probabilities."""
        return self.method != "none"

    def probability(self, score: Numbers) -> Numbers:
        """Return probabilities, float64 (N,) in [0, 1], of scores (N,)."""
        score = np.asarray(score, dtype=np.float64)
        if self.method == "isotonic":
            places, heights = np.array(self.knots, dtype=np.float64).T
            return np.asarray(np.interp(score, places, heights), dtype=np.float64)
        place = _logarithm(score) if self.logarithm else score
        return np.asarray(_logistic(self.slope * (place - self.centre) / self.scale + self.intercept), dtype=np.float64)


def fit_calibration(score: Numbers, labels: Flags, method: Method = "platt", *, threshold: float = 0.0) -> Calibration:
    """Fit on scores (N,), finite, and labels (N,) of the validation part.

    `platt`: logistic regression on the score with Platt's smoothed targets (Platt 1999; Lin, Lin & Weng 2007), which
    stays finite when the classes are perfectly apart; where all scores are positive, on the score or its logarithm,
    whichever makes the labels likelier. `temperature`: the score as a logit over the temperature at which the labels
    are likeliest (Guo et al. 2017), for networks. `isotonic`: pool adjacent violators, for some hundreds of
    pictures and more. With one class only nothing can be calibrated: a logistic curve about `threshold` stands in,
    and says so. Raises DataError where there are no pictures.
    """
    score, labels = np.asarray(score, dtype=np.float64), np.asarray(labels, dtype=bool)
    if not len(score):
        raise DataError("no calibration can be fitted: the validation part is empty; at least one picture is needed")
    if labels.all() or not labels.any():
        return _stand_in(score, threshold)
    fits = {"platt": _platt, "isotonic": _isotonic, "temperature": _temperature}
    return fits[method](score, labels)


def uncalibrated() -> Calibration:
    """Return what takes a score for the logit of a probability as it is: what a calibration is compared with."""
    return Calibration(method="none", explanation="The score itself, taken for the logit of the probability.")


def _logistic(x: Numbers) -> Numbers:
    """Return 1 / (1 + exp(−x)) without overflow; `scipy.special.expit` would take a quarter of a second to import."""
    return np.asarray(np.exp(-np.logaddexp(0, -x)), dtype=np.float64)


def _platt(score: Numbers, labels: Flags) -> Calibration:
    fits = [_fit_line(score, labels)]
    if score.min() > 0:
        fits.append(_fit_line(_logarithm(score), labels))
    logarithm = len(fits) > 1 and fits[1][0] < fits[0][0]
    _, centre, scale, slope, intercept = fits[logarithm]
    of = "the logarithm of the score" if logarithm else "the score"
    fell = "" if slope > 0 else " The scores do not rise with abnormality there: every picture gets the same number."
    words = f"Platt scaling: a logistic curve over {of}, fitted to {len(score)} pictures of the validation part.{fell}"
    line = {"centre": centre, "scale": scale, "slope": slope, "intercept": intercept}
    return Calibration(method="platt", logarithm=logarithm, explanation=words, **line)


def _fit_line(x: Numbers, labels: Flags) -> tuple[float, float, float, float, float]:
    """Fit a logistic curve that does not fall; return its loss, centre, scale, slope and intercept."""
    from scipy.optimize import minimize  # takes half a second to import, and a calibration in use does without

    centre, scale = float(np.mean(x)), _spread(x)
    abnormal, normal = int(labels.sum()), int((~labels).sum())
    target = np.where(labels, (abnormal + 1) / (abnormal + 2), 1 / (normal + 2))
    place = (x - centre) / scale

    def loss(line: Numbers) -> tuple[float, Numbers]:
        value = line[0] * place + line[1]
        gap = _logistic(value) - target
        return float(np.sum(np.logaddexp(0, value) - target * value)), np.array([gap @ place, gap.sum()])

    start = np.array([0.0, np.log((abnormal + 1) / (normal + 1))])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)])
    return float(found.fun), centre, scale, float(found.x[0]), float(found.x[1])


def _logarithm(score: Numbers) -> Numbers:
    return np.asarray(np.log(np.maximum(score, np.finfo(np.float64).tiny)), dtype=np.float64)


def _temperature(score: Numbers, labels: Flags) -> Calibration:
    from scipy.optimize import minimize_scalar  # as above

    def loss(logarithm: float) -> float:
        value = score / np.exp(logarithm)
        return float(np.mean(np.logaddexp(0, value) - labels * value))

    found = minimize_scalar(loss, bounds=LOG_TEMPERATURES, method="bounded", options={"xatol": 1e-6})
    temperature = float(np.exp(found.x))
    words = (
        f"Temperature scaling: the score as a logit over {temperature:.3g}, fitted to {len(score)} pictures of the "
        "validation part."
    )
    return Calibration(method="temperature", scale=temperature, explanation=words)


def _isotonic(score: Numbers, labels: Flags) -> Calibration:
    from sklearn.isotonic import IsotonicRegression  # slow to import

    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score, labels.astype(np.float64))
    knots = tuple(zip(fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist(), strict=True))
    words = f"Isotonic regression: a rising step curve fitted to {len(score)} pictures of the validation part."
    return Calibration(method="isotonic", knots=knots, explanation=words)


def _stand_in(score: Numbers, threshold: float) -> Calibration:
    words = (
        "Not calibrated: the validation part holds one class only. "
        "The number only says on which side of the threshold the score lies, and how far."
    )
    return Calibration(method="none", centre=threshold, scale=_spread(score), explanation=words)


def _spread(score: Numbers) -> float:
    spread = float(np.std(score))
    return spread if spread > 0 else 1.0
