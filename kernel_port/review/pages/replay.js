// SPDX-License-Identifier: GPL-2.0-only
// The state of the machine at any step of a run, and its registers by name. The data is in the element "recording";
// review/watch/page.py describes it.

const recording = JSON.parse(document.getElementById("recording").textContent);
const rows = recording.rows || recording.runs[0].events.map((_, index) => [index]);
const CHECKPOINT = 256;
const [TIME, CONTEXT, OP, TEXT, STACK, FRAME, ABOUT, WHERE, CAPTION] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

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
  isShown: ([, mask, values], value) => ((value & mask) >>> 0) !== 0 || "0" in values,
};

/** The machine after an event. Goes forwards change by change, backwards from the nearest checkpoint. */
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

  /** Go to the next event; `was` keeps what it changed. */
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

  /** Return the registers of a function before the latest event. */
  before(which) {
    const image = this.images[which].slice();
    for (const [changed, where, old] of this.was.config) if (changed === which) image.set(old, where);
    return image;
  }
}
