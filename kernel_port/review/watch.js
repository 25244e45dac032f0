// SPDX-License-Identifier: GPL-2.0-only
// A recorded run, or two, to step through. The data is in the element "recording"; watch.py says what is in it.
"use strict";

const recording = JSON.parse(document.getElementById("recording").textContent);
const rows = recording.rows || recording.runs[0].events.map((_, index) => [index]);
const CHECKPOINT = 256;
const PAGE = 25;
const AROUND = 7;
const QUIET = 150;
const [TIME, CONTEXT, OP, TEXT, STACK, FRAME, ABOUT, WHERE] = [0, 1, 2, 3, 4, 5, 6, 7];
const USUAL = ["D0", "ready", "not in reset", "active", "occupied", "on", "not asserted"];

const hex = (value, size) => `0x${value.toString(16).padStart(2 * size, "0")}`;
const number = (bytes, where, size) => {
  let value = 0;
  for (let index = size - 1; index >= 0; index--) value = value * 256 + (bytes[where + index] || 0);
  return value;
};
const bytesOf = (digits) => Uint8Array.from(digits.match(/../g) || [], (pair) => parseInt(pair, 16));

/** The fields of a register. Masks have at most 32 bits, which >>> 0 keeps positive. */
const fields = {
  of: (mask, value) => ((value & mask) >>> 0) / (mask & -mask >>> 0),
  call: (values, own) => values[own] ?? (own > 9 ? `0x${own.toString(16)}` : String(own)),
  plain: (mask, values) => (mask & (mask - 1)) === 0 && !Object.keys(values).length,
  show([short, mask, values], value) {
    const own = fields.of(mask, value);
    return fields.plain(mask, values) ? `${short}${own ? "+" : "-"}` : `${short}=${fields.call(values, own)}`;
  },
  change([short, mask, values], old, value) {
    if (fields.plain(mask, values)) return `${fields.show([short, mask, values], value)} (was ${fields.of(mask, old) ? "+" : "-"})`;
    return `${short} ${fields.call(values, fields.of(mask, old))} → ${fields.call(values, fields.of(mask, value))}`;
  },
  told: ([, mask, values], value) => ((value & mask) >>> 0) !== 0 || "0" in values,
};

/** The machine as it is after an event. Goes forwards change by change; backwards from the nearest checkpoint. */
class Replay {
  constructor(run) {
    this.run = run;
    this.checkpoints = [];
    this.load({
      index: -1,
      images: run.functions.map((one) => {
        const image = new Uint8Array(one.size);
        image.set(bytesOf(one.config));
        return image;
      }),
      hardware: run.functions.map((one) => one.condition),
      threads: { ...run.threads },
      latest: {},
    });
    this.keep();
  }

  load(state) {
    Object.assign(this, { ...state, images: state.images.map((image) => image.slice()) });
    Object.assign(this, { hardware: [...state.hardware], threads: { ...state.threads }, latest: { ...state.latest } });
    this.was = { config: [], hardware: {} };
  }

  keep() {
    const { index, images, hardware, threads, latest } = this;
    this.checkpoints[(index + 1) / CHECKPOINT] = {
      index, images: images.map((image) => image.slice()),
      hardware: [...hardware], threads: { ...threads }, latest: { ...latest },
    };
  }

  goTo(index) {
    if (index <= this.index) {
      const wanted = Math.floor(index / CHECKPOINT);
      this.load(this.checkpoints[Math.max(0, Math.min(wanted, this.checkpoints.length - 1))]);
    }
    while (this.index < index) {
      this.forward();
      if ((this.index + 1) % CHECKPOINT === 0 && !this.checkpoints[(this.index + 1) / CHECKPOINT]) this.keep();
    }
  }

