"""Network trials: which trainings tell how good the networks are and what each measure buys, the most telling first."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import product
from typing import Any

import pandas as pd

from xray_platform.imaging.named_recipe import NamedRecipe
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.recipes import RECIPES, named_recipe
from xray_platform.imaging.step import StepSettings
from xray_platform.imaging.steps.border import BorderSettings
from xray_platform.imaging.steps.tone import EqualiseSettings
from xray_platform.networks.all import NETWORKS
from xray_platform.networks.contract import NetworkKind
from xray_platform.training.training_settings import TrainingSettings

BRIEF_EPOCHS, BRIEF_SIDE, LARGE_SIDE = 4, 112, 224
BRIEF: Mapping[str, Any] = {"epochs": BRIEF_EPOCHS}
HALF = 0.5  # of the abnormal subjects that a brief training learns from: there are three times as many as normal ones
SAID = f"{BRIEF_EPOCHS} epochs, {BRIEF_SIDE} px, half of the abnormal"
FORMS = ("proposed", "standard")
SEEDS = (0, 1, 2)  # of one network, whose scores are averaged too
GROUPS = ("shipped", "long", "measures", "architectures", "subjects", "large")
STRONG: Mapping[str, Any] = {
    "rotation_degrees": 10.0, "shift": 0.06, "scale": 0.2, "stretch": 0.35, "brightness": 0.15, "contrast": 0.3,
    "gamma": 0.5, "sharpness": 0.5, "blur": 0.25, "noise": 0.05,
}  # fmt: skip


def _equalised_without(name: str, step: type[StepSettings]) -> NamedRecipe:
    whole = RECIPES["equalised"]
    return NamedRecipe(
        f"equalised without {name}", "", tuple(each for each in whole.steps if not isinstance(each, step))
    )


VARIANTS = {
    recipe.name: recipe
    for recipe in (_equalised_without("border", BorderSettings), _equalised_without("equalise", EqualiseSettings))
}


@dataclass(frozen=True)
class Measure:
    """What is done otherwise than as shipped: a recipe, a side, settings of the network or of its training."""

    recipe: str = "equalised"
    side: int = BRIEF_SIDE
    network: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)


MEASURES: Mapping[str, Measure] = {
    "seed 1": Measure(training={"seed": 1}),
    "border not cut off": Measure("equalised without border"),
    "tones as they are": Measure("equalised without equalise"),
    "strong augmentation": Measure(training=STRONG),
    "no moving average": Measure(training={"ema_decay": 0.0}),
    "no label smoothing": Measure(training={"label_smoothing": 0.0}),
    "96 px": Measure(side=96),
    "160 px": Measure(side=160),
    "mixup 0.2": Measure(training={"mixup": 0.2}),
    "twice the epochs": Measure(training={"epochs": 2 * BRIEF_EPOCHS}),
    "recipe default": Measure("default"),
    "recipe lungs": Measure("lungs"),
    "seed 2": Measure(training={"seed": 2}),
    "width 48": Measure(network={"width": 48}),
    "cosine schedule, best epoch": Measure(training={"schedule": "cosine", "warmup": 0.1, "kept_epoch": "best"}),
}
"""One change each to the attention network as it is trained briefly."""

LONG: Mapping[str, Measure] = {
    "strong augmentation": Measure(training=STRONG),
    "tones as they are": Measure("equalised without equalise"),
}
"""Changes to the attention network as it is shipped, trained as long."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One training: of which network, on which images, without which family, with what changed; `group` it belongs to.

    It learns from a `share` of the abnormal subjects of the training part. `pools` names the networks whose scores are
    averaged with those of this one.

    """

    title: str
    network: NetworkKind
    recipe: str
    side: int
    without: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    group: str = "shipped"
    pools: tuple[str, ...] = ()
    share: float = 1.0

    @property
    def network_settings(self) -> Any:
        return self.network.settings(**self.settings)

    @property
    def training_settings(self) -> TrainingSettings:
        """The settings of its training, on one thread: so its minutes are those of one core."""
        return TrainingSettings(**{"threads": 1, **self.training})

    @property
    def steps(self) -> Recipe:
        return named_recipe(self.recipe, self.side, {**RECIPES, **VARIANTS})

    def id(self) -> str:
        """Return digits that another trial does not have."""
        settings = [each.model_dump(mode="json") for each in (self.network_settings, self.training_settings)]
        made: list[Any] = [self.network.name, self.network.version, self.steps.id, self.without, settings]
        made += [self.share] if self.share < 1 else []
        return sha256(json.dumps(made).encode()).hexdigest()[:16]


def trials(rows: pd.DataFrame) -> Iterator[Trial]:
    """Yield all trials of images (with `abnormal` and `family`), those that tell most first."""
    counted = rows.loc[~rows["abnormal"], "family"].value_counts()
    unseen = list(counted.index) if len(counted) > 1 else []  # the larger family first
    shipped, hardest = NETWORKS["attention_cnn"], (unseen[:1] or [""])[0]
    if unseen:
        yield _shipped(shipped, hardest)
        yield from _long(shipped, hardest)
    yield from _measures(hardest)
    yield from _architectures(hardest)
    for family in (*unseen[1:], ""):
        yield _shipped(shipped, family)
    yield from _subjects()
    yield from _large(hardest)
    for family in unseen[1:]:
        yield from _measures(family)
        yield from _architectures(family)
    for kind in NETWORKS.values():
        if kind is not shipped:
            yield from (_shipped(kind, family) for family in (*unseen, ""))


def _shipped(kind: NetworkKind, family: str) -> Trial:
    return Trial(f"{kind.name} as shipped{_never(family)}", kind, kind.recipe, kind.side, family)


def _long(kind: NetworkKind, family: str) -> Iterator[Trial]:
    for name, measure in LONG.items():
        title = f"{kind.name} as shipped but {name}{_never(family)}"
        yield Trial(title, kind, measure.recipe, kind.side, family, measure.training, measure.network, "long")


def _measures(family: str) -> Iterator[Trial]:
    """Yield the attention network, trained briefly, as shipped and with one thing changed after another."""
    kind = NETWORKS["attention_cnn"]
    named = f"{kind.name}, {SAID}"
    pools = {"seed": f"{len(SEEDS)} seeds of {named}{_never(family)}"}
    for name, measure in {"as shipped": Measure(), **MEASURES}.items():
        joined = ("proposed",) if name == "as shipped" else ()
        seeds = (pools["seed"],) if name == "as shipped" or name.startswith("seed ") else ()
        yield Trial(
            f"{named}, {name}{_never(family)}", kind, measure.recipe, measure.side, family,
            {**BRIEF, **measure.training}, measure.network, "measures",
            seeds + tuple(_pool(family) for _ in joined), HALF,
        )  # fmt: skip


def _architectures(family: str) -> Iterator[Trial]:
    """Yield every other network, trained as briefly, in both of its forms."""
    for kind in (kind for name, kind in NETWORKS.items() if name != "attention_cnn"):
        for form in FORMS:
            yield _brief("architectures", kind, family, form=form, pools=(_pool(family),) if form == FORMS[0] else ())


def _subjects() -> Iterator[Trial]:
    """Yield every network in each of its forms, of both sides, judged on subjects alone that it never saw."""
    for side, form, kind in product((BRIEF_SIDE, LARGE_SIDE), FORMS, NETWORKS.values()):
        has_forms = "form" in kind.settings.model_fields
        if has_forms or form == FORMS[0]:
            yield _brief("subjects", kind, "", side, form if has_forms else "")


def _large(family: str) -> Iterator[Trial]:
    for name in ("attention_cnn", "resnet", "efficientnet", "densenet", "vgg"):
        yield _brief("large", NETWORKS[name], family, LARGE_SIDE)


def _brief(
    group: str, kind: NetworkKind, family: str, side: int = BRIEF_SIDE, form: str = "", pools: tuple[str, ...] = ()
) -> Trial:
    """Return the brief training of a network, in a form of it where it has several, on the recipe that is its own."""
    named, said = f" ({form})" if form else "", SAID.replace(str(BRIEF_SIDE), str(side))
    title, changed = f"{kind.name}{named}, {said}{_never(family)}", {"form": form} if form else {}
    return Trial(title, kind, kind.recipe, side, family, BRIEF, changed, group, pools, HALF)


def _pool(family: str) -> str:
    return f"all networks (proposed), {SAID}{_never(family)}"


def _never(family: str) -> str:
    return f", {family} never seen" if family else ""
