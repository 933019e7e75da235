"""Evidence text: how evidence names the tags and numbers of a file, so that a file cannot spell anything through them.

Evidence leaves the raw zone. A tag or a length that a file makes up is four bytes of its choice, a decimal string any
number: a name, or a patient's. So only tags of the dictionary are named, and large numbers are rounded.
"""

MOST_BITS = 64


def element(tag: int) -> str:
    """Name an attribute of the DICOM dictionary (PS3.6) by its keyword; no other tag is repeated."""
    from pydicom.datadict import keyword_for_tag  # half a second to import, and few files need it

    if keyword := keyword_for_tag(tag):
        return f"the element {keyword}"
    return "a private element" if tag >> 16 & 1 else "an element that the dictionary does not know"


def about(number: float) -> str:
    """Return a number below 1,000 as a whole one, a larger one to two digits."""
    if number < 1000:
        return f"{number:.0f}"
    step = 10 ** (len(f"{number:.0f}") - 2)
    return f"about {round(number / step) * step:.0f}"


def bits(number: int) -> str:
    """Return a number of bits as it is, or that it is more than any word has."""
    return str(number) if number <= MOST_BITS else f"more than {MOST_BITS}"