  /** One event on; `was` keeps what it changed. */
  forward() {
    const change = this.run.changes[++this.index];
    this.was = { config: [], hardware: {} };
    for (const [which, where, digits] of change.config) {
      const now = bytesOf(digits);
      this.was.config.push([which, where, this.images[which].slice(where, where + now.length)]);
      this.images[which].set(now, where);
    }
    for (const [which, condition] of Object.entries(change.hardware)) {
      this.was.hardware[which] = this.hardware[which];
      this.hardware[which] = condition;
    }
    for (const [name, state] of Object.entries(change.threads)) {
      if (state) this.threads[name] = state;
      else delete this.threads[name];
    }
    this.latest[this.run.events[this.index][CONTEXT]] = this.index;
  }

  /** The registers of a function before the latest event. */
  before(which) {
    const image = this.images[which].slice();
    for (const [changed, where, old] of this.was.config) if (changed === which) image.set(old, where);
    return image;
  }
}

/** One run on the page: its time line and everything about the current step. */
class Pane {
  constructor(run, column) {
    this.run = run;
    this.column = column;
    this.replay = new Replay(run);
    this.rowOf = [];
    this.reached = [];
    rows.forEach((pair, row) => {
      if (pair[column] >= 0) this.rowOf[pair[column]] = row;
      this.reached.push(pair[column] >= 0 ? pair[column] : row ? this.reached[row - 1] : -1);
    });
    this.starts = this.replay.images.map((image) => image.slice());
    this.last = Math.max(...run.spans.map((span) => span.stop), run.events.at(-1)?.[TIME] ?? 0);
    this.chosen = null;
    this.shown = 0;
    this.build();
  }

  panel(title, name, ...content) {
    const id = `${name}-${this.column}`;
    return h("section", { class: `panel ${name}`, "aria-labelledby": id }, h("h3", { id }, title), ...content);
  }

