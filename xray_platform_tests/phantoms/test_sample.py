"""A phantom is decided before it is drawn, and nothing about it gives its finding away."""

from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, ks_2samp

from xray_platform.phantoms.parameters import PhantomParameters
from xray_platform.phantoms.phantom import ABNORMAL, FINDINGS
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom, sample_subject
from xray_platform.phantoms.style import sample_style


@given(seed=st.integers(0, 2**32 - 1), name=st.sampled_from(ABNORMAL))
@settings(max_examples=60, deadline=None)
def test_the_same_draw_with_another_finding_differs_in_nothing_else(seed: int, name: str) -> None:
    """This is the proof of independence: the finding's random numbers are nobody else's."""
    sound = sample_phantom(np.random.default_rng(seed), PhantomSettings(abnormal_share=0))
    ill = sample_phantom(np.random.default_rng(seed), PhantomSettings(abnormal_share=1, findings=(name,)))
    assert sound.finding.name == "normal"
    assert ill.finding.name == name
    assert replace(ill, finding=sound.finding) == sound


def test_what_the_eye_could_cheat_by_is_as_common_with_and_without_a_finding() -> None:
    drawn = [_draw(seed) for seed in range(1200)]
    ill = np.array([parameters.finding.name != "normal" for parameters, _ in drawn])
    for what in ("vendor", "marker", "leads", "view", "shape", "sex", "photometric", "transfer_syntax", "orientation"):
        seen = [str(_look_up(parameters, style, what)) for parameters, style in drawn]
        table = np.array([list(_counts(seen, ill == flag).values()) for flag in (False, True)])
        common = table[:, table.sum(axis=0) >= 30]
        assert chi2_contingency(common).pvalue > 1e-4, what
    for what in ("exposure", "scatter", "blur_pixels", "window_shift", "age_years", "fat_mm", "heart", "tilt_degrees"):
        values = np.array([_look_up(parameters, style, what) for parameters, style in drawn], dtype=float)
        assert ks_2samp(values[ill], values[~ill]).pvalue > 1e-4, what


def test_half_are_abnormal_and_the_findings_come_evenly() -> None:
    rng = np.random.default_rng(1)
    names = Counter(sample_phantom(rng).finding.name for _ in range(1600))
    assert set(names) == set(FINDINGS)
    assert names["normal"] == pytest.approx(800, abs=90)
    assert all(names[name] == pytest.approx(200, abs=60) for name in ABNORMAL)


def test_plainer_settings_give_plainer_findings() -> None:
    def mean_strength(difficulty: float) -> float:
        settings = PhantomSettings(abnormal_share=1, findings=("opacity",), difficulty=difficulty)
        rng = np.random.default_rng(4)
        return float(np.mean([sample_phantom(rng, settings).finding.strength for _ in range(200)]))

    assert mean_strength(0.5) > mean_strength(1.0) > mean_strength(2.0)


def test_pictures_of_one_subject_share_the_body_but_not_the_pose() -> None:
    rng = np.random.default_rng(2)
    subject = sample_subject(rng)
    first, second = (sample_phantom(rng, PhantomSettings(), subject) for _ in range(2))
    assert first.subject == second.subject == subject
    assert first.pose != second.pose


def test_women_have_breasts_and_the_old_have_wider_aortas() -> None:
    rng = np.random.default_rng(3)
    bodies = [sample_subject(rng) for _ in range(600)]
    assert all((body.breast_mm > 0) == (body.sex == "F") for body in bodies)
    old = np.mean([body.aorta for body in bodies if body.age_years > 70])
    young = np.mean([body.aorta for body in bodies if body.age_years < 40])
    assert old > young + 0.05


def _draw(seed: int) -> tuple[PhantomParameters, object]:
    rng = np.random.default_rng(seed)
    parameters = sample_phantom(rng)
    return parameters, sample_style(rng, parameters.technique.vendor, parameters.pose.view)


def _look_up(parameters: PhantomParameters, style: object, what: str) -> object:
    for holder in (parameters, parameters.technique, parameters.pose, parameters.subject, style):
        if what in {field.name for field in fields(holder)}:  # type: ignore[arg-type]
            return getattr(holder, what)
    raise KeyError(what)


def _counts(seen: list[str], where: np.ndarray) -> dict[str, int]:
    counts = Counter(value for value, here in zip(seen, where, strict=True) if here)
    return {value: counts[value] for value in sorted(set(seen))}
