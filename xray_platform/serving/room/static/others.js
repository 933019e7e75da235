// Others: other images of the same subject and similar normal ones, laid over the open one.

const find = (id) => document.getElementById(id);

export class Others {
  /** Take the viewer, and what asks the server, says words, writes percents and tells of trouble. */
  constructor(viewer, { ask, say, percent, trouble }) {
    Object.assign(this, { viewer, ask, say, percent, trouble, name: null });
    for (const id of ["beside-mode", "beside-split"]) find(id).addEventListener("input", () => this.#compare());
    find("beside-close").addEventListener("click", () => this.close());
  }

  /** List what may be looked at beside an open image. */
  async list(name) {
    this.name = name;
    const came = await (await this.ask(`/room/images/${name}/others`)).json();
    if (this.name !== name) return;
    this.#fill("earlier", came.subject.map((one) => [one.image, this.#when(one)]));
    this.#fill("similar", came.similar.map((one) => [one.image, this.say("distance_of", { distance: one.distance.toFixed(2) })]));
  }

  hide() {
    this.name = null;
    for (const id of ["earlier", "similar"]) find(`${id}-part`).hidden = true;
    find("beside").hidden = true;
  }

  close() {
    find("beside").hidden = true;
    this.viewer.beside(null);
    this.#mark(null);
  }

  #when(one) {
    const key = one.days === null ? "days_unknown" : one.days < 0 ? "days_before" : one.days > 0 ? "days_after" : "days_same";
    const parts = [this.say(key, { days: Math.abs(one.days ?? 0) }), one.view, one.probability === null ? null : this.percent(one.probability)];
    return parts.filter(Boolean).join(" · ");
  }

  #fill(id, entries) {
    find(`${id}-part`).hidden = !entries.length;
    find(id).replaceChildren(...entries.map(([image, words]) => {
      const item = document.createElement("li"), button = document.createElement("button");
      Object.assign(button, { type: "button", textContent: words, title: image });
      button.dataset.beside = image;
      button.addEventListener("click", () => this.#open(image));
      item.append(button);
      return item;
    }));
  }

  async #open(image) {
    const name = this.name;
    try {
      const answer = await this.ask(`/room/images/${name}/beside/${encodeURIComponent(image)}`);
      const pixels = new Uint16Array(await answer.arrayBuffer());
      if (this.name !== name) return;
      this.viewer.beside(pixels);
      find("beside").hidden = false;
      const found = answer.headers.get("x-registered") === "true";
      find("beside-words").textContent = this.say(found ? "beside_registered" : "beside_not_registered", { image });
      this.#mark(image);
      this.#compare();
    } catch (error) {
      this.trouble(error);
    }
  }

  #mark(image) {
    for (const button of document.querySelectorAll("[data-beside]")) button.setAttribute("aria-current", button.dataset.beside === image);
  }

  #compare() {
    find("beside-split").disabled = find("beside-mode").value === "difference";
    this.viewer.compare(find("beside-mode").value, find("beside-split").value / 100);
  }
}
