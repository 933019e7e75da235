"""Intended use: what holds for every model that the platform makes, whatever its data."""

INTENDED_USE = (
    "Research on chest radiographs seen from the front, prepared as this platform prepares them. Not a medical device: "
    "no decision about a patient may rest on it."
)
LIMITS = (
    "It tells normal from abnormal as the labels of its own data mean it, names no disease, and was judged on pictures "
    "of the source that it learnt from: another hospital, device or age group must be tested first."
)
