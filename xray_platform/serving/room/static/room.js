// Room: opens images, asks for predictions, says them in words, takes the reader's answer.
import { Others } from "./others.js";
import { Viewer, colour } from "./viewer.js";

const find = (id) => document.getElementById(id);
const words = await (await fetch("/room/static/words.json")).json();
const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const percent = (value) => `${(100 * value).toFixed(value < 0.0995 || value > 0.9005 ? 1 : 0)} %`;
const short = (value) => Number(value).toPrecision(3);
const viewer = new Viewer(find("view"), told);
const others = new Others(viewer, { ask, say, percent, trouble });
const PAGE = 100, TOLD = ["age", "sex", "view"];
let opened = null, shown = PAGE;
window.room = { viewer, get opened() { return opened; } };

/** Ask the server; what is wrong is thrown as words. */
async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error(words.offline);
  }
  if (answer.status === 401) login();
  if (answer.status === 429) throw new Error(words.busy);
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new Error(said.error?.words ?? `HTTP ${answer.status}`);
  }
  return answer;
}

const post = (path, value) =>
  ask(path, { method: "POST", body: JSON.stringify(value), headers: { "content-type": "application/json" } });

function fill(list, texts) {
  find(list).replaceChildren(...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

function write(id, text) { find(id).textContent = text; }

function told(view) {
  if (!view.image) return write("facts", "");
  write("facts", `${say("size", { ...view.image })} · ${say("window_values", { low: Math.round(view.low), high: Math.round(view.high) })}`);
  write("boxes", view.boxes.length ? say("boxes", { count: view.boxes.length }) : "");
  find("boxes-clear").hidden = !view.boxes.length;
}

function trouble(error) {
  const text = error ? say("error", { words: error.message }) : "";
  write("problem", text);
  find("problem").hidden = !error;
}

/** Open what the server makes of a request: a dropped file, or an image of the worklist. */
async function open(path, options) {
  trouble();
  write("stage-said", words.loading);
  find("stage-said").hidden = false;
  for (const id of ["verdict", "refused", "quality", "answer", "history", "heat"]) find(id).hidden = true;
  viewer.clear();
  others.hide();
  opened = null;
  const blind = find("blind").checked ? "?blind=true" : "";
  try {
    const came = await (await ask(`${path}${blind}`, options)).json();
    opened = came;
    if (came.error) return refuse(came);
    askFor(came.model.clinical_columns);
    describe(came);
    const pixels = await (await ask(`/room/images/${came.id}/pixels`)).arrayBuffer();
    if (opened !== came) return;
    viewer.show({ rows: came.rows, columns: came.columns, bits: came.bits, window: came.window, pixels: new Uint16Array(pixels) });
    find("stage-said").hidden = true;
    document.querySelector('[data-do="invert"]').ariaPressed = "false";
    await lay(came.prediction?.heatmap);
    find("view").focus({ preventScroll: true });
    await others.list(came.id);
  } catch (error) {
    write("stage-said", words.nothing);
    trouble(error);
  }
}

function refuse(came) {
  write("stage-said", words.nothing);
  find("refused").hidden = false;
  fill("refused-why", came.error.map((one) => `${one.code}: ${one.words}`));
}

function describe(came) {
  find("history").hidden = false;
  fill("done", came.done);
  const held = came.quality === "quarantine";
  find("quality").hidden = false;
  find("quality").classList.toggle("held", held);
  write("quality-words", held ? words.quality_quarantine : came.warnings.length ? "" : words.quality_fine);
  fill("warnings", came.warnings.map((one) => `${one.code}: ${one.words}`));
  find("answer").hidden = !(came.blind || came.image);
  find("answer").reset();
  find("reader").value = sessionStorage.getItem("reader") ?? "";
  write("answer-said", "");
  find("answer-blind").hidden = !came.blind;
  find("agree").hidden = came.blind;
  if (came.prediction) reveal(came.prediction, came.model);
}

function reveal(said, model) {
  find("verdict").hidden = false;
  write("verdict-words", words[`verdict_${said.label}`] ?? say("verdict_other", { label: said.label }));
  write("advice", words[`advice_${said.label}`] ?? words.advice_abnormal);
  write("probability", percent(said.probability));
  find("meter-fill").style.width = `${100 * said.probability}%`;
  find("meter-mark").style.left = `calc(${100 * said.threshold_probability}% - 1.5px)`;
  write("threshold", say("threshold", { threshold: percent(said.threshold_probability) }));
  const unsure = said.uncertainty > 0.66 ? "high" : said.uncertainty > 0.33 ? "middle" : "low";
  find("known-row").hidden = said.distance === null;
  write("known", said.distance === null ? "" : say(said.distance > said.distance_limit ? "known_not" : "known_well", { distance: said.distance.toFixed(2), limit: said.distance_limit.toFixed(2) }));
  write("uncertainty", say(`uncertainty_${unsure}`, { value: said.uncertainty.toFixed(2) }));
  fill("classes", said.classes.map((one) => say(one.named ? "class_named" : "class_other", { name: one.name, probability: percent(one.probability) })));
  write("score", say("score", { score: short(said.score), threshold: short(said.threshold) }));
  write("model", say("rests_on", { name: model.name, version: model.version, bundle: model.bundle.slice(0, 12) }));
  fill("notes", model.notes.map((note) => say("model_note", { words: note })));
}

async function lay(heatmap) {
  find("heat").hidden = !heatmap;
  if (!heatmap) return;
  const bytes = Uint8Array.from(atob(heatmap.png), (sign) => sign.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }), { colorSpaceConversion: "none" });
  viewer.heatOn = find("heat-on").checked;
  viewer.opacity = find("opacity").value / 100;
  viewer.lay(bitmap, heatmap.seen);
  write("scale-low", short(heatmap.low));
  write("scale-high", short(heatmap.high));
  write("scale-words", `${words[`heatmap_scale_${heatmap.scale}`]} ${words.heatmap_seen}`);
  const bar = find("scale-bar"), context = bar.getContext("2d");
  for (let x = 0; x < bar.width; x++) {
    context.fillStyle = `rgb(${colour(x / (bar.width - 1)).join(" ")})`;
    context.fillRect(x, 0, 1, bar.height);
  }
}

