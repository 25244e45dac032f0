// SPDX-License-Identifier: GPL-2.0-only
// One run on the page: its time line, and its state at the current step.

const AROUND = 7;
/** The most functions listed one by one. */
const FEW = 12;
const USUAL = ["D0", "ready", "not in reset", "active", "occupied", "on", "not asserted"];

/** One run on the page: its time line and its state at the current step. */
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
    /** For each event, the function that it, or an earlier event, is about. */
    this.whose = [];
    for (const event of run.events) this.whose.push(event[ABOUT] >= 0 ? event[ABOUT] : this.whose.at(-1) ?? 0);
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
    const alone = this.run.events.every((event) => event[CONTEXT] === this.run.events[0][CONTEXT]);
    this.trace = h("ol", { class: alone ? "lines alone" : "lines" });
    this.place = h("p", { class: "place" });
    this.source = new Listing("Source of the function", "python");
    this.placeC = recording.c ? h("p", { class: "place" }) : null;
    this.sourceC = recording.c ? new Listing("Its C", "c") : null;
    this.threads = h("ul", { class: "threads" });
    this.hardware = h("ul", { class: "hardware-list" });
    this.select = h("select", { "aria-label": "Function", onchange: () => { this.follow.checked = false; this.registers(); this.scroll(); } },
      ...this.run.functions.map((one, index) => h("option", { value: index }, one.bdf)));
    this.follow = h("input", { type: "checkbox", checked: true, onchange: () => this.update(player.step) });
    this.differing = h("input", { type: "checkbox", onchange: () => { this.registers(); this.scroll(); } });
    this.table = h("tbody");
    const heads = ["Offset", "Register", "Value", "Bits"].map((name) => h("th", { scope: "col" }, name));
    const registers = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Registers" },
      h("table", {}, h("thead", {}, h("tr", {}, ...heads)), this.table));
    const choice = h("p", { class: "choice" }, this.select,
      h("label", {}, this.follow, " follow the current step"),
      h("label", {}, this.differing, " changes only"));
    this.timelineBox = h("div", {});
    this.element = h("section", { class: "run", "aria-labelledby": `run-${this.column}` },
      h("div", { class: "heading" },
        h("h2", { id: `run-${this.column}` }, this.run.kernel),
        h("p", { class: this.run.failed ? "outcome bad" : "outcome good" }, this.run.failed ? "✗ " : "✓ ", this.run.result),
        this.run.halt.length
          ? h("details", { class: "halt" }, h("summary", {}, "The kernel's last words"), h("pre", {}, this.run.halt.join("\n")))
          : null),
      this.panel("Time", "time", this.timelineBox),
      h("div", { class: "panels" },
        this.panel("Trace", "trace", this.trace),
        this.panel("Source", this.sourceC ? "source both" : "source",
          this.place, this.source.element, this.placeC, this.sourceC?.element),
        this.panel("Threads: stacks and locks", "stacks", this.threads),
        this.panel("Hardware", "hardware", this.hardware),
        this.panel("Configuration space", "config", choice, registers)));
  }

  /** Add the time line, which needs to know both runs. */
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
    this.toShow = [];
    this.timeline.move(step, index);
    this.element.classList.toggle("absent", step > 0 && !this.here);
    this.lines(step);
    this.stacks();
    this.code();
    this.conditions();
    if (this.follow.checked) this.select.value = this.whose[index] ?? 0;
    this.registers();
  }

  /** Scroll the marked elements into view. Separate from update(), so that the page is laid out once. */
  scroll() {
    const places = this.toShow.map(([box, element]) => element.offsetTop - box.clientHeight / 2 + element.offsetHeight);
    this.toShow.forEach(([box], index) => { box.scrollTop = places[index]; });
    this.toShow = [];
  }

  /** Show the trace around the step. */
  lines(step) {
    const first = Math.max(1, Math.min(step - AROUND, rows.length - 2 * AROUND));
    const items = [];
    let context = null;
    for (let at = first; at <= Math.min(rows.length, first + 2 * AROUND); at++) {
      const event = this.run.events[rows[at - 1][this.column]];
      const same = rows[at - 1].every((index) => index >= 0);
      const mark = rows[at - 1].length < 2 || same ? "" : event ? "≠ " : "";
      const who = event && event[CONTEXT] !== context ? (context = event[CONTEXT]) : "";
      const cells = event
        ? [h("span", { class: "when" }, (event[TIME] / 1e6).toFixed(3)), h("span", { class: "who", title: who }, who.replace("0000:", "")), h("span", { class: `what op-${event[OP]}` }, mark, this.address(event), event[TEXT])]
        : [h("span", { class: "when" }), h("span", { class: "who" }), h("span", { class: "what nothing" }, "– no event –")];
      items.push(h("li", { class: at === step ? "current" : null },
        h("a", { href: `#step=${at}`, "aria-current": at === step ? "step" : null, title: event ? event[TEXT] : null },
          h("span", { class: "marker", "aria-hidden": "true" }, at === step ? "▶" : ""), ...cells)));
    }
    this.trace.replaceChildren(...items);
  }

  /** Return the function of an access; other events name it themselves. */
  address(event) {
    return event[WHERE] ? h("span", { class: "whose" }, `${this.run.functions[event[ABOUT]]?.bdf.replace(/^0000:/, "")} `) : "";
  }

  /** Show the state of each thread. */
  stacks() {
    const { threads, latest } = this.replay;
    const now = this.event?.[CONTEXT];
    const contexts = Object.keys(threads);
    if (now !== undefined && !contexts.includes(now)) contexts.unshift(now);
    this.threads.replaceChildren(...contexts.map((name) => {
      const [state, held] = threads[name] || ["borrows a thread", null];
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
      const { name, file } = recording.code[code];
      const laid = depth === event[FRAME];
      const pressed = this.chosen ? this.chosen === `${index}/${depth}` : current && laid;
      const choose = () => {
        this.chosen = `${index}/${depth}`;
        this.stacks();
        this.code(code, line);
        this.scroll();
        this.threads.querySelector("[aria-pressed=true]")?.focus();
      };
      return h("li", {}, h("button", { type: "button", class: "frame", "aria-pressed": String(pressed), onclick: choose },
        h("span", { class: "function" }, name), " ", h("span", { class: "at" }, `${file}:${line}`)));
    });
  }

  /** Show the source of the frame that caused the event, or of another one. */
  code(code, line) {
    if (code === undefined) {
      const frame = this.event && recording.stacks[this.event[STACK]][this.event[FRAME]];
      if (!frame) {
        this.place.replaceChildren(this.event ? "The hardware does this on its own." : "Nothing has run yet.");
        this.source.clear();
        this.placeC?.replaceChildren();
        this.sourceC?.clear();
        return;
      }
      [code, line] = frame;
    }
    const { name, file, c, first, lines, beside } = recording.code[code];
    this.place.replaceChildren(h("strong", {}, name), ` ${file}:${line}`, c ? h("span", { class: "c" }, `C: ${c}`) : "");
    this.bring(this.source, this.source.show(lines, [line - first], first));
    if (beside) this.codeC(beside, beside.at[line] || []);
  }

  /** Show the C of that source, and mark the lines that match the current one. */
  codeC({ place, note, lines }, here) {
    const said = [note, lines.length && !here.length ? "no line matches this one" : ""].filter(Boolean).join("; ");
    this.placeC.replaceChildren(h("strong", {}, place || "No C"), said ? `: ${said}` : "", h("span", { class: "c" }, recording.c));
    this.bring(this.sourceC, this.sourceC.show(lines, here));
  }

  bring(listing, element) {
    if (element) this.toShow.push([listing.element, element]);
  }

  /** Show the state of the hardware; with many functions, group equal ones. */
  conditions() {
    const { hardware, was } = this.replay;
    const groups = new Map();
    hardware.forEach((condition, which) => {
      const about = this.event?.[ABOUT] === which;
      const before = was.hardware[which] || condition;
      const alone = hardware.length <= FEW || about ? which : "";
      const key = JSON.stringify([condition, before, about, alone]);
      if (groups.has(key)) groups.get(key).members.push(which);
      else groups.set(key, { members: [which], condition, before, about });
    });
    reconcile(this.hardware, [...groups].map(([key, group]) => [key + group.members.join(), () => this.condition(group)]));
  }

  condition({ members, condition, before, about }) {
    const aspects = Object.entries(condition).map(([aspect, state]) => {
      const changed = before[aspect] !== state;
      const unusual = !USUAL.includes(state);
      return h("li", { class: `${unusual ? "unusual" : "usual"}${changed ? " changed" : ""}` },
        h("span", { class: "aspect" }, aspect), " ", unusual ? "▲ " : "", state, changed ? ` (was ${before[aspect]})` : "");
    });
    const more = members.length > 1 ? ` and ${members.length - 1} more like it` : "";
    return h("li", { class: about ? "current" : null },
      h("strong", {}, this.run.functions[members[0]].bdf), more, h("ul", { class: "aspects" }, ...aspects));
  }

  /** Show the registers of the chosen function. */
  registers() {
    const which = +this.select.value;
    if (!this.run.functions.length) return;
    const image = this.replay.images[which];
    const before = this.replay.before(which);
    const touched = this.event?.[ABOUT] === which && this.here ? this.event[WHERE] : null;
    let first = -1;
    const items = [];
    for (const [name, where, size] of this.named(which, image, before)) {
      const value = number(image, where, size);
      const old = number(before, where, size);
      const start = number(this.starts[which], where, size);
      const access = Boolean(touched && touched[0] < where + size && where < touched[0] + touched[1]);
      if (this.differing.checked && value === start && value === old && !access) continue;
      if (first < 0 && (value !== old || access)) first = items.length;
      const key = [which, where, size, value, old, start, access].join();
      items.push([key, () => this.register(name, where, size, value, old, start, access)]);
    }
    reconcile(this.table, items);
    if (first >= 0) this.toShow.push([this.table.closest(".scroll"), this.table.children[first]]);
  }

  /** Return the named registers, and the changed bytes without a name. */
  named(which, image, before) {
    const one = this.run.functions[which];
    if (!one.covered) {
      one.covered = new Uint8Array(one.size);
      for (const [, where, size] of one.registers) one.covered.fill(1, where, where + size);
    }
    const found = [...one.registers];
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
      else if (fields.isShown(field, value)) bits.push(`${fields.show(field, value)} `);
    }
    if (value !== old && !bits.some((bit) => bit instanceof Element)) bits.push(h("ins", {}, `was ${hex(old, size)}`));
    const mark = value !== old ? "● " : access ? "○ " : "";
    const said = value !== old ? "changed" : access ? "accessed" : "";
    return h("tr", { class: `${said}${value !== start ? " differs" : ""}` },
      h("td", {}, `0x${where.toString(16).padStart(3, "0")}`),
      h("th", { scope: "row" }, h("span", { "aria-hidden": "true" }, mark), name, said ? h("span", { class: "hidden" }, ` ${said}`) : ""),
      h("td", {}, hex(value, size)), h("td", { class: "bits" }, ...bits));
  }

  /** Return the step in words. */
  sentence() {
    if (!this.event) return "the beginning, before the call";
    const frame = recording.stacks[this.event[STACK]][this.event[FRAME]];
    const by = frame ? `, ${this.event[OP] === "hw" ? "during" : "in"} ${recording.code[frame[0]].name}` : "";
    const whose = this.event[WHERE] ? `${this.run.functions[this.event[ABOUT]]?.bdf} ` : "";
    return `${milliseconds(this.event[TIME])}, ${this.event[CONTEXT]}: ${whose}${this.event[TEXT]}${by}`;
  }
}
