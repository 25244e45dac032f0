// SPDX-License-Identifier: GPL-2.0-only
// The time line of a run: what lasted how long, and the current step.

/** Tracks of the hardware and of threads, from top to bottom. */
const HARDWARE_TRACKS = ["reset held", "link down", "presence lost", "not ready", "interrupt"];
const THREAD_TRACKS = ["delay", "wait", "lock", "work", "queued"];
const PHONE = 460;
/** Room for the names of tracks, in a wide and in a narrow time line. */
const LABELS = 150;
const NARROW_LABELS = 124;
const NARROW = 800;
const LANE = 14;
/** The most lanes that show names; more lanes are thinner, down to a line each. */
const THICK_LANES = 6;
const THIN_LANES_HEIGHT = 84;
const THINNEST_LANE = 1;
const THINNEST_WITH_GAP = 4;
const TRACK_GAP = 4;
const CHARACTER = 6.4;
const AXIS = 18;
const LABEL_CHARACTER = 5.6;

class Timeline {
  /**
   * @param run    its events and spans
   * @param rows   number of rows, which the steps count
   * @param rowOf  of each event, its row (from 0)
   * @param last   virtual time at the right end, ns
   * @param differences  first and last row of each difference from the other run
   * @param go     called with the step that was clicked
   */
  constructor(run, rows, rowOf, last, differences, go) {
    Object.assign(this, { run, rows, rowOf, last: Math.max(last, 1), differences });
    this.step = 0;
    this.compress = 0.35;
    this.tracks = this.group();
    this.svg = h("svg:svg", { role: "img", "aria-label": this.summary(), class: "timeline" });
    this.element = h("div", { class: "timeline-box" }, this.svg);
    const pick = (event) => {
      if (event.buttons & 1) go(this.nearest(event.clientX - this.svg.getBoundingClientRect().left));
    };
    this.svg.addEventListener("pointerdown", pick);
    this.svg.addEventListener("pointermove", pick);
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  /** Return the text for a screen reader. */
  summary() {
    const counts = this.tracks.map((track) => `${track.name}: ${track.spans.length}`);
    return `Time line of ${milliseconds(this.last)}. ${counts.join(", ")}. Use the slider to move.`;
  }

  /** Group the spans by track, each track's spans on lanes where they do not overlap. */
  group() {
    const tracks = new Map();
    const order = (span) => {
      const hardware = HARDWARE_TRACKS.indexOf(span.track);
      return hardware >= 0 ? hardware : HARDWARE_TRACKS.length + THREAD_TRACKS.indexOf(span.track);
    };
    for (const span of this.run.spans) {
      const thread = THREAD_TRACKS.includes(span.track);
      const name = thread ? `${span.who}: ${span.track}` : span.track;
      if (!tracks.has(name)) {
        tracks.set(name, { name, kind: span.track, who: thread ? span.who : "", order: order(span), spans: [], ends: [] });
      }
      const track = tracks.get(name);
      const until = span.end === null ? span.begin + 0.5 : span.end;
      const end = span.open ? Infinity : until;
      let lane = track.ends.findIndex((taken) => taken < span.begin);
      if (lane < 0) lane = track.ends.length;
      track.ends[lane] = end;
      track.spans.push({ ...span, lane });
    }
    return [...tracks.values()].sort((a, b) => (a.who && b.who && a.who.localeCompare(b.who)) || a.order - b.order);
  }

  /** Return the position of a step, a mix of its number and its time that depends on the compression of delays. */
  place(row, time) {
    const share = this.compress * (row / Math.max(this.rows, 1)) + (1 - this.compress) * (time / this.last);
    return this.left + share * (this.width - this.left - 10);
  }

  ofEvent(index) {
    return index < 0 ? this.place(0, 0) : this.place(this.rowOf[index] + 1, this.run.events[index][0]);
  }

  /** Return the position of a time at which no event happens. */
  ofTime(begin, time) {
    return this.place(this.rowOf[begin] + 1, time);
  }

  /** Return the nearest step. */
  nearest(x) {
    let low = 0;
    let high = this.run.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ofEvent(middle) < x) low = middle + 1;
      else high = middle;
    }
    const before = low - 1;
    const nearer = low >= this.run.events.length || x - this.ofEvent(before) < this.ofEvent(low) - x ? before : low;
    return nearer < 0 ? 0 : this.rowOf[nearer] + 1;
  }

  draw() {
    this.width = this.element.clientWidth;
    if (!this.width) return;
    const phone = this.width < PHONE;
    this.left = phone ? 10 : this.width < NARROW ? NARROW_LABELS : LABELS;
    const parts = [];
    let y = AXIS;
    for (const track of [...this.tracks, { name: "config cycles", kind: "cycles", ends: [0], spans: [] }]) {
      const lanes = track.ends.length;
      const lane = lanes <= THICK_LANES ? LANE : Math.max(THINNEST_LANE, Math.min(LANE / 2, THIN_LANES_HEIGHT / lanes));
      if (phone) y += 14;
      parts.push(this.label(track.name, phone ? 10 : this.left - 8, phone ? y - 4 : y + LANE - 4, phone));
      parts.push(h("svg:line", { class: "rule", x1: 0, x2: this.width, y1: y - (phone ? 16 : 2), y2: y - (phone ? 16 : 2) }));
      for (const span of track.spans) parts.push(...this.bar(span, y + span.lane * lane, lane));
      if (track.kind === "cycles") parts.push(...this.cycles(y));
      y += lanes * lane + TRACK_GAP;
    }
    const under = this.axis(y);
    if (this.differences.length) under.push(...this.marks(y += 12));
    this.cursor = h("svg:g", { class: "cursor" },
      h("svg:path", { d: "M-6 2h12l-6 9z" }), h("svg:line", { y1: 2, y2: y }));
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${y}`);
    this.svg.setAttribute("height", y);
    this.svg.replaceChildren(...under, ...parts, this.cursor);
    this.move(this.step, this.at ?? -1);
  }

  label(name, x, y, phone) {
    const most = phone ? Infinity : Math.floor((this.left - 14) / LABEL_CHARACTER);
    const plain = name.replace("0000:", "");
    const short = plain.length > most ? `${plain.slice(0, most - 1)}…` : plain;
    return h("svg:text", { class: "name", x, y, "text-anchor": phone ? "start" : "end" },
      short, h("svg:title", {}, name));
  }

  bar(span, y, lane) {
    const from = this.ofEvent(span.begin);
    const end = span.end === null ? (span.open ? this.width - 10 : this.ofTime(span.begin, span.stop)) : this.ofEvent(span.end);
    const width = Math.max(end - from, 2);
    const lasted = span.stop > span.start ? `, ${milliseconds(span.stop - span.start)}` : "";
    const title = `${span.track}: ${span.label}${lasted}${span.open ? ", does not end" : ""}; from ${milliseconds(span.start)}`;
    const kind = span.track.replace(" ", "-");
    const thin = lane < THINNEST_WITH_GAP;
    const look = { class: `bar ${kind}${span.open ? " open" : ""}${thin ? " thin" : ""}`, rx: thin ? 0 : 2 };
    const parts = [h("svg:rect", { ...look, x: from, y, width, height: thin ? lane : lane - 2 }, h("svg:title", {}, title))];
    const most = Math.floor((width - 6) / CHARACTER);
    if (lane === LANE && most > 3) {
      const plain = span.label.replace("0000:", "");
      const text = plain.length > most ? `${plain.slice(0, most - 1)}…` : plain;
      parts.push(h("svg:text", { class: "inside", x: from + 4, y: y + LANE - 4.5 }, text));
    }
    return parts;
  }

  /** Draw every config cycle: reads short, writes tall. */
  cycles(y) {
    const paths = { r: [], w: [] };
    this.run.events.forEach((event, index) => {
      const path = paths[event[2]];
      if (path) path.push(`M${this.ofEvent(index).toFixed(1)} ${y + LANE - 2}v${event[2] === "w" ? 2 - LANE : -6}`);
    });
    return ["r", "w"].map((op) => h("svg:path", { class: `cycle-${op}`, d: paths[op].join("") }));
  }

  /** Draw round times, where they fit. */
  axis(bottom) {
    const parts = [];
    const rough = this.last / Math.max(2, Math.floor((this.width - this.left) / 90));
    const power = 10 ** Math.floor(Math.log10(rough));
    const unit = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
    let taken = -Infinity;
    let event = 0;
    for (let time = 0; time <= this.last; time += unit) {
      while (event < this.run.events.length && this.run.events[event][0] < time) event++;
      const x = this.place(event === 0 ? 0 : this.rowOf[event - 1] + 1, time);
      parts.push(h("svg:line", { class: "tick", x1: x, x2: x, y1: AXIS - 5, y2: bottom }));
      if (x - taken < 60 || x > this.width - 120) continue;
      taken = x;
      parts.push(h("svg:text", { class: "time", x: x + 3, y: AXIS - 8 }, `${+(time / 1e6).toFixed(3)} ms`));
    }
    return parts;
  }

  /** Mark where the runs differ: a line where that begins first, a stroke below for each stretch. */
  marks(bottom) {
    const at = (row) => {
      const event = this.rowOf.findIndex((other) => other >= row);
      return this.place(row + 1, this.run.events[event < 0 ? this.run.events.length - 1 : event]?.[0] ?? 0);
    };
    const first = at(this.differences[0][0]);
    return [
      h("svg:line", { class: "difference", x1: first, x2: first, y1: AXIS - 6, y2: bottom }, h("svg:title", {}, "first difference")),
      ...this.differences.map(([from, to]) =>
        h("svg:rect", { class: "differs", x: at(from), y: bottom - 6, width: Math.max(2, at(to) - at(from)), height: 5 })),
      h("svg:text", { class: "difference-name", x: this.left - 8, y: bottom, "text-anchor": "end" }, this.left > 20 ? "≠ differs" : ""),
    ];
  }

  /** Show the cursor at a step, whose latest event of this run is *at*. */
  move(step, at) {
    this.step = step;
    this.at = at;
    if (!this.cursor) return;
    const x = this.place(step, at < 0 ? 0 : this.run.events[at][0]);
    this.cursor.setAttribute("transform", `translate(${x.toFixed(1)} 0)`);
  }
}
