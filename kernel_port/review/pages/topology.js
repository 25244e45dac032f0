// SPDX-License-Identifier: GPL-2.0-only
// The machine as a drawing: bridges, links, slots, functions, and what each goes through, by colour and in words.

const BOX = 196;
const BOX_LINE = 14;
const GAP = 34;
const INDENT = 22;
const BETWEEN = 10;
/** The most functions of one bus that are drawn one by one. */
const FEW_ON_A_BUS = 4;
const LETTER = 6.3;

/** What the drawing says of a function, worst first: the class of its colour. */
const WORST = ["removed", "in-reset", "out", "asleep", "locked", "normal"];

class Topology {
  constructor(run) {
    this.run = run;
    this.index = new Map(run.functions.map((one, index) => [one.bdf, index]));
    this.nodes = new Map(recording.machine.map((node) => [node.bdf, node]));
    /** The functions below each bridge; below null those on root buses. */
    this.below = new Map();
    for (const node of this.nodes.values()) this.below.set(node.up, [...this.below.get(node.up) || [], node]);
    this.svg = h("svg:svg", { role: "img", class: "topology" });
    this.element = h("div", { class: "drawing" }, this.svg);
    new ResizeObserver(() => {
      this.width = this.element.clientWidth;
      this.draw();
    }).observe(this.element);
  }

  /** Note the state of the machine and draw it, if it looks otherwise than before. */
  show(replay) {
    const held = new Map();
    for (const [name, state] of Object.entries(replay.threads)) {
      for (const lock of state ? state[1] : []) {
        const of = lock.slice(lock.lastIndexOf(" ") + 1);
        held.set(of, (held.get(of) || new Set()).add(name));
      }
    }
    const condition = (bdf) => replay.hardware[this.index.get(bdf)] || {};
    this.states = new Map([...this.nodes.values()].map((node) => [node.bdf, this.state(node, condition, held.get(node.bdf))]));
    const looks = JSON.stringify([...this.states.values()]);
    if (looks !== this.looks) this.draw();
    this.looks = looks;
  }

  /** Return what is to be said of a function: its port, and pairs of a class and words. */
  state(node, condition, holders) {
    const own = condition(node.bdf);
    const above = [];
    for (let up = node.up; up; up = this.nodes.get(up)?.up) above.push(condition(up));
    const said = [];
    if (own.kernel && own.kernel !== "knows it") said.push(["removed", "removed"]);
    if (above.some((one) => one["secondary bus"] === "held in reset")) said.push(["in-reset", "in reset"]);
    else if (above.some((one) => one.link && one.link !== "active")) said.push(["out", "out of reach"]);
    else if (own.function === "not ready") said.push(["out", "does not answer"]);
    if (own.power && own.power !== "D0") said.push(["asleep", `asleep in ${own.power}`]);
    if (own["secondary bus"] === "held in reset") said.push(["in-reset", "holds its bus in reset"]);
    if (own.interrupt === "asserted") said.push(["asleep", "interrupts"]);
    if (holders) said.push(["locked", `locked by ${[...holders].join(", ")}`]);
    const port = [];
    if (node.slot !== null) port.push(`slot ${node.slot} ${own.slot || "occupied"}${own["slot power"] === "off" ? ", power off" : ""}`);
    if (node.link) port.push(`link ${own.link || "active"}`);
    const worst = WORST.find((kind) => said.some(([other]) => other === kind)) || "normal";
    return { port: port.join(", "), said, worst, down: own.link && own.link !== "active" || own["secondary bus"] === "held in reset" };
  }

  /** Return the tree as it is to be drawn: functions of one bus that are alike are one box. */
  tree(up, depth) {
    const below = this.below.get(up) || [];
    const boxes = [];
    const alike = new Map();
    for (const node of below) {
      const state = this.states.get(node.bdf);
      const key = JSON.stringify([state.said, node.kind]);
      const box = { node, state, depth, more: 0, below: [] };
      if (below.length > FEW_ON_A_BUS && !this.below.has(node.bdf)) {
        if (alike.has(key)) { alike.get(key).more++; continue; }
        alike.set(key, box);
      } else box.below = this.tree(node.bdf, depth + 1);
      boxes.push(box);
    }
    return boxes;
  }

  draw() {
    if (!this.states || !this.width) return;
    const roots = this.tree(null, 0);
    const depth = (box) => Math.max(box.depth, ...box.below.map(depth));
    const columns = 1 + Math.max(0, ...roots.map(depth));
    const wide = columns * BOX + (columns - 1) * GAP + 2;
    const beside = wide <= this.width * 1.1;
    const parts = [];
    const said = [];
    let y = 1;
    const place = (box, from) => {
      const x = 1 + box.depth * (beside ? BOX + GAP : INDENT);
      const top = y;
      const height = BOX_LINE * (this.lines(box).length) + 10;
      if (from) parts.push(this.edge(from, x, top, height, beside));
      parts.push(...this.box(box, x, top, height));
      said.push(this.words(box));
      const bottom = top + height;
      if (!beside || !box.below.length) y = bottom + BETWEEN;
      const me = { x, top, bottom, height, down: box.state.down };
      for (const child of box.below) place(child, me);
      y = Math.max(y, bottom + BETWEEN);
    };
    for (const root of roots) place(root, null);
    const natural = beside ? wide : BOX + (columns - 1) * INDENT + 2;
    this.svg.setAttribute("viewBox", `0 0 ${natural} ${Math.max(1, y - BETWEEN + 1)}`);
    this.svg.style.setProperty("--natural", `${natural}px`);
    this.svg.setAttribute("aria-label", `The machine. ${said.join(". ")}.`);
    this.svg.replaceChildren(...parts);
  }

  /** Return the lines in a box: pairs of a class and text. */
  lines({ node, state, more }) {
    const title = more ? `${node.bdf.replace(/^0000:/, "")} and ${more} more` : node.bdf.replace(/^0000:/, "");
    const lines = [["address", title], ["kind", node.kind]];
    if (state.port) lines.push([state.down ? "port down" : "port", state.port]);
    for (const [kind, words] of state.said) lines.push([`state ${kind}`, `▲ ${words}`]);
    if (!state.said.length) lines.push(["state normal", "in service"]);
    return lines;
  }

  words(box) {
    return this.lines(box).map(([, words]) => words.replace("▲ ", "")).join(", ");
  }

  box(box, x, y, height) {
    const most = Math.floor((BOX - 16) / LETTER);
    const shown = (words) => words.length > most ? `${words.slice(0, most - 1)}…` : words;
    return [
      h("svg:rect", { class: `node ${box.state.worst}`, x, y, width: BOX - 2, height, rx: 6 }, h("svg:title", {}, box.node.title)),
      ...this.lines(box).map(([kind, words], index) =>
        h("svg:text", { class: kind, x: x + 8, y: y + 16 + index * BOX_LINE }, shown(words))),
    ];
  }

  /** Draw the way from a bridge to what is below it. */
  edge(from, x, top, height, beside) {
    const d = beside
      ? `M${from.x + BOX - 2} ${from.top + from.height / 2}h${GAP / 2}V${top + height / 2}H${x}`
      : `M${from.x + 10} ${from.bottom}V${top + height / 2}H${x}`;
    return h("svg:path", { class: from.down ? "way down" : "way", d });
  }
}
