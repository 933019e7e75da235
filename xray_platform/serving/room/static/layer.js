// Layer: the greys of a 16-bit image through a lookup table, at the size in which they are shown.

export const LEVELS = 65536;

/** Halve an image by averaging four pixels, for when it is shown small. */
function halved(image) {
  const rows = image.rows >> 1, columns = image.columns >> 1, out = new Uint16Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    let a = 2 * y * image.columns, b = a + image.columns, to = y * columns;
    for (let x = 0; x < columns; x++, a += 2, b += 2) {
      out[to++] = (image.pixels[a] + image.pixels[a + 1] + image.pixels[b] + image.pixels[b + 1] + 2) >> 2;
    }
  }
  return { rows, columns, pixels: out };
}

/** Return how two images of one size differ, halved, about the middle of the range. */
export function difference(one, other) {
  const out = new Uint16Array(one.length);
  for (let i = 0; i < out.length; i++) out[i] = (LEVELS + one[i] - other[i]) >> 1;
  return out;
}

function table(low, high, inverted) {
  const found = new Uint32Array(LEVELS), wide = 255 / (high - low);
  for (let value = 0; value < LEVELS; value++) {
    let grey = Math.round((value - low) * wide);
    grey = grey < 0 ? 0 : grey > 255 ? 255 : grey;
    if (inverted) grey = 255 - grey;
    found[value] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return found;
}

export class Layer {
  /** Take an image: rows, columns, pixels (Uint16Array). */
  constructor(image) {
    this.levels = [{ ...image }];
    for (let last = image; last.rows > 512 && last.columns > 512;) this.levels.push(last = halved(last));
  }

  /** Return a canvas with its greys between `low` and `high`, made for so many canvas pixels an image pixel. */
  canvas(scale, low, high, inverted) {
    let number = 0;
    while (number + 1 < this.levels.length && scale * 2 ** (number + 1) <= 1) number++;
    const level = this.levels[number], state = `${low} ${high} ${inverted}`;
    if (level.state !== state) {
      level.canvas ??= Object.assign(document.createElement("canvas"), { width: level.columns, height: level.rows });
      level.context ??= level.canvas.getContext("2d", { alpha: false });
      level.data ??= level.context.createImageData(level.columns, level.rows);
      const out = new Uint32Array(level.data.data.buffer), greys = table(low, high, inverted), pixels = level.pixels;
      for (let i = 0; i < out.length; i++) out[i] = greys[pixels[i]];
      level.context.putImageData(level.data, 0, 0);
      level.state = state;
    }
    return level.canvas;
  }
}
