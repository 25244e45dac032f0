// SPDX-License-Identifier: GPL-2.0-only
// Steps through a recorded run, or two.

const PAGE = 25;
const QUIET = 150;

/** Moves between the steps. */
class Player {
  constructor() {
    this.step = 0;
    this.speed = 2;
    this.panes = recording.runs.map((run, column) => new Pane(run, column));
    const last = Math.max(...this.panes.map((pane) => pane.last));
    for (const pane of this.panes) pane.addTimeline(last, (step) => this.go(step));
    this.changing = rows.map((pair) => pair.some((index, column) => index >= 0 && this.changes(column, index)));
    this.chapters = [...new Set(this.panes.flatMap((pane) => pane.chapterStarts))].sort((a, b) => a - b);
    this.build();
    addEventListener("hashchange", () => this.go(this.linked()));
    addEventListener("keydown", (event) => this.key(event));
  }

  /** Return whether an event changes anything but thread states. */
  changes(column, index) {
    const run = recording.runs[column];
    const change = run.changes[index];
    return change.config.length || Object.keys(change.hardware).length || !["r", "printk"].includes(run.events[index][OP]);
  }

  build() {
    this.controls = new Controls(this);
    this.runs = h("div", { class: this.panes.length > 1 ? "runs two" : "runs" }, ...this.panes.map((pane) => pane.element));
    document.getElementById("watch").append(this.controls.element, this.runs);
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
    const here = this.panes.filter((pane) => pane.here);
    const told = here[0] || this.panes[0];
    const only = this.panes.length > 1 && here.length === 1 ? `≠ only ${told.run.kernel}: ` : "";
    this.controls.show(this.step, only + told.caption, told.detail);
    clearTimeout(this.pending);
    this.pending = setTimeout(() => history.replaceState(null, "", `#step=${this.step}`), QUIET);
    if (this.step === rows.length) this.pause();
  }

  /** Go to the next or previous step that changes something. */
  seek(by) {
    let step = this.step + by;
    while (step > 0 && step < rows.length && !this.changing[step - 1]) step += by;
    this.go(step);
  }

  /** Go to the beginning of the next or previous chapter. */
  chapter(by) {
    const next = by > 0 ? this.chapters.find((start) => start > this.step) : this.chapters.findLast((start) => start < this.step);
    this.go(next ?? (by > 0 ? rows.length : 0));
  }

  /** Go to the next or previous difference between the runs, round and round. */
  difference(by) {
    const starts = (recording.differences || []).map(([first]) => first + 1);
    if (!starts.length) return;
    const next = by > 0 ? starts.find((start) => start > this.step) : starts.findLast((start) => start < this.step);
    this.go(next ?? starts.at(by > 0 ? 0 : -1));
  }

  /** Play on from here, or from the start if this is the end; pause if it plays. */
  play() {
    if (this.timer) {
      this.pause();
      return;
    }
    if (this.step === rows.length) this.go(0);
    this.timer = setInterval(() => this.go(this.step + 1), 1000 / this.speed);
    this.controls.plays(true);
  }

  pause() {
    clearInterval(this.timer);
    if (this.timer) this.controls.plays(false);
    this.timer = null;
  }

  /** Set how many steps are played a second. */
  rate(speed) {
    this.speed = speed;
    if (!this.timer) return;
    this.pause();
    this.play();
  }

  /** Set how much delays are compressed on the time lines, 0 to 1. */
  compress(share) {
    for (const pane of this.panes) {
      pane.timeline.compress = share;
      pane.timeline.draw();
    }
  }

  /** Fold, widen or show alone a panel, of both runs; or undo that. */
  arrange(name, what) {
    const panels = [...this.runs.querySelectorAll(`.panel.${name}`)];
    const on = !panels[0].classList.contains(what);
    if (what === "full") for (const other of this.runs.querySelectorAll(".panel.full")) other.classList.remove("full");
    else if (on) for (const panel of panels) panel.classList.remove("fold", "widen");
    for (const panel of panels) panel.classList.toggle(what, on);
    this.runs.classList.toggle("alone", Boolean(this.runs.querySelector(".panel.full")));
    for (const line of this.runs.querySelectorAll(".line-of-panels")) {
      line.classList.toggle("with-full", Boolean(line.querySelector(".panel.full")));
      const folded = !line.querySelector(".panel:not(.fold)");
      this.runs.classList.toggle(line.classList.contains("upper") ? "upper-folded" : "lower-folded", folded);
    }
    for (const tool of this.runs.querySelectorAll(".tool")) {
      const pressed = ["fold", "widen", "full"].some((kind) => tool.matches(`.${kind}`) && tool.closest(".panel").matches(`.${kind}`));
      tool.setAttribute("aria-pressed", String(pressed));
    }
    for (const pane of this.panes) pane.update(this.step);
    for (const pane of this.panes) pane.scroll();
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("select, input")) return;
    const steps = {
      ArrowLeft: () => this.go(this.step - 1), ArrowRight: () => this.go(this.step + 1),
      PageUp: () => this.go(this.step - PAGE), PageDown: () => this.go(this.step + PAGE),
      Home: () => this.go(0), End: () => this.go(rows.length),
      n: () => this.seek(1), p: () => this.seek(-1), "]": () => this.chapter(1), "[": () => this.chapter(-1),
      d: () => this.difference(1), D: () => this.difference(-1), " ": () => this.play(),
      Escape: () => { const full = this.runs.querySelector(".panel.full .full"); if (full) this.arrange(full.dataset.panel, "full"); },
    };
    PANELS.forEach((name, index) => { steps[index + 1] = () => this.arrange(name, "full"); });
    if (!Object.hasOwn(steps, event.key)) return;
    // In what scrolls, these keys scroll; on a button, space presses it.
    if (event.target.matches("pre, .scroll") && /Page|Home|End|^ $/.test(event.key)) return;
    if (event.target.matches("button, a, summary") && event.key === " ") return;
    event.preventDefault();
    steps[event.key]();
  }
}

const player = new Player();
for (const pane of player.panes) pane.timeline.draw();
player.go(player.linked());
