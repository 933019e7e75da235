"""Words: made-up names, numbers, dates and signs as devices, archives and people write them into radiographs."""

from collections.abc import Callable
from functools import cache

import numpy as np

Rng = np.random.Generator

ALPHABETS: dict[str, str] = {
    "latin": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "accented": "ÄÖÜÉÈÇÑŠŽÅØŁÁÍÓÚÝŘĚäöüßéèçñšžåøłáíóúýřěabcdefgmnorst",
    "cyrillic": "".join(map(chr, range(0x410, 0x450))),
    "greek": "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρστυφχψω",
    "hebrew": "".join(map(chr, range(0x5D0, 0x5EB))),
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "thai": "".join(map(chr, range(0xE01, 0xE2F))),
    "devanagari": "".join(map(chr, range(0x915, 0x93A))),
    "kana": "".join(map(chr, (*range(0x3042, 0x3094), *range(0x30A2, 0x30F4)))),
    "hangul": "".join(map(chr, range(0xAC00, 0xD7A0, 37))),
    "han": "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹山田中村小林木加藤吉渡辺伊東京大医院放射線科",
}
"""Signs by script; an alphabet is what a font must hold to be used for it."""

SHARES = {
    "latin": 0.5, "accented": 0.08, "cyrillic": 0.1, "greek": 0.07, "hebrew": 0.03, "arabic": 0.06,
    "thai": 0.02, "devanagari": 0.02, "kana": 0.03, "hangul": 0.03, "han": 0.06,
}  # fmt: skip
"""How often each script is drawn."""

_SYLLABLES = [
    "an", "ber", "ka", "lo", "mi", "ra", "son", "ter", "vi", "de", "ja", "ko", "li", "mar", "ne", "os", "pe", "ri",
    "sa", "to", "ul", "we", "zu", "el", "in", "or", "al", "en", "ha", "fi",
]  # fmt: skip
_TERMS = [
    "PORTABLE", "ERECT", "SUPINE", "UPRIGHT", "CHEST", "THORAX", "ICU", "BED", "WARD", "DOB", "MRN", "ID", "PID",
    "NAME", "SEX", "AGE", "Patient", "Klinik", "Hospital", "Radiology", "X-RAY", "MOBILE", "SEMI", "ACC", "Dr.",
    "Prof.", "KV", "mAs", "cm", "mm", "AP", "PA", "LAT", "AM", "PM", "F", "M", "GRID", "SID", "EXP", "Room", "A-P",
    "P-A", "A-P", "mA:320", "KV59", "mAs:2.5",
]  # fmt: skip
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def line(script: str, rng: Rng) -> str:
    """Return a line of two signs or more in a script: names, dates, times, numbers, terms, or signs at random."""
    makers: tuple[Callable[[str, Rng], str], ...] = (_name, _name, _date, _number, _signs, _term, _short)
    text = makers[rng.integers(len(makers))](script, rng)
    while len(text.replace(" ", "")) < 2:
        text += _digits(rng, 1)
    if rng.random() < 0.15:
        text += " " + makers[rng.integers(len(makers))](script, rng)
    return text[:32].strip()


def companion(what: str, script: str, rng: Rng) -> str:
    """Return what may stand beside a name of two letters: `digits`, a `date` or another `name`, of three and more."""
    if what == "digits":
        return _digits(rng, int(rng.integers(3, 9)))
    made = _date(script, rng) if what == "date" else _cased(_word(script, rng, int(rng.integers(3, 9))), rng)
    return made if len(made) >= 3 else made + _word(script, rng, 4)


def _one(choices: str | list[str], rng: Rng) -> str:
    return choices[int(rng.integers(len(choices)))]


def _digits(rng: Rng, count: int) -> str:
    return "".join(_one("0123456789", rng) for _ in range(count))


def _word(script: str, rng: Rng, length: int) -> str:
    if script == "latin" and rng.random() < 0.6:
        return "".join(_one(_SYLLABLES, rng) for _ in range(max(1, length // 2))).capitalize()
    return "".join(_one(ALPHABETS[script], rng) for _ in range(length))


def _cased(text: str, rng: Rng) -> str:
    return text.upper() if rng.random() < 0.5 else text


def _name(script: str, rng: Rng) -> str:
    parts = [_word(script, rng, int(rng.integers(2, 10))) for _ in range(int(rng.integers(1, 4)))]
    return _cased(_one(["^", " ", ", ", " ", ","], rng).join(parts), rng)


def _short(script: str, rng: Rng) -> str:
    """Two or three letters, alone or beside a number or a name: the hardest to tell from a marker."""
    short = _cased(_word(script, rng, int(rng.integers(2, 4))), rng)[: int(rng.integers(2, 4))]
    kind = rng.random()
    if kind < 0.35:
        return short
    return f"{short} {_digits(rng, int(rng.integers(1, 5)))}" if kind < 0.8 else f"{short} {_name(script, rng)}"


def _date(_: str, rng: Rng) -> str:
    day, month, year = int(rng.integers(1, 29)), int(rng.integers(1, 13)), int(rng.integers(1920, 2030))
    clock = f"{int(rng.integers(24)):02}:{int(rng.integers(60)):02}"
    forms = (
        f"{day:02}.{month:02}.{year}", f"{year}-{month:02}-{day:02}", f"{month:02}/{day:02}/{year % 100:02}", clock,
        f"{day} {_MONTHS[month - 1]} {year}", f"{year}{month:02}{day:02}", f"{clock}:{int(rng.integers(60)):02}",
        f"*{day:02}.{month:02}.{year}", f"{day:02}-{_MONTHS[month - 1].upper()}-{year}  {clock}", f"{year}",
    )  # fmt: skip
    return forms[int(rng.integers(len(forms)))]


def _number(_: str, rng: Rng) -> str:
    digits = _digits(rng, int(rng.integers(2, 11)))
    return _one(["", "", "MRN", "ID ", "No. ", "#", "A", "K-"], rng) + digits


def _signs(script: str, rng: Rng) -> str:
    pool = ALPHABETS[script] + "0123456789.,:-/()+" * (rng.random() < 0.4)
    return "".join(_one(pool, rng) for _ in range(int(rng.integers(2, 13))))


def _term(_: str, rng: Rng) -> str:
    text = _one(_TERMS, rng)
    return text if rng.random() < 0.6 else f"{text} {_one(_TERMS, rng)}"


@cache
def scripts() -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return the scripts and how often each is drawn; shares sum to 1."""
    total = sum(SHARES.values())
    return tuple(SHARES), tuple(share / total for share in SHARES.values())
