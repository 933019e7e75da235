"""Fonts: the type faces of this machine by the scripts that they hold; some to train on, others held out."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from fontTools.ttLib import TTCollection, TTFont, TTLibError
from matplotlib.font_manager import findSystemFonts

from xray_platform.errors import InputError
from xray_platform.progress import Progress, silent
from xray_platform.training.writing.words import ALPHABETS, Rng

FontSplit = Literal["train", "held_out"]
_DIGITS = "0123456789"
# Signs that are no writing: pictures, music, mathematics, bar codes; and fonts that show a box for everything.
_NO_WRITING = (
    "emoji",
    "symbol",
    "dingbat",
    "music",
    "math",
    "icon",
    "awesome",
    "blank",
    "barcode",
    "wingding",
    "lastresort",
)
_HANDS = (
    "kristi",
    "dancing",
    "breip",
    "isabella",
    "rufscript",
    "humor",
    "xkcd",
    "femke",
    "ecolier",
    "script",
    "purisa",
)


@dataclass(frozen=True)
class Font:
    """A font file, its family, and the scripts of which it holds every sign."""

    path: str
    family: str
    scripts: tuple[str, ...]

    @property
    def is_hand(self) -> bool:
        """Whether it imitates a hand, as far as its name tells."""
        return "latin" in self.scripts and any(word in Path(self.path).name.casefold() for word in _HANDS)

    @property
    def split(self) -> FontSplit:
        """To train on (three families of four) or held out: the same on every machine."""
        return "held_out" if sha256(f"0|{self.family.casefold()}".encode()).digest()[0] % 4 == 0 else "train"


class FontSet:
    """Fonts to draw from: every family of a script is drawn as often, however many styles it has."""

    def __init__(self, fonts: Sequence[Font]) -> None:
        families: dict[str, dict[str, list[Font]]] = {}
        for font in fonts:
            for script in font.scripts:
                families.setdefault(script, {}).setdefault(font.family, []).append(font)
        self._families = {script: [held[name] for name in sorted(held)] for script, held in families.items()}
        self.hands = [font for font in fonts if font.is_hand]

    def holds(self, script: str) -> bool:
        return script in self._families

    def choose(self, script: str, rng: Rng) -> Font:
        """Return a font that holds a script."""
        families = self._families[script]
        styles = families[int(rng.integers(len(families)))]
        return styles[int(rng.integers(len(styles)))]


def find_fonts(folders: Sequence[Path] = (), progress: Progress = silent) -> list[Font]:
    """Return the TrueType and OpenType fonts in folders (else: of this machine), in the order of their paths.

    Raises InputError where there is none.
    """
    paths = sorted(findSystemFonts([str(folder) for folder in folders] or None))
    fonts = []
    for done, path in enumerate(paths, start=1):
        if not any(word in Path(path).name.casefold() for word in _NO_WRITING):
            fonts += [font for font in [_read(path)] if font is not None and font.scripts]
        progress(done, len(paths), "reading fonts")
    if not fonts:
        raise InputError(
            f"no TrueType or OpenType font in {', '.join(map(str, folders)) or 'the folders of this machine'}"
        )
    return fonts


def _read(path: str) -> Font | None:
    try:
        several = path.endswith((".ttc", ".otc"))
        with closing(TTCollection(path, lazy=True) if several else TTFont(path, lazy=True)) as file:
            font = file.fonts[0] if isinstance(file, TTCollection) else file
            held = set(map(chr, font.getBestCmap() or ()))
            family = str(font["name"].getDebugName(1) or Path(path).stem)
    except (TTLibError, OSError, KeyError, AttributeError, AssertionError, ValueError):
        return None
    scripts = tuple(name for name, signs in ALPHABETS.items() if held.issuperset(signs))
    plain = held.issuperset(_DIGITS) or not {"latin", "accented"}.isdisjoint(scripts)
    return Font(path, family, scripts if plain else ())
