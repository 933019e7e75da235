"""Schedule: the learning rate rises in a line, then falls along half a cosine (Loshchilov and Hutter, ICLR 2017)."""

import math

END = 0.01  # share of the top that is left at the end


def warm_up_then_cosine(step: int, steps: int, warmup: float) -> float:
    """Return the share of the greatest learning rate, in (0, 1], at `step` of `steps`.

    >>> [round(warm_up_then_cosine(step, 10, 0.2), 2) for step in (0, 1, 2, 6, 10)]
    [0.5, 1.0, 1.0, 0.51, 0.01]
    """
    rising = round(steps * warmup)
    if step < rising:
        return (step + 1) / rising
    fallen = min((step - rising) / max(steps - rising, 1), 1.0)
    return END + (1 - END) * (1 + math.cos(math.pi * fallen)) / 2