/** Ask for what the model takes beside the image. */
function askFor(columns) {
  find("told").hidden = !columns.length;
  for (const name of TOLD) find(`told-${name}`).closest("label").hidden = !columns.includes(name);
}

async function model() {
  try {
    askFor((await (await ask("/v1/models")).json()).serving?.clinical_columns ?? []);
  } catch (error) {
    trouble(error);
  }
}

function openFile(file) {
  if (!file) return;
  const body = new FormData();
  body.append("images", file, "image"); // its name may be a person's
  for (const name of TOLD) {
    const said = find(`told-${name}`);
    if (said.value && !said.closest("label").hidden) body.append(name, said.value);
    said.value = ""; // said of this image, not of the next
  }
  open("/room/images", { method: "POST", body });
  find("file").value = ""; // else the same file chosen again would do nothing
}

async function openListed(image) {
  for (const button of document.querySelectorAll("#list button")) button.setAttribute("aria-current", button.dataset.image === image);
  await open(`/room/worklist/${encodeURIComponent(image)}`, { method: "POST" });
}

async function list() {
  const blind = find("blind").checked;
  const query = new URLSearchParams({ sort: find("sort").value, unread: find("unread").checked, most: shown, blind });
  try {
    const came = await (await ask(`/room/worklist?${query}`)).json();
    find("list").replaceChildren(...came.images.map((one) => {
      const item = document.createElement("li"), button = document.createElement("button");
      const mark = Object.assign(document.createElement("span"), { className: "mark" });
      button.type = "button";
      button.dataset.image = one.image;
      button.dataset.read = one.read;
      button.setAttribute("aria-current", opened?.image === one.image);
      mark.textContent = [blind ? "" : percent(one.probability), one.read ? words.read : ""].filter(Boolean).join(" · ");
      button.append(one.image, mark);
      button.addEventListener("click", () => openListed(one.image));
      item.append(button);
      return item;
    }));
    find("list-empty").hidden = came.total > 0;
    find("more").hidden = came.images.length >= came.total;
    waiting(came.waiting);
  } catch (error) {
    trouble(error);
  }
}

function waiting(count) {
  find("over").hidden = !count && !find("over-said").textContent;
  find("hand-over").hidden = !count;
  write("hand-over", say("hand_over", { count }));
}