  build() {
    this.trace = h("ol", { class: "lines" });
    this.place = h("p", { class: "place" });
    this.source = h("pre", { class: "code", tabindex: 0, "aria-label": "Source of the function" });
    this.threads = h("ul", { class: "threads" });
    this.hardware = h("ul", { class: "hardware-list" });
    this.select = h("select", { "aria-label": "Function", onchange: () => { this.follow.checked = false; this.registers(); } },
      ...this.run.functions.map((one, index) => h("option", { value: index }, one.bdf)));
    this.follow = h("input", { type: "checkbox", checked: true, onchange: () => this.update(player.step) });
    this.differing = h("input", { type: "checkbox", onchange: () => this.registers() });
    this.table = h("tbody");
    const heads = ["Offset", "Register", "Value", "Bits"].map((name) => h("th", { scope: "col" }, name));
    const registers = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Registers" },
      h("table", {}, h("thead", {}, h("tr", {}, ...heads)), this.table));
    const choice = h("p", { class: "choice" }, this.select,
      h("label", {}, this.follow, " the one this step is about"),
      h("label", {}, this.differing, " only what is not as in the beginning"));
    this.timelineBox = h("div", {});
    this.element = h("section", { class: "run", "aria-labelledby": `run-${this.column}` },
      h("div", { class: "heading" },
        h("h2", { id: `run-${this.column}` }, this.run.kernel),
        h("p", { class: this.run.failed ? "outcome bad" : "outcome good" }, this.run.failed ? "✗ " : "✓ ", this.run.result),
        this.run.deadlock.length
          ? h("details", { class: "deadlock" }, h("summary", {}, "Deadlock report"), h("pre", {}, this.run.deadlock.join("\n")))
          : null),
      this.panel("Time", "time", this.timelineBox),
      h("div", { class: "panels" },
        this.panel("Trace", "trace", this.trace),
        this.panel("Source", "source", this.place, this.source),
        this.panel("Threads: stacks and locks", "stacks", this.threads),
        this.panel("Hardware", "hardware", this.hardware),
        this.panel("Configuration space", "config", choice, registers)));
  }

  /** The time line needs to know of both runs. */
  addTimeline(last, go) {
    this.timeline = new Timeline(this.run, rows.length, this.rowOf, last, recording.divergence ?? -1, go);
    this.timelineBox.append(this.timeline.element);
  }

  /** Show a step; 0 is the beginning. */
  update(step) {
    const index = step ? this.reached[step - 1] : -1;
    this.here = step > 0 && rows[step - 1][this.column] >= 0;
    this.replay.goTo(index);
    this.event = this.run.events[index];
    this.chosen = null;
    this.timeline.move(step, index);
    this.element.classList.toggle("absent", step > 0 && !this.here);
    this.lines(step);
    this.stacks();
    this.code();
    this.conditions();
    if (this.follow.checked && this.event && this.event[ABOUT] >= 0) this.select.value = this.event[ABOUT];
    this.registers();
  }

  /** The trace around the step. */
  lines(step) {
    const first = Math.max(1, Math.min(step - AROUND, rows.length - 2 * AROUND));
    const items = [];
    let context = null;
    for (let at = first; at <= Math.min(rows.length, first + 2 * AROUND); at++) {
      const event = this.run.events[rows[at - 1][this.column]];
      const same = rows[at - 1].every((index) => index >= 0);
      const mark = rows[at - 1].length < 2 || same ? "" : event ? "≠ " : "";
      const who = event && event[CONTEXT] !== context ? (context = event[CONTEXT]) : "";
      const told = event
        ? [h("span", { class: "when" }, (event[TIME] / 1e6).toFixed(3)), h("span", { class: "who", title: who }, who.replace("0000:", "")), h("span", { class: `what op-${event[OP]}` }, mark, this.address(event), event[TEXT])]
        : [h("span", { class: "when" }), h("span", { class: "who" }), h("span", { class: "what nothing" }, "– nothing here –")];
      items.push(h("li", { class: at === step ? "current" : null },
        h("a", { href: `#step=${at}`, "aria-current": at === step ? "step" : null, title: event ? event[TEXT] : null },
          h("span", { class: "marker", "aria-hidden": "true" }, at === step ? "▶" : ""), ...told)));
    }
    this.trace.replaceChildren(...items);
  }

  /** Whose registers an access is of; other events say so themselves. */
  address(event) {
    return event[WHERE] ? h("span", { class: "whose" }, `${this.run.functions[event[ABOUT]]?.bdf.replace(/^0000:/, "")} `) : "";
  }

  /** What each thread is at. */
  stacks() {
    const { threads, latest } = this.replay;
    const now = this.event?.[CONTEXT];
    const contexts = Object.keys(threads);
    if (now !== undefined && !contexts.includes(now)) contexts.unshift(now);
    this.threads.replaceChildren(...contexts.map((name) => {
      const [state, held] = threads[name] || ["on the back of a thread", null];
      const index = ["idle", "has returned"].includes(state) && name !== now ? undefined : latest[name];
      const current = name === now;
      const locks = held?.length ? held.map((lock) => h("li", {}, lock)) : [h("li", { class: "none" }, "no locks")];
      return h("li", { class: current ? "thread current" : "thread" },
        h("p", {}, h("strong", {}, current ? `▶ ${name}` : name), " ", h("span", { class: "state" }, state)),
        held ? h("div", { class: "locks" }, h("span", {}, "holds"), h("ul", {}, ...locks)) : null,
        index === undefined ? null : h("ol", { class: "stack", "aria-label": `Stack of ${name}, innermost first` }, ...this.frames(index, current)));
    }));
  }

  frames(index, current) {
    const event = this.run.events[index];
    return recording.stacks[event[STACK]].map(([code, line], depth) => {
      const { name, room } = recording.code[code];
      const laid = depth === event[FRAME];
      const pressed = this.chosen ? this.chosen === `${index}/${depth}` : current && laid;
      const choose = () => {
        this.chosen = `${index}/${depth}`;
        this.stacks();
        this.code(code, line);
        this.threads.querySelector("[aria-pressed=true]")?.focus();
      };
      return h("li", {}, h("button", { type: "button", class: "frame", "aria-pressed": String(pressed), onclick: choose },
        h("span", { class: "function" }, name), " ", h("span", { class: "at" }, `${room}:${line}`)));
    });
  }

  /** The source of the frame that the event is laid to, or of another one. */
  code(code, line) {
    if (code === undefined) {
      const frame = this.event && recording.stacks[this.event[STACK]][this.event[FRAME]];
      if (!frame) {
        this.place.replaceChildren(this.event ? "The hardware does this by itself." : "Nothing has run yet.");
        this.source.replaceChildren();
        return;
      }
      [code, line] = frame;
    }
    const { name, room, c, first, lines } = recording.code[code];
    this.place.replaceChildren(h("strong", {}, name), ` ${room}:${line}`, c ? h("span", { class: "c" }, `C: ${c}`) : "");
    this.source.replaceChildren(...lines.map(([text, marks], index) => {
      const here = first + index === line;
      return h("span", { class: here ? "line here" : "line", "aria-current": here ? "true" : null },
        h("span", { class: "number" }, `${here ? "▶" : " "}${String(first + index).padStart(4)} `), ...coloured(text, marks), "\n");
    }));
    const here = this.source.children[line - first];
    if (here) this.source.scrollTop = here.offsetTop - this.source.clientHeight / 2 + here.offsetHeight;
  }

  /** The state of the hardware. */
  conditions() {
    const { hardware, was } = this.replay;
    this.hardware.replaceChildren(...hardware.map((condition, which) => {
      const before = was.hardware[which];
      const aspects = Object.entries(condition).map(([aspect, state]) => {
        const old = before && before[aspect] !== state ? before[aspect] : null;
        const unusual = !USUAL.includes(state);
        return h("li", { class: `${unusual ? "unusual" : "usual"}${old === null ? "" : " changed"}` },
          h("span", { class: "aspect" }, aspect), " ", unusual ? "▲ " : "", state, old === null ? "" : ` (was ${old})`);
      });
      const about = this.event?.[ABOUT] === which;
      return h("li", { class: about ? "current" : null },
        h("strong", {}, this.run.functions[which].bdf), h("ul", { class: "aspects" }, ...aspects));
    }));
  }

  /** The registers of the chosen function. */
  registers() {
    const which = +this.select.value;
    const one = this.run.functions[which];
    if (!one) return;
    const image = this.replay.images[which];
    const before = this.replay.before(which);
    const touched = this.event?.[ABOUT] === which && this.here ? this.event[WHERE] : null;
    let first = null;
    const items = [];
    for (const [name, where, size] of this.named(one, image)) {
      const value = number(image, where, size);
      const old = number(before, where, size);
      const start = number(this.starts[which], where, size);
      const access = touched && touched[0] < where + size && where < touched[0] + touched[1];
      if (this.differing.checked && value === start && value === old && !access) continue;
      const row = this.register(name, where, size, value, old, start, access);
      if (!first && (value !== old || access)) first = row;
      items.push(row);
    }
    this.table.replaceChildren(...items);
    if (first) {
      const box = this.table.closest(".scroll");
      box.scrollTop = first.offsetTop - box.clientHeight / 2 + first.offsetHeight;
    }
  }

  /** The registers that have names, and bytes without a name that are not as in the beginning. */
  named(one, image) {
    const which = this.run.functions.indexOf(one);
    if (!one.covered) {
      one.covered = new Uint8Array(one.size);
      for (const [, where, size] of one.registers) one.covered.fill(1, where, where + size);
    }
    const found = [...one.registers];
    const before = this.replay.before(which);
    for (let where = 0; where < image.length; where++) {
      const differs = image[where] !== this.starts[which][where] || image[where] !== before[where];
      if (!one.covered[where] && differs) found.push([`byte ${hex(where, 1)}`, where, 1]);
    }
    return found.sort((a, b) => a[1] - b[1]);
  }

  register(name, where, size, value, old, start, access) {
    const known = recording.registers[name] || [];
    const bits = [];
    for (const field of known) {
      if ((value ^ old) & field[1]) bits.push(h("ins", {}, fields.change(field, old, value)), " ");
      else if (fields.told(field, value)) bits.push(`${fields.show(field, value)} `);
    }
    if (value !== old && !bits.some((bit) => bit instanceof Element)) bits.push(h("ins", {}, `was ${hex(old, size)}`));
    const mark = value !== old ? "● " : access ? "○ " : "";
    const said = value !== old ? "changed" : access ? "accessed" : "";
    return h("tr", { class: `${said}${value !== start ? " differs" : ""}` },
      h("td", {}, `0x${where.toString(16).padStart(3, "0")}`),
      h("th", { scope: "row" }, h("span", { "aria-hidden": "true" }, mark), name, said ? h("span", { class: "hidden" }, ` ${said}`) : ""),
      h("td", {}, hex(value, size)), h("td", { class: "bits" }, ...bits));
  }

  /** The step in words. */
  sentence() {
    if (!this.event) return "the beginning, before the call";
    const frame = recording.stacks[this.event[STACK]][this.event[FRAME]];
    const by = frame ? `, ${this.event[OP] === "hw" ? "during" : "in"} ${recording.code[frame[0]].name}` : "";
    const whose = this.event[WHERE] ? `${this.run.functions[this.event[ABOUT]]?.bdf} ` : "";
    return `${milliseconds(this.event[TIME])}, ${this.event[CONTEXT]}: ${whose}${this.event[TEXT]}${by}`;
  }
}

