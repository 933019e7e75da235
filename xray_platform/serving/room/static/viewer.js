// Viewer: a 16-bit image on a canvas; window and level, zoom, move, turn, heat map, boxes, another image beside it.
import { LEVELS, Layer, difference } from "./layer.js";

/** Colours of the heat map, from faint to full: neither the blacks nor the whites of a radiograph. */
const STOPS = [[106, 23, 110], [165, 44, 96], [207, 68, 70], [237, 105, 37], [251, 155, 6], [247, 209, 61]];

export function colour(share) {
  const at = share * (STOPS.length - 1), low = Math.min(Math.floor(at), STOPS.length - 2), part = at - low;
  return STOPS[low].map((value, channel) => Math.round(value + part * (STOPS[low + 1][channel] - value)));
}

export class Viewer {
  constructor(canvas, told = () => {}) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.told = told;
    this.tool = "window";
    this.clear();
    this.#listen();
    new ResizeObserver(() => this.#resize()).observe(canvas);
  }

  clear() {
    Object.assign(this, { image: null, layer: null, heat: null, boxes: [], drawing: null, seen: null, opacity: 0.4, heatOn: true });
    Object.assign(this, { other: null, apart: null, mode: "swipe", split: 0.5 });
    this.reset();
  }

  /** Show an image: rows, columns, pixels (Uint16Array) and the window that it comes with. */
  show(image) {
    this.clear();
    this.image = image;
    this.layer = new Layer(image);
    this.reset();
  }

  /** Show another image of the same size and window beside it, null for none: swipe, or what differs. */
  beside(pixels) {
    const { rows, columns } = this.image;
    this.other = pixels && new Layer({ rows, columns, pixels });
    this.apart = pixels && new Layer({ rows, columns, pixels: difference(this.image.pixels, pixels) });
    this.draw();
  }

  /** Choose `swipe`, the other image right of the share `split`, or `difference`. */
  compare(mode, split) { Object.assign(this, { mode, split }); this.draw(); }

  /** Lay a heat map over it: a bitmap of grey values that covers the whole image; corners of what the model saw. */
  lay(bitmap, seen) {
    const map = document.createElement("canvas");
    map.width = bitmap.width;
    map.height = bitmap.height;
    const context = map.getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    const data = context.getImageData(0, 0, map.width, map.height), bytes = data.data;
    const table = Array.from({ length: 256 }, (_, value) => colour(value / 255));
    for (let i = 0; i < bytes.length; i += 4) {
      const value = bytes[i];
      [bytes[i], bytes[i + 1], bytes[i + 2]] = table[value];
      bytes[i + 3] = Math.min(255, value * 8); // one opacity for all values, but for a soft edge where the scale begins
    }
    context.putImageData(data, 0, 0);
    this.heat = map;
    this.seen = seen;
    this.draw();
  }

  reset() {
    Object.assign(this, { zoom: 1, right: 0, down: 0, turns: 0, inverted: false });
    [this.low, this.high] = this.image ? this.image.window : [0, 1];
    this.fit();
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (this.image && width) {
      const [rows, columns] = this.turns % 2 ? [this.image.columns, this.image.rows] : [this.image.rows, this.image.columns];
      this.zoom = Math.min(width / columns, height / rows);
    }
    this.right = this.down = 0;
    this.draw();
  }

  one() {
    this.zoom = 1 / (window.devicePixelRatio || 1);
    this.right = this.down = 0;
    this.draw();
  }

  invert() { this.inverted = !this.inverted; this.draw(); }

  rotate() { this.turns = (this.turns + 1) % 4; this.fit(); }

  setWindow(low, high) {
    this.low = Math.max(-LEVELS, Math.min(low, 2 * LEVELS));
    this.high = Math.max(this.low + 1, Math.min(high, 2 * LEVELS));
    this.draw();
  }

  /** Move the window's centre and width, in shares of its width. */
  adjust(level, width) {
    const wide = (this.high - this.low) * Math.exp(width), centre = (this.low + this.high) / 2 + level * (this.high - this.low);
    this.setWindow(centre - wide / 2, centre + wide / 2);
  }

  magnify(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const before = this.zoom;
    this.zoom = Math.max(0.02, Math.min(this.zoom * factor, 32));
    const grown = this.zoom / before, fromX = x - this.canvas.clientWidth / 2, fromY = y - this.canvas.clientHeight / 2;
    this.right = fromX - (fromX - this.right) * grown;
    this.down = fromY - (fromY - this.down) * grown;
    this.draw();
  }

  move(right, down) { this.right += right; this.down += down; this.draw(); }

