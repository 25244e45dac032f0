// SPDX-License-Identifier: GPL-2.0-only
// A listing of source that marks the current lines.

/** Return a line of source with its comments, strings and keywords marked. */
function coloured(text, marks) {
  const parts = [];
  let at = 0;
  for (const [from, to, kind] of marks) {
    parts.push(text.slice(at, from), h("span", { class: `py-${kind}` }, text.slice(from, to)));
    at = to;
  }
  return [...parts, text.slice(at)];
}

/** Lines of source: text, marks, and a number unless they count from the first. */
class Listing {
  constructor(label, kind) {
    this.element = h("pre", { class: `code ${kind}`, tabindex: 0, "aria-label": label });
    this.clear();
  }

  clear() {
    this.element.replaceChildren();
    this.lines = null;
    this.marked = [];
  }

  /** Show lines and mark those whose indices are in *here*. Return the first marked element. */
  show(lines, here, first = 1) {
    if (this.lines !== lines) {
      this.clear();
      this.lines = lines;
      this.numbers = lines.map(([, , number], index) => number ?? first + index);
      this.element.replaceChildren(...lines.map(([text, marks], index) => h("span", { class: "line" },
        h("span", { class: "number" }, this.number(index, false)), ...coloured(text, marks), "\n")));
    }
    for (const index of this.marked) this.mark(index, false);
    this.marked = here.filter((index) => index < lines.length);
    for (const index of this.marked) this.mark(index, true);
    return this.element.children[this.marked[0]];
  }

  mark(index, here) {
    const element = this.element.children[index];
    element.classList.toggle("here", here);
    element.firstChild.textContent = this.number(index, here);
    if (here) element.setAttribute("aria-current", "true");
    else element.removeAttribute("aria-current");
  }

  number(index, here) {
    return `${here ? "▶" : " "}${String(this.numbers[index] || "").padStart(4)} `;
  }
}