/** Pictures on buttons, as paths in a box of 16. */
const ICONS = {
  first: "M3 3h2v10H3zM13 3v10L6 8z", before: "M8 3v10L2 8zM14 3v10L8 8z", back: "M12 3v10L4 8z",
  forward: "M4 3v10l8-5z", next: "M2 3v10l6-5zM8 3v10l6-5z", last: "M11 3h2v10h-2zM3 3v10l7-5z",
};

function icon(name) {
  return h("svg:svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", class: "icon" },
    h("svg:path", { d: ICONS[name] }));
}

/** A line of source with its comments, strings and keywords marked. */
function coloured(text, marks) {
  const parts = [];
  let at = 0;
  for (const [from, to, kind] of marks) {
    parts.push(text.slice(at, from), h("span", { class: `py-${kind}` }, text.slice(from, to)));
    at = to;
  }
  return [...parts, text.slice(at)];
}

/** The steps, and everything that moves between them. */
class Player {
  constructor() {
    this.step = 0;
    this.panes = recording.runs.map((run, column) => new Pane(run, column));
    const last = Math.max(...this.panes.map((pane) => pane.last));
    for (const pane of this.panes) pane.addTimeline(last, (step) => this.go(step));
    this.changing = rows.map((pair) => pair.some((index, column) => index >= 0 && this.tells(column, index)));
    this.build();
    addEventListener("hashchange", () => this.go(this.linked()));
    addEventListener("keydown", (event) => this.key(event));
    this.go(this.linked());
  }

