// SPDX-License-Identifier: GPL-2.0-only
// Steps through a recorded run, or two.

const PAGE = 25;
const QUIET = 150;

/** Icons of the buttons, as paths in a box of 16. */
const ICONS = {
  first: "M3 3h2v10H3zM13 3v10L6 8z", before: "M8 3v10L2 8zM14 3v10L8 8z", back: "M12 3v10L4 8z",
  forward: "M4 3v10l8-5z", next: "M2 3v10l6-5zM8 3v10l6-5z", last: "M11 3h2v10h-2zM3 3v10l7-5z",
};

function icon(name) {
  return h("svg:svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", class: "icon" },
    h("svg:path", { d: ICONS[name] }));
}

/** Moves between the steps. */
class Player {
  constructor() {
    this.step = 0;
    this.panes = recording.runs.map((run, column) => new Pane(run, column));
    const last = Math.max(...this.panes.map((pane) => pane.last));
    for (const pane of this.panes) pane.addTimeline(last, (step) => this.go(step));
    this.changing = rows.map((pair) => pair.some((index, column) => index >= 0 && this.changes(column, index)));
    this.build();
    addEventListener("hashchange", () => this.go(this.linked()));
    addEventListener("keydown", (event) => this.key(event));
    this.go(this.linked());
  }

  /** Return whether an event changes anything but thread states. */
  changes(column, index) {
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
        this.button("before", "Previous change", "p", () => this.seek(-1)),
        this.button("back", "Step back", "left arrow", () => this.go(this.step - 1)),
        this.button("forward", "Step forward", "right arrow", () => this.go(this.step + 1)),
        this.button("next", "Next change", "n", () => this.seek(1)),
        this.button("last", "Last step", "End", () => this.go(rows.length)), difference),
      this.slider, this.count,
      h("label", { class: "compress" }, "delays to scale ", compress, " compressed"), this.status);
    const help = h("details", { class: "keys" }, h("summary", {}, "Keys and marks"),
      h("p", {}, "← → step, Page Up and Page Down 25 steps, Home and End, p and n to the previous and next change, d to the first difference."),
      h("p", {}, "● a register that this step changed, ○ one that it accessed, ▲ an unusual state, ▶ the current step, ≠ only in one run. The page's address includes the step."));
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
    for (const pane of this.panes) pane.scroll();
    const sentence = this.sentence();
    this.slider.value = this.step;
    this.slider.setAttribute("aria-valuetext", `${this.step} of ${rows.length}`);
    this.count.textContent = `${this.step} / ${rows.length}`;
    this.status.textContent = sentence;
    clearTimeout(this.pending);
    this.pending = setTimeout(() => history.replaceState(null, "", `#step=${this.step}`), QUIET);
  }

  sentence() {
    const here = this.panes.filter((pane) => pane.here);
    const sentence = (here.length ? here : this.panes.slice(0, 1)).map((pane) => pane.sentence())[0];
    const only = this.panes.length > 1 && here.length === 1 ? `≠ only ${here[0].run.kernel}: ` : "";
    return `Step ${this.step} of ${rows.length}: ${only}${sentence}`;
  }

  /** Go to the next or previous step that changes something. */
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
