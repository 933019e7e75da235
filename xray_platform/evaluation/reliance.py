"""Reliance: how far probabilities and verdicts hold: calibrations side by side, conformal sets, a reject option."""

from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.calibration_comparison import CalibrationComparison, compare_calibrations
from xray_platform.evaluation.conformal_sets import ConformalResult, conformal_sets
from xray_platform.evaluation.error_order import ErrorOrder, error_orders
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.selective import RiskCoverage, risk_coverage


class Reliance(BaseModel):
    """All three, each with a reason where it could not be computed; and which measure of doubt finds the mistakes."""

    model_config = ConfigDict(frozen=True)

    calibrations: CalibrationComparison
    conformal: ConformalResult
    selective: RiskCoverage
    orders: tuple[ErrorOrder, ...] = ()

    def figures(self) -> dict[str, float]:
        """Return the figures of the test part that a tracker logs, by name; what is undefined is left out."""
        flat: dict[str, float | None] = {"test/risk_coverage/area": self.selective.area}
        for point in self.selective.points:
            accuracy = point.metrics["accuracy"].value
            flat[f"test/risk_coverage/accuracy_of_surest_{round(100 * point.wanted)}"] = accuracy
        for one in self.conformal.sets:
            name = f"test/conformal_{round(100 * one.promised)}"
            flat |= {f"{name}/coverage": one.coverage.value, f"{name}/single": one.single}
        for order in self.orders:
            flat[f"test/uncertainty/{order.source}/error_auroc"] = order.auroc.value
            flat[f"test/uncertainty/{order.source}/risk_coverage_area"] = order.area
        return {name: value for name, value in flat.items() if value is not None}


def reliance_of(evaluation: Evaluation) -> Reliance:
    """Return how far the probabilities and verdicts of a model can be relied on, on the test part."""
    return Reliance(
        calibrations=compare_calibrations(evaluation),
        conformal=conformal_sets(evaluation),
        selective=risk_coverage(evaluation),
        orders=error_orders(evaluation),
    )