async function answer(label, agree) {
  const reader = find("reader").value.trim();
  if (opened.image && !reader) return write("answer-said", words.need_reader);
  if (!label) return write("answer-said", words.need_label);
  sessionStorage.setItem("reader", reader);
  try {
    const came = await (await post(`/room/images/${opened.id}/answer`, { reader, label, agree, boxes: viewer.boxes })).json();
    opened.blind = false;
    opened.prediction = came.prediction;
    find("answer-blind").hidden = true;
    write("answer-said", came.kept ? words.saved : words.not_stored);
    reveal(came.prediction, opened.model);
    if (!viewer.heat) await lay(came.prediction.heatmap);
    await Promise.all([list(), others.list(opened.id)]);
  } catch (error) {
    write("answer-said", say("error", { words: error.message }));
  }
}

function next() {
  const buttons = [...document.querySelectorAll("#list button")];
  const from = buttons.findIndex((button) => button.dataset.image === opened?.image);
  const unread = [...buttons.slice(from + 1), ...buttons.slice(0, from + 1)].find((button) => button.dataset.read === "false");
  if (unread) openListed(unread.dataset.image);
}

function login() { find("login").hidden = false; find("room").hidden = true; find("token").focus(); }

const ACTS = {
  invert: () => { viewer.invert(); document.querySelector('[data-do="invert"]').ariaPressed = String(viewer.inverted); },
  rotate: () => viewer.rotate(), fit: () => viewer.fit(), one: () => viewer.one(), print: () => window.print(),
  reset: () => { viewer.reset(); document.querySelector('[data-do="invert"]').ariaPressed = "false"; },
};

function opacity(change) {
  const slider = find("opacity");
  slider.value = Number(slider.value) + change;
  slider.dispatchEvent(new Event("input"));
}

const KEYS = {
  i: ACTS.invert, r: ACTS.rotate, 0: ACTS.fit, 1: ACTS.one, "+": () => viewer.magnify(1.25), "=": () => viewer.magnify(1.25),
  "-": () => viewer.magnify(0.8), h: () => find("heat-on").click(), n: next, "[": () => opacity(-10), "]": () => opacity(10),
};
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input:not([type=checkbox]), select, form") || event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key];
  if (arrow && event.target === find("view")) {
    event.preventDefault();
    if (event.shiftKey) viewer.move(-40 * arrow[0], -40 * arrow[1]);
    else viewer.adjust(0.05 * arrow[1], 0.1 * arrow[0]);
  } else if (KEYS[event.key] && (viewer.image || event.key === "n")) KEYS[event.key]();
});
document.querySelectorAll("[data-do]").forEach((button) => button.addEventListener("click", () => ACTS[button.dataset.do]()));
document.querySelectorAll("[data-tool]").forEach((button) => button.addEventListener("click", () => {
  viewer.tool = button.dataset.tool;
  document.querySelectorAll("[data-tool]").forEach((one) => one.setAttribute("aria-pressed", one === button));
}));
find("file").addEventListener("change", (event) => openFile(event.target.files[0]));
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    find("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") openFile(event.dataTransfer.files[0]);
  });
}
find("heat-on").addEventListener("change", (event) => { viewer.heatOn = event.target.checked; viewer.draw(); });
find("opacity").addEventListener("input", (event) => { viewer.opacity = event.target.value / 100; viewer.draw(); });
find("boxes-clear").addEventListener("click", () => { viewer.boxes = []; viewer.draw(); });
find("answer").addEventListener("submit", (event) => {
  event.preventDefault();
  answer(new FormData(event.target).get("label"), false);
});
find("agree").addEventListener("click", () => answer(opened.prediction?.label, true));
find("hand-over").addEventListener("click", async () => {
  try {
    const came = await (await post("/room/hand-over", {})).json();
    write("over-said", say("handed_over", { batch: came.batches.join(", ") }));
    await list();
  } catch (error) {
    write("over-said", say("error", { words: error.message }));
  }
});
find("next").addEventListener("click", next);
find("more").addEventListener("click", () => { shown += PAGE; list(); });
for (const id of ["sort", "unread", "blind"]) find(id).addEventListener("change", list);
find("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answered = await fetch("/v1/session", { method: "POST", body: find("token").value });
  if (!answered.ok) return write("login-said", words.token_wrong);
  find("login").hidden = true;
  find("room").hidden = false;
  model();
  list();
});
model();
list();
