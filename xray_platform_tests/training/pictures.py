"""Made-up pictures for training tests: smooth grey clouds, the abnormal ones with a bright blob low on the right."""

import cv2
import numpy as np

from xray_platform.image_stack import Images, Labels

Part = tuple[Images, Labels]
SIDE = 32
BLOB = (slice(19, 26), slice(19, 26))


def clouds(count: int, seed: int, side: int = SIDE) -> Images:
    rng = np.random.default_rng(seed)
    coarse = rng.random((count, 6, 6), np.float32)
    smooth = [cv2.resize(cloud, (side, side), interpolation=cv2.INTER_LINEAR) for cloud in coarse]
    return np.asarray(smooth, np.float32) * np.float32(0.6)


def part(count: int, seed: int) -> Part:
    images, labels = clouds(count, seed), np.arange(count) % 2 == 1
    images[labels, *BLOB] += 0.35
    return images, labels
