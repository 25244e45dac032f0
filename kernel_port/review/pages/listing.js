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

/** Lines of source: text, marks, and a number unless they count from the first. A docstring is folded to its first line. */
class Listing {
  constructor(label, kind) {
    this.element = h("pre", { class: `code ${kind}`, tabindex: 0, role: "region", "aria-label": label });
    this.clear();
  }

  clear() {
    this.element.replaceChildren();
    this.lines = null;
    this.marked = [];
  }

  /** Show lines and mark those whose indices are in *here*; *doc* is the first and the last line that can be folded.
   *  Return the first marked element. */
  show(lines, here, first = 1, doc = null) {
    if (this.lines !== lines) {
      this.clear();
      this.lines = lines;
      this.numbers = lines.map(([, , number], index) => number ?? first + index);
      this.elements = lines.map(([text, marks], index) => h("span", { class: "line" },
        h("span", { class: "number" }, this.number(index, false)), ...coloured(text, marks), "\n"));
      this.element.replaceChildren(...this.elements);
      if (doc) this.fold(...doc);
    }
    for (const index of this.marked) this.mark(index, false);
    this.marked = here.filter((index) => index < lines.length);
    for (const index of this.marked) this.mark(index, true);
    return this.elements[this.marked[0]];
  }

  /** Fold lines away, behind a button that shows them again. */
  fold(from, to) {
    const folded = this.elements.slice(from, to + 1);
    const button = h("button", { type: "button", class: "unfold", "aria-expanded": "false", onclick: () => {
      const open = button.getAttribute("aria-expanded") === "false";
      for (const line of folded) line.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
      button.textContent = this.unfold(folded.length, open);
    } }, this.unfold(folded.length, false));
    for (const line of folded) line.hidden = true;
    folded[0].before(button);
  }

  unfold(count, open) {
    return open ? "▾ docstring" : `▸ docstring, ${count} more line${count === 1 ? "" : "s"}`;
  }

  mark(index, here) {
    const element = this.elements[index];
    element.classList.toggle("here", here);
    element.firstChild.textContent = this.number(index, here);
    if (here) element.setAttribute("aria-current", "true");
    else element.removeAttribute("aria-current");
  }

  number(index, here) {
    return `${here ? "▶" : " "}${String(this.numbers[index] || "").padStart(4)} `;
  }
}
