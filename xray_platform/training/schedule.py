"""Schedule: how the learning rate changes from step to step, as a share of its greatest value."""

import math
from collections.abc import Callable, Mapping

END = 0.01  # share of the top that is left at the end of `cosine`
ONE_CYCLE_START, ONE_CYCLE_END = 0.04, 1e-4  # shares of the top at both ends of `one_cycle`
DROPS, DROP = (0.5, 0.75), 0.1  # `step`: after these shares of the steps the learning rate falls to a tenth

Schedule = Callable[[int, int, float], float]  # step, steps, share of them that is warm-up -> share of the top


def warm_up_then_cosine(step: int, steps: int, warmup: float) -> float:
    """Rise in a line, then fall along half a cosine (Loshchilov and Hutter, ICLR 2017); (0, 1] at `step` of `steps`.

    >>> [round(warm_up_then_cosine(step, 10, 0.2), 2) for step in (0, 1, 2, 6, 10)]
    [0.5, 1.0, 1.0, 0.51, 0.01]
    """
    rising = round(steps * warmup)
    return _line(step, rising) if step < rising else _cosine(1, END, _fallen(step, steps, rising))


def one_cycle(step: int, steps: int, warmup: float) -> float:
    """Rise and fall along half a cosine each, from little to nothing (Smith and Topin, 2018).

    >>> [round(one_cycle(step, 10, 0.2), 2) for step in (0, 1, 2, 6, 10)]
    [0.04, 0.52, 1.0, 0.5, 0.0]
    """
    rising = round(steps * warmup)
    if step < rising:
        return _cosine(ONE_CYCLE_START, 1, step / rising)
    return _cosine(1, ONE_CYCLE_END, _fallen(step, steps, rising))


def warm_up_then_steps(step: int, steps: int, warmup: float) -> float:
    """Rise in a line, then fall to a tenth after half of all steps, and again after three quarters.

    >>> [round(warm_up_then_steps(step, 8, 0.25), 2) for step in (0, 1, 3, 4, 6, 8)]
    [0.5, 1.0, 1.0, 0.1, 0.01, 0.01]
    """
    rising = round(steps * warmup)
    return _line(step, rising) if step < rising else DROP ** sum(step >= share * steps for share in DROPS)


def warm_up(step: int, steps: int, warmup: float) -> float:
    """Rise in a line and stay: the validation decides what comes after (`plateau`)."""
    rising = round(steps * warmup)
    return _line(step, rising) if step < rising else 1.0


def _line(step: int, rising: int) -> float:
    return (step + 1) / rising


def _fallen(step: int, steps: int, rising: int) -> float:
    return min((step - rising) / max(steps - rising, 1), 1.0)


def _cosine(start: float, end: float, way: float) -> float:
    """Return what lies `way` (0 to 1) between two values, along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * way)) / 2


SCHEDULES: Mapping[str, Schedule] = {
    "cosine": warm_up_then_cosine,
    "one_cycle": one_cycle,
    "step": warm_up_then_steps,
    "plateau": warm_up,
}
