"""Class calibration: from outputs for several classes to their probabilities, learned on the validation part alone."""

import numpy as np
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.calibration import Calibration, Method, fit_calibration
from xray_platform.evaluation.class_outputs import ClassOutputs
from xray_platform.evaluation.metrics import Flags, Numbers
from xray_platform.evaluation.wording import count
from xray_platform.tables.findings import ManyClasses

LOG_TEMPERATURES = (-2.3, 3.0)  # from 0.1 to 20: a few pictures told apart perfectly would ask for none at all


class ClassCalibration(BaseModel):
    """Turns outputs (N, K) and the calibrated probability of being abnormal (N,) into probabilities (N, K).

    Normal always has what is left of the probability of being abnormal, so that the two never contradict each other.
    `label`: the findings share the rest as a softmax of their outputs over `temperature` does. `findings`: each has a
    curve of its own, in the order of the classes after normal.
    """

    model_config = ConfigDict(frozen=True)

    target: ManyClasses
    classes: tuple[str, ...]
    temperature: float = 1.0
    curves: tuple[Calibration, ...] = ()
    calibrated: bool
    explanation: str

    def probability(self, outputs: Numbers, abnormal: Numbers) -> Numbers:
        """Return probabilities, float64 (N, K); those of one label add up to 1."""
        outputs, abnormal = np.asarray(outputs, dtype=np.float64), np.asarray(abnormal, dtype=np.float64)
        if self.target == "label":
            rest = abnormal[:, None] * _softmax(outputs[:, 1:] / self.temperature)
        else:
            columns = [curve.probability(outputs[:, place]) for place, curve in enumerate(self.curves, start=1)]
            rest = np.stack(columns, axis=1)
        return np.concatenate([1 - abnormal[:, None], rest], axis=1)


def fit_class_calibration(
    outputs: ClassOutputs, present: Flags, method: Method, *, calibrated: bool
) -> ClassCalibration:
    """Fit on outputs and classes (N, K) of the validation part; `calibrated` says whether normal and abnormal are."""
    if outputs.target == "findings":
        curves = tuple(
            fit_calibration(outputs.logits[:, place], present[:, place], method)
            for place in range(1, len(outputs.classes))
        )
        lacking = [name for name, curve in zip(outputs.classes[1:], curves, strict=True) if not curve.calibrated]
        words = "Each finding has a curve of its own, fitted to the validation part."
        if lacking:
            words += f" Not calibrated, for want of pictures with and without them there: {', '.join(lacking)}."
        return ClassCalibration(
            target="findings",
            classes=outputs.classes,
            curves=curves,
            calibrated=calibrated and not lacking,
            explanation=words,
        )
    single = (present[:, 1:].sum(axis=1) == 1) & ~present[:, 0]
    temperature = _temperature(outputs.logits[single, 1:], present[single, 1:])
    words = (
        f"The findings share the probability of being abnormal by a softmax at the temperature {temperature:.2f}, "
        f"fitted to {count(int(single.sum()), 'abnormal picture')} of the validation part."
        if temperature
        else "The findings are not calibrated: the validation part holds no abnormal picture with one finding."
    )
    return ClassCalibration(
        target="label",
        classes=outputs.classes,
        temperature=temperature or 1.0,
        calibrated=calibrated and temperature > 0,
        explanation=words,
    )


def _temperature(outputs: Numbers, present: Flags) -> float:
    """Return the temperature at which the labels are likeliest (Guo et al. 2017); 0 where there is nothing to learn."""
    if not len(outputs):
        return 0.0
    if outputs.shape[1] == 1:
        return 1.0
    from scipy.optimize import minimize_scalar  # takes half a second to import, and a calibration in use does without

    def loss(logarithm: float) -> float:
        scaled = outputs / np.exp(logarithm)
        largest = scaled.max(axis=1)
        whole = largest + np.log(np.exp(scaled - largest[:, None]).sum(axis=1))
        return float((whole - scaled[present]).mean())

    found = minimize_scalar(loss, bounds=LOG_TEMPERATURES, method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x))


def _softmax(values: Numbers) -> Numbers:
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float64)
