// SPDX-License-Identifier: GPL-2.0-only
// One run on the page: its chapters, its time line, and its state at the current step.

/** The most functions listed one by one. */
const FEW = 12;
const USUAL = ["D0", "ready", "not in reset", "active", "occupied", "on", "not asserted", "knows it"];
/** The panels, in the order of their keys, 1 to 6. */
const PANELS = ["time", "trace", "source", "stacks", "config", "hardware"];
const TITLES = {
  time: "Time", trace: "Trace", source: "Source", stacks: "Threads", config: "Registers", hardware: "Hardware",
};

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
    this.build();
  }

  /** Make a panel; *arrange* is called with its name and "fold", "widen" or "full". */
  panel(name, ...content) {
    const id = `${name}-${this.column}`;
    const key = PANELS.indexOf(name) + 1;
    const tool = (what, label) => h("button", {
      type: "button", class: `tool ${what}`, "data-panel": name, "aria-pressed": "false",
      "aria-label": `${label}: ${TITLES[name]}, ${this.run.kernel}`, title: what === "full" ? `${label} (${key})` : label,
      onclick: () => player.arrange(name, what),
    }, icon(what));
    return h("section", { class: `panel ${name}`, "aria-labelledby": id },
      h("div", { class: "head" },
        h("h3", { id }, TITLES[name], h("span", { class: "hidden" }, ` of ${this.run.kernel}`)), keycap(key),
        h("span", { class: "tools" }, tool("fold", "Fold"), tool("widen", "Widen"), tool("full", "Alone"))),
      ...content);
  }

  build() {
    const { kernel, explained, failed, result, halt } = this.run;
    this.trace = new Trace(this.run, this.column);
    this.registers = new Registers(this.run, () => { this.update(player.step); this.scroll(); });
    this.topology = new Topology(this.run);
    this.place = h("p", { class: "place" });
    this.source = new Listing(`Source of the function, ${kernel}`, "python");
    this.placeC = recording.c ? h("p", { class: "place" }) : null;
    this.sourceC = recording.c ? new Listing(`Its C, ${kernel}`, "c") : null;
    this.threads = h("ul", { class: "threads" });
    this.hardware = h("ul", { class: "hardware-list" });
    this.timelineBox = h("div", { class: "body scroll", tabindex: 0, role: "region", "aria-label": `Contents of the time line of ${kernel}` });
    const region = (label, ...content) =>
      h("div", { class: "body scroll", tabindex: 0, role: "region", "aria-label": `Contents of ${label} of ${kernel}` }, ...content);
    const trace = this.panel("trace", this.trace.element);
    const source = this.panel("source", h("div", { class: this.sourceC ? "body sources both" : "body sources" },
      ...[this.place, this.source.element, this.placeC, this.sourceC?.element].filter(Boolean)));
    const stacks = this.panel("stacks", region("Threads", this.threads));
    const config = this.panel("config", this.registers.choice, this.registers.box);
    const hardware = this.panel("hardware", region("Hardware", this.topology.element, this.hardware));
    const lines = recording.runs.length > 1
      ? [[trace, source], [stacks, config, hardware]] : [[trace, source, stacks], [config, hardware]];
    this.element = h("section", { class: "run", "aria-labelledby": `run-${this.column}` },
      h("div", { class: "heading" },
        h("h2", { id: `run-${this.column}` }, kernel), h("p", { class: "explained" }, explained),
        h("p", { class: failed ? "outcome bad" : "outcome good", title: result }, failed ? "✗ " : "✓ ", result),
        halt.length ? h("details", { class: "halt" }, h("summary", {}, "The kernel's last words"), h("pre", {}, halt.join("\n"))) : null),
      this.chapters(),
      this.panel("time", this.timelineBox),
      ...lines.map((line, index) => h("div", { class: `line-of-panels ${index ? "lower" : "upper"}` }, ...line)));
  }

  /** Make the list of chapters: buttons that go to where each begins. */
  chapters() {
    const main = this.run.chapters[0]?.[2];
    this.marks = this.run.chapters.map(([title, called, thread, first]) =>
      h("button", { type: "button", title: `${called || title}, ${thread}`, onclick: () => player.go(this.rowOf[first] + 1) },
        thread === main ? null : h("span", { class: "thread-name" }, `${thread} `), title));
    this.chapterStarts = this.run.chapters.map(([, , , first]) => this.rowOf[first] + 1);
    return h("nav", { class: "chapters", "aria-label": `Chapters of ${this.run.kernel}` },
      h("ol", {}, ...this.marks.map((mark) => h("li", {}, mark))));
  }

  /** Add the time line, which needs to know both runs. */
  addTimeline(last, go) {
    this.timeline = new Timeline(this.run, rows.length, this.rowOf, last, recording.differences || [], go);
    this.timelineBox.append(this.timeline.element);
  }

  /** Show a step; 0 is the beginning. */
  update(step) {
    const index = step ? this.reached[step - 1] : -1;
    this.index = index;
    this.here = step > 0 && rows[step - 1][this.column] >= 0;
    this.replay.goTo(index);
    this.event = this.run.events[index];
    this.chosen = null;
    this.toShow = [];
    this.timeline.move(step, index);
    this.element.classList.toggle("absent", step > 0 && !this.here);
    this.chapter();
    this.trace.show(step);
    this.stacks();
    this.code();
    this.topology.show(this.replay);
    this.conditions();
    this.registers.show({ replay: this.replay, starts: this.starts, event: this.here ? this.event : null }, this.whose[index] ?? 0);
  }

  /** Mark the current chapter. */
  chapter() {
    const now = this.index < 0 ? -1 : this.run.chapter[this.index];
    if (now === this.chapterNow) return;
    this.marks[this.chapterNow]?.removeAttribute("aria-current");
    this.marks[now]?.setAttribute("aria-current", "step");
    this.chapterNow = now;
    if (now >= 0) this.toShow.push([this.marks[now].closest("ol"), this.marks[now]]);
  }

  /** Scroll the marked elements into view. Separate from update(), so that the page is laid out once. */
  scroll() {
    const places = this.toShow.map(([box, element]) => [
      element.offsetTop - box.clientHeight / 2 + element.offsetHeight, element.offsetLeft - box.clientWidth / 2 + element.offsetWidth]);
    const trace = this.trace.place;
    this.toShow.forEach(([box], index) => { [box.scrollTop, box.scrollLeft] = [places[index][0], box.matches("ol") ? places[index][1] : 0]; });
    this.trace.element.scrollTop = trace;
    this.registers.scroll();
    this.toShow = [];
  }

  /** Show the state of each thread. */
  stacks() {
    const { threads, latest } = this.replay;
    const now = this.event?.[CONTEXT];
    const contexts = Object.keys(threads);
    if (now !== undefined && !contexts.includes(now)) contexts.unshift(now);
    contexts.sort((a, b) => (b === now) - (a === now));
    this.threads.replaceChildren(...contexts.map((name) => {
      const [state, held] = threads[name] || ["borrows a thread", null];
      const index = ["idle", "has returned"].includes(state) && name !== now ? undefined : latest[name];
      const current = name === now;
      const locks = held?.length ? held.map((lock) => h("li", {}, lock.replace("0000:", ""))) : [h("li", { class: "none" }, "no locks")];
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
    const { name, file, c, first, lines, doc, beside } = recording.code[code];
    this.place.replaceChildren(h("strong", {}, name), ` ${file}:${line}`, c ? h("span", { class: "c" }, `C: ${c}`) : "");
    this.bring(this.source, this.source.show(lines, [line - first], first, doc));
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

  /** Return the step in plain words. */
  get caption() {
    return this.event ? recording.captions[this.event[CAPTION]] : "The beginning: nothing has been called yet.";
  }

  /** Return the step as the trace has it. */
  get detail() {
    if (!this.event) return "before the call";
    const frame = recording.stacks[this.event[STACK]][this.event[FRAME]];
    const by = frame ? `, ${this.event[OP] === "hw" ? "during" : "in"} ${recording.code[frame[0]].name}` : "";
    const whose = this.event[WHERE] ? `${this.run.functions[this.event[ABOUT]]?.bdf} ` : "";
    return `${milliseconds(this.event[TIME])}, ${this.event[CONTEXT]}: ${whose}${this.event[TEXT]}${by}`;
  }
}