  /** Whether an event changes anything but what thread is at what. */
  tells(column, index) {
    const run = recording.runs[column];
    const change = run.changes[index];
    return change.config.length || Object.keys(change.hardware).length || !["r", "printk"].includes(run.events[index][OP]);
  }

  button(picture, label, keys, act) {
    return h("button", { type: "button", "aria-label": label, title: `${label} (${keys})`, onclick: act }, icon(picture));
  }

  build() {
    this.slider = h("input", {
      type: "range", min: 0, max: rows.length, step: 1, value: 0, "aria-label": "Step", class: "slider",
      oninput: () => this.go(+this.slider.value),
    });
    this.count = h("output", { class: "count" });
    this.status = h("p", { role: "status", class: "sentence" });
    const compress = h("input", {
      type: "range", min: 0, max: 100, value: 35, "aria-label": "Compress delays",
      oninput: () => {
        for (const pane of this.panes) {
          pane.timeline.compress = compress.value / 100;
          pane.timeline.draw();
        }
      },
    });
    const difference = recording.divergence >= 0
      ? h("button", { type: "button", title: "First difference (d)", "aria-label": "First difference", onclick: () => this.diverge() },
        "≠", h("span", { class: "wide" }, " first difference")) : null;
    this.controls = h("div", { class: "controls", role: "group", "aria-label": "Steps" },
      h("div", { class: "buttons" },
        this.button("first", "First step", "Home", () => this.go(0)),
        this.button("before", "Change before", "p", () => this.seek(-1)),
        this.button("back", "Step back", "left arrow", () => this.go(this.step - 1)),
        this.button("forward", "Step forward", "right arrow", () => this.go(this.step + 1)),
        this.button("next", "Next change", "n", () => this.seek(1)),
        this.button("last", "Last step", "End", () => this.go(rows.length)), difference),
      this.slider, this.count,
      h("label", { class: "compress" }, "delays to scale ", compress, " compressed"), this.status);
    const help = h("details", { class: "keys" }, h("summary", {}, "Keys and marks"),
      h("p", {}, "← → step, Page Up and Page Down 25 steps, Home and End, p and n to what changes something, d to the first difference."),
      h("p", {}, "● a register that this step changed, ○ one that it accessed, ▲ a state out of the ordinary, ▶ where it is now, ≠ only in one of the runs. The address of the page leads to the step."));
    const runs = h("div", { class: this.panes.length > 1 ? "runs two" : "runs" }, ...this.panes.map((pane) => pane.element));
    document.getElementById("watch").append(this.controls, runs, help);
    for (const pane of this.panes) pane.timeline.draw();
  }

