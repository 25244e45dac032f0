// SPDX-License-Identifier: GPL-2.0-only
// The bar at the top: buttons with their keys, the slider, the speed, and the caption of the step.

/** Icons, as paths in a box of 16. */
const ICONS = {
  start: "M3 3h2v10H3zM13 3v10L6 8z", end: "M11 3h2v10h-2zM3 3v10l7-5z", back: "M11 3v10L4 8z", forward: "M5 3v10l7-5z",
  before: "M8 3v10L1 8zM15 3v10L8 8z", next: "M1 3v10l7-5zM8 3v10l7-5z",
  above: "M2 2h2v12H2zM9 4v8L4.500 8zM14 4v8L9.500 8z", below: "M12 2h2v12h-2zM7 4v8l4.500-4zM2 4v8l4.500-4z",
  play: "M4 2.5v11l9-5.5z", pause: "M4 3h3v10H4zM9 3h3v10H9z",
  fold: "M3 7h10v2H3z", widen: "M1 8l4-4v3h6V4l4 4-4 4V9H5v3z", full: "M2 2h12v12H2zM4 5v7h8V5z",
};
/** Steps a second that one can choose from. */
const SPEEDS = [1, 2, 5, 10, 25];

function icon(name) {
  return h("svg:svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true", class: "icon" },
    h("svg:path", { d: ICONS[name], "fill-rule": "evenodd" }));
}

/** Return a key's picture: no text, so that it is no part of a button's name. */
function keycap(key) {
  return h("kbd", { "aria-hidden": "true", "data-key": key });
}

/** What can be pressed: picture, label, key, what a reader hears, what it does (to the player). */
const STEPS = [
  ["start", "Start", "Home", "Go to the start", (player) => player.go(0)],
  ["above", "Chapter", "[", "Previous chapter", (player) => player.chapter(-1)],
  ["before", "Change", "p", "Previous change", (player) => player.seek(-1)],
  ["back", "Step", "←", "Step back", (player) => player.go(player.step - 1)],
  ["play", "Play", "space", "Play", (player) => player.play()],
  ["forward", "Step", "→", "Step forward", (player) => player.go(player.step + 1)],
  ["next", "Change", "n", "Next change", (player) => player.seek(1)],
  ["below", "Chapter", "]", "Next chapter", (player) => player.chapter(1)],
  ["end", "End", "End", "Go to the end", (player) => player.go(rows.length)],
];

class Controls {
  constructor(player) {
    this.slider = h("input", {
      type: "range", min: 0, max: rows.length, step: 1, value: 0, "aria-label": "Step", class: "slider",
      oninput: () => player.go(+this.slider.value),
    });
    this.count = h("output", { class: "count" });
    this.caption = h("strong", { class: "caption" });
    this.detail = h("span", { class: "detail" });
    this.status = h("p", { role: "status", class: "sentence" }, this.caption, " ", this.detail);
    this.speed = h("select", { "aria-label": "Speed, steps a second", title: "Steps a second", onchange: () => player.rate(SPEEDS[this.speed.selectedIndex]) },
      ...SPEEDS.map((speed) => h("option", { selected: speed === 2 }, `${speed}/s`)));
    const buttons = STEPS.map(([picture, label, key, title, act]) => this.button(picture, label, key, title, () => act(player)));
    this.playing = buttons.find((button) => button.classList.contains("play"));
    this.playing.after(this.speed);
    const compress = h("input", {
      type: "range", min: 0, max: 100, value: 35, "aria-label": "Compress delays",
      oninput: () => player.compress(compress.value / 100),
    });
    const found = recording.differences || [];
    this.which = h("span", { class: "which" });
    const differences = recording.runs.length < 2 ? null : h("div", { class: "buttons differences", role: "group", "aria-label": "Differences" },
      found.length ? this.button("back", "", "D", "Previous difference", () => player.difference(-1)) : null, this.which,
      found.length ? this.button("forward", "", "d", "Next difference", () => player.difference(1)) : null);
    const after = buttons.indexOf(this.playing) + 1;
    this.element = h("div", { class: "controls", role: "group", "aria-label": "Steps" },
      h("div", { class: "controls-row" },
        h("div", { class: "buttons" }, ...buttons.slice(0, after), this.speed, ...buttons.slice(after)), differences),
      h("div", { class: "controls-row" }, this.slider, this.count, h("label", { class: "compress" }, "delays to scale ", compress, " compressed")),
      this.status);
    document.getElementById("keys").append(
      h("p", {}, "← → step · p n previous and next change · [ ] chapter · space play and pause · Home and End · Page Up and Page Down 25 steps · d D next and previous difference · 1 to 6 one panel alone, Esc all of them again."),
      h("p", {}, "● a register that this step changed · ○ one that it accessed · ▲ an unusual state · ▶ the current step · ≠ only in one run. The page's address includes the step."));
  }

  button(picture, label, key, title, act) {
    return h("button", { type: "button", "aria-label": label && !title.includes(label) ? `${label}: ${title}` : title, title: `${title} (${key})`, class: picture, onclick: act },
      icon(picture), label ? h("span", { class: "label" }, label) : null, keycap(key));
  }

  /** Show whether it plays. */
  plays(on) {
    this.playing.replaceChildren(icon(on ? "pause" : "play"), h("span", { class: "label" }, on ? "Pause" : "Play"), keycap("space"));
    this.playing.setAttribute("aria-label", on ? "Pause" : "Play");
    this.status.setAttribute("aria-live", on ? "off" : "polite");
  }

  /** Show a step: its caption, its details, and which difference it is in. */
  show(step, caption, detail) {
    this.slider.value = step;
    this.slider.setAttribute("aria-valuetext", `${step} of ${rows.length}`);
    this.count.textContent = `${step} / ${rows.length}`;
    this.caption.textContent = caption;
    this.detail.textContent = `Step ${step} of ${rows.length}: ${detail}`;
    const found = recording.differences || [];
    if (!found.length) {
      this.which.textContent = "no difference";
      return;
    }
    const at = found.findIndex(([first, last]) => first < step && step <= last + 1);
    this.which.textContent = at >= 0 ? `difference ${at + 1} of ${found.length}` : `${found.length} difference${found.length === 1 ? "" : "s"}`;
  }
}
