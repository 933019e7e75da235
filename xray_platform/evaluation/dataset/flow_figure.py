"""Flow figure: where the boxes, arrows and words of the flow diagram stand; a template makes SVG of it."""

import textwrap
from dataclasses import dataclass
from typing import Literal

from xray_platform.evaluation.dataset.flow import Flow, FlowPart, LeftOut

LINE = 19  # pixels from one line of text to the next
PAD = 11
GAP = 34  # between two stages, where the arrow is
LETTER = 6.9  # mean width of a letter at 13 pixels, rather too wide than too narrow
Look = Literal["stage", "left out", "part"]


@dataclass(frozen=True)
class TextLine:
    """One line of text: its left or middle end at x, its baseline at y."""

    x: float
    y: float
    text: str
    bold: bool = False


@dataclass(frozen=True)
class Box:
    """One box with its lines of text; pixels from the upper left corner."""

    x: float
    y: float
    width: float
    height: float
    look: Look
    lines: tuple[TextLine, ...]


@dataclass(frozen=True)
class Arrow:
    """A straight arrow."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Drawing:
    """The whole diagram: its size in pixels, what it holds, and what it says in one sentence."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    title: str


@dataclass(frozen=True)
class _Frame:
    """Where things stand: stages to the left, what is left out beside them, or (on a phone) below and indented."""

    width: float
    stage: float
    aside_x: float
    beside: bool

    @property
    def aside(self) -> float:
        return self.width - self.aside_x


WIDE = _Frame(width=940, stage=320, aside_x=380, beside=True)
PHONE = _Frame(width=340, stage=340, aside_x=36, beside=False)


def draw_flow(flow: Flow, *, phone: bool = False) -> Drawing:
    """Return the diagram of a flow, for a page or for a phone."""
    frame = PHONE if phone else WIDE
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    top, middle = 0.0, min(frame.stage, 320) / 2
    for place, stage in enumerate(flow.stages):
        box = _box(0, top, frame.stage, "stage", [(stage.title, False), (f"{stage.number:,}", True)])
        boxes.append(box)
        bottom = box.y + box.height
        if stage.left_out:
            at = box.y if frame.beside else bottom + GAP / 2
            gone = _box(frame.aside_x, at, frame.aside, "left out", _gone(stage.left_out, frame.aside))
            boxes.append(gone)
            level = box.y + box.height / 2 if frame.beside else gone.y + gone.height / 2
            start = frame.stage if frame.beside else frame.aside_x / 2
            arrows.append(Arrow(start, level, frame.aside_x - 2, level))
            bottom = max(bottom, gone.y + gone.height) if frame.beside else gone.y + gone.height
        last = place == len(flow.stages) - 1
        end = bottom + (GAP if not last or flow.parts else 0)
        if not last or flow.parts:
            x = middle if frame.beside else frame.aside_x / 2
            arrows.append(Arrow(x, box.y + box.height, x, end - 2))
        top = end
    parts = _parts(flow.parts, frame, top)
    height = max((box.y + box.height for box in (*boxes, *parts)), default=0.0)
    return Drawing(frame.width, height + 2, (*boxes, *parts), tuple(arrows), said(flow))


def said(flow: Flow) -> str:
    """Return the flow in one sentence, for those who do not see the diagram."""
    stages = ", ".join(f"{stage.number:,} {stage.title[:1].lower()}{stage.title[1:]}" for stage in flow.stages)
    parts = ", ".join(f"{part.pictures:,} in {part.title.lower()}" for part in flow.parts)
    return f"Flow: {stages}{f'; {parts}' if parts else ''}."


def _gone(left_out: tuple[LeftOut, ...], width: float) -> list[tuple[str, bool]]:
    """Return the lines of what was left out, wrapped to the box."""
    letters = int((width - 2 * PAD) / LETTER)
    total = sum(gone.number for gone in left_out)
    lines = [(f"Left out: {total:,}", True)]
    for gone in left_out:
        wrapped = textwrap.wrap(f"{gone.number:,} {gone.reason}", letters, subsequent_indent="   ")
        lines += [(line, False) for line in wrapped]
    return lines


def _parts(parts: tuple[FlowPart, ...], frame: _Frame, top: float) -> list[Box]:
    if not parts:
        return []
    gap = 16
    wide = (frame.width - gap * (len(parts) - 1)) / len(parts) if frame.beside else frame.width
    boxes: list[Box] = []
    for place, part in enumerate(parts):
        lines = [
            (part.title, False),
            (f"{part.pictures:,}", True),
            (f"{part.subjects:,} subjects", False),
            (f"{part.normal:,} normal, {part.abnormal:,} abnormal", False),
        ]
        at = (place * (wide + gap), top) if frame.beside else (0.0, top)
        boxes.append(_box(*at, wide, "part", lines))
        top += 0 if frame.beside else boxes[-1].height + gap / 2
    return boxes


def _box(x: float, y: float, width: float, look: Look, lines: list[tuple[str, bool]]) -> Box:
    placed = tuple(
        TextLine(x + PAD, y + PAD + LINE * number + 13, text, bold) for number, (text, bold) in enumerate(lines)
    )
    return Box(x, y, width, 2 * PAD + LINE * len(lines), look, placed)