  linked() {
    const match = /^#step=(\d+)$/.exec(location.hash);
    return match ? +match[1] : this.step;
  }

  /** Go to a step; 0 is the beginning. */
  go(step) {
    this.step = Math.max(0, Math.min(rows.length, step));
    for (const pane of this.panes) pane.update(this.step);
    const told = this.told();
    this.slider.value = this.step;
    this.slider.setAttribute("aria-valuetext", `${this.step} of ${rows.length}`);
    this.count.textContent = `${this.step} / ${rows.length}`;
    this.status.textContent = told;
    clearTimeout(this.pending);
    this.pending = setTimeout(() => history.replaceState(null, "", `#step=${this.step}`), QUIET);
  }

  told() {
    const here = this.panes.filter((pane) => pane.here);
    const told = (here.length ? here : this.panes.slice(0, 1)).map((pane) => pane.sentence())[0];
    const only = this.panes.length > 1 && here.length === 1 ? `≠ only ${here[0].run.kernel}: ` : "";
    return `Step ${this.step} of ${rows.length}: ${only}${told}`;
  }

  /** To the next or previous step that changes something. */
  seek(by) {
    let step = this.step + by;
    while (step > 0 && step < rows.length && !this.changing[step - 1]) step += by;
    this.go(step);
  }

  diverge() {
    this.go(recording.divergence + 1);
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("select, input, pre, .scroll")) return;
    const steps = {
      ArrowLeft: () => this.go(this.step - 1), ArrowRight: () => this.go(this.step + 1),
      PageUp: () => this.go(this.step - PAGE), PageDown: () => this.go(this.step + PAGE),
      Home: () => this.go(0), End: () => this.go(rows.length),
      n: () => this.seek(1), p: () => this.seek(-1),
      d: () => recording.divergence >= 0 && this.diverge(),
    };
    if (!Object.hasOwn(steps, event.key)) return;
    event.preventDefault();
    steps[event.key]();
  }
}

const player = new Player();