  draw() {
    this.wanted ??= requestAnimationFrame(() => { this.wanted = null; this.#paint(); });
  }

  /** Return the matrix from pixels of the image to CSS pixels of the canvas. */
  matrix() {
    const { rows, columns } = this.image;
    return new DOMMatrix()
      .translate(this.canvas.clientWidth / 2 + this.right, this.canvas.clientHeight / 2 + this.down)
      .rotate(90 * this.turns).scale(this.zoom).translate(-columns / 2, -rows / 2);
  }

  /** Return row and column of a place of the canvas. */
  place(x, y) {
    const at = this.matrix().inverse().transformPoint(new DOMPoint(x, y));
    return [at.y, at.x];
  }

  #paint() {
    const began = performance.now(), { context, canvas } = this, ratio = window.devicePixelRatio || 1;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (!this.image) return this.told(this);
    const matrix = new DOMMatrix().scale(ratio).multiply(this.matrix()), { rows, columns } = this.image;
    context.setTransform(matrix);
    context.imageSmoothingEnabled = this.zoom * ratio < 3;
    this.#drawImages(rows, columns);
    if (this.heat && this.heatOn && !(this.other && this.mode === "difference")) {
      context.imageSmoothingEnabled = true;
      context.save();
      this.#clip(0, this.other ? this.split * columns : columns, rows); // the map is of the open image alone
      context.globalAlpha = this.opacity;
      context.drawImage(this.heat, 0, 0, columns, rows);
      context.restore();
      this.#outline(this.seen, "#ffffff99", [6, 4]);
    }
    for (const box of [...this.boxes, ...(this.drawing ? [this.drawing] : [])]) {
      const [top, left, height, width] = box;
      this.#outline([[top, left], [top, left + width], [top + height, left + width], [top + height, left]], "#7cf29a", []);
    }
    this.milliseconds = performance.now() - began;
    this.told(this);
  }

  #drawImages(rows, columns) {
    const { context, low, high, inverted } = this, scale = this.zoom * (window.devicePixelRatio || 1);
    if (this.other && this.mode === "difference") {
      const middle = LEVELS / 2, half = (high - low) / 4; // differences are halved; half a window is full black or white
      return context.drawImage(this.apart.canvas(scale, middle - half, middle + half, false), 0, 0, columns, rows);
    }
    context.drawImage(this.layer.canvas(scale, low, high, inverted), 0, 0, columns, rows);
    if (!this.other) return;
    const from = this.split * columns;
    context.save();
    this.#clip(from, columns, rows);
    context.drawImage(this.other.canvas(scale, low, high, inverted), 0, 0, columns, rows);
    context.restore();
    this.#outline([[0, from], [rows, from]], "#7cc4ff", []);
  }

  #clip(from, to, rows) {
    this.context.beginPath();
    this.context.rect(from, 0, to - from, rows);
    this.context.clip();
  }

  #outline(corners, style, dashes) {
    if (!corners?.length) return;
    const { context } = this, thin = 1.5 / this.zoom;
    context.beginPath();
    corners.forEach(([row, column], number) => context[number ? "lineTo" : "moveTo"](column, row));
    context.closePath();
    context.strokeStyle = style;
    context.lineWidth = thin;
    context.setLineDash(dashes.map((dash) => dash / this.zoom));
    context.stroke();
    context.setLineDash([]);
  }

  #resize() {
    const ratio = window.devicePixelRatio || 1, { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width) return;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.fit();
  }

  #listen() {
    const fingers = new Map();
    this.canvas.addEventListener("pointerdown", (event) => {
      if (!this.image) return;
      this.canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
      if (this.tool === "box" && !event.shiftKey && event.button === 0) this.corner = this.place(event.offsetX, event.offsetY);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const now = [event.offsetX, event.offsetY], by = [now[0] - before[0], now[1] - before[1]];
      if (fingers.size === 2) this.#pinch(fingers, event.pointerId, now);
      else if (this.corner) this.drawing = this.#box(this.corner, this.place(...now));
      else if (this.tool === "move" || event.shiftKey || event.buttons & 6) this.move(...by);
      else this.adjust(by[1] / 400, by[0] / 200);
      fingers.set(event.pointerId, now);
      this.draw();
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(end, (event) => {
        fingers.delete(event.pointerId);
        if (this.drawing && this.drawing[2] >= 2 && this.drawing[3] >= 2) this.boxes.push(this.drawing);
        this.drawing = this.corner = null;
        this.draw();
      });
    }
    this.canvas.addEventListener("wheel", (event) => {
      if (!this.image) return;
      event.preventDefault();
      this.magnify(Math.exp(-event.deltaY / 500), event.offsetX, event.offsetY);
    }, { passive: false });
    this.canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  #pinch(fingers, id, now) {
    const other = [...fingers].find(([key]) => key !== id)[1], before = fingers.get(id);
    const wide = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
    this.magnify(wide(now) / wide(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    this.move((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
  }

  /** Return top, left, height, width between two places, inside the image. */
  #box(one, other) {
    const within = (value, most) => Math.max(0, Math.min(value, most));
    const rows = [one[0], other[0]].map((value) => within(value, this.image.rows)).sort((a, b) => a - b);
    const columns = [one[1], other[1]].map((value) => within(value, this.image.columns)).sort((a, b) => a - b);
    return [rows[0], columns[0], rows[1] - rows[0], columns[1] - columns[0]];
  }
}
