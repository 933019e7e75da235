"""The benchmark of bits: what each way of keeping images leaves of them, and that what is lost is found."""

from pathlib import Path

import numpy as np
import pytest

from xray_platform.bench import bits
from xray_platform.bench.bits import BITS, KEPT, RANGES, Trial, compared, prepared
from xray_platform.bench.contract import Inputs
from xray_platform.progress import silent

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)


@pytest.mark.parametrize(("stored", "levels"), [("full range", 256), ("a sixteenth of the range", 17)])
def test_8_bits_leave_few_levels_of_a_chest_that_fills_little_of_the_range(stored: str, levels: int) -> None:
    whole = RANGES[stored](RAMP)
    assert len(np.unique(KEPT["16 bits"](whole))) == 4096
    assert len(np.unique(KEPT["8 bits"](whole))) == pytest.approx(levels, abs=1)
    assert len(np.unique(KEPT["JPEG"](whole))) < 300


def test_a_faint_step_is_there_for_16_bits_and_gone_for_8() -> None:
    chest = np.full((256, 256), 2000, np.uint16)
    chest[64:192, 64:192] += np.uint16(40)
    chest[0, 0], chest[-1, -1] = 0, 4095
    seen = {kept: prepared([chest], 64, "a sixteenth of the range", kept)[0] for kept in KEPT}
    assert seen["16 bits"][32, 32] > seen["16 bits"][4, 4]
    assert seen["8 bits"][32, 32] == seen["8 bits"][4, 4]


def test_a_loss_is_told_with_its_interval() -> None:
    rng = np.random.default_rng(0)
    abnormal = rng.random(200) < 0.5
    good, bad = abnormal + rng.normal(0, 0.4, 200), abnormal + rng.normal(0, 3.0, 200)
    found = compared("a network", {"16 bits": good, "8 bits": bad}, abnormal)
    assert float(found["a network, 8 bits: auroc lost against 16 bits"]) > 0.2
    low, high = str(found["a network, 8 bits: auroc lost against 16 bits, 95% interval"]).split(" to ")
    assert 0 < float(low) < float(high)


def test_it_runs_and_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TRAIN", 12), ("VAL", 8), ("TEST", 12), ("SEEDS", (0,))):
        monkeypatch.setattr(bits, name, value)
    monkeypatch.setattr(bits, "TRIALS", (Trial("attention_cnn", 32, {"width": 8}),))
    figures = BITS.measure(silent, Inputs(tmp_path))
    assert len([name for name in figures if name.endswith(": auroc")]) == len(RANGES) * len(KEPT)
    done = sorted((tmp_path / "bench" / "bits").glob("*.json"))
    assert len(done) == len(RANGES) * len(KEPT)
    monkeypatch.setattr(bits, "fit_network", None)
    assert BITS.measure(silent, Inputs(tmp_path)) == figures


def test_of_what_is_done_it_tells_without_a_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TRAIN", 12), ("VAL", 8), ("TEST", 12), ("SEEDS", (0,))):
        monkeypatch.setattr(bits, name, value)
    small = (Trial("attention_cnn", 32, {"width": 8}), Trial("attention_cnn", 48, {"width": 8}))
    monkeypatch.setattr(bits, "TRIALS", small)
    figures = BITS.measure(silent, Inputs(tmp_path, only=("32",)))
    assert "attention_cnn at 32 px, full range, JPEG: auroc" in figures
    monkeypatch.setattr(bits, "fit_network", None)
    assert BITS.measure(silent, Inputs(tmp_path, only=("done",))) == figures
