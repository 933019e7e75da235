"""Uncertainty: how near a probability lies to where the verdict would be the other one."""


def uncertainty(probability: float, threshold_probability: float) -> float:
    """Return 1 where a probability lies at its threshold, 0 as far from it as it can be on its side, evenly between.

    >>> uncertainty(0.5, 0.5), uncertainty(1.0, 0.5), round(uncertainty(0.1, 0.2), 3)
    (1.0, 0.0, 0.5)
    """
    room = 1 - threshold_probability if probability >= threshold_probability else threshold_probability
    return 1 - abs(probability - threshold_probability) / room if room > 0 else 1.0
