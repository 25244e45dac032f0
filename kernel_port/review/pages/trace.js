// SPDX-License-Identifier: GPL-2.0-only
// The trace of a run: a list as long as the run, of which only the lines around the view are elements.

const LINE = 24;
/** Lines rendered before and behind the middle. */
const AROUND = 24;
/** A register and its value in the text of an access. */
const ASSIGNED = /([A-Z]\w*(?:\[[\d:]+\])?)=(0x[0-9a-f]+)/g;

class Trace {
  /**
   * @param run     its events and functions
   * @param column  which of the runs side by side it is
   */
  constructor(run, column) {
    Object.assign(this, { run, column, step: 0 });
    const contexts = new Set(run.events.map((event) => event[CONTEXT]));
    this.list = h("ol", { class: contexts.size > 1 ? "lines" : "lines alone" });
    this.element = h("div", { class: "body scroll trace-lines", tabindex: 0, role: "region", "aria-label": `Lines of the trace of ${run.kernel}` }, this.list);
    this.element.addEventListener("scroll", () => {
      const top = Math.floor(this.element.scrollTop / LINE);
      const bottom = top + Math.ceil(this.element.clientHeight / LINE);
      if (top < this.first && this.first > 0 || bottom > this.last && this.last < rows.length) this.render((top + bottom) >> 1);
    });
  }

  /** Make the elements around a row; only as many as it takes, so that every step costs the same. */
  render(middle) {
    this.first = Math.max(0, middle - AROUND);
    this.last = Math.min(rows.length, middle + AROUND);
    const items = [];
    let context = null;
    for (let row = this.first; row < this.last; row++) {
      const event = this.run.events[rows[row][this.column]];
      const who = event && event[CONTEXT] !== context ? (context = event[CONTEXT]) : "";
      items.push([`${row} ${who} ${row + 1 === this.step}`, () => this.line(row, event, who)]);
    }
    this.list.style.paddingTop = `${this.first * LINE}px`;
    this.list.style.paddingBottom = `${(rows.length - this.last) * LINE}px`;
    reconcile(this.list, items);
  }

  line(row, event, who) {
    const current = row + 1 === this.step;
    const same = rows[row].every((index) => index >= 0);
    const what = event
      ? h("span", { class: `what op-${event[OP]}${event[WHERE] ? " access" : ""}` }, same ? "" : h("span", { class: "only" }, "≠ "), ...this.text(event))
      : h("span", { class: "what nothing" }, "– no event –");
    return h("li", { class: current ? "current" : null },
      h("a", { href: `#step=${row + 1}`, "aria-current": current ? "step" : null, title: event ? event[TEXT] : null, onclick: (click) => this.follow(click, row + 1) },
        h("span", { class: "marker", "aria-hidden": "true" }, current ? "▶" : ""),
        h("span", { class: "when" }, event ? (event[TIME] / 1e6).toFixed(3) : ""),
        h("span", { class: "who" }, who.replace("0000:", "")), what));
  }

  /** Go to the step of a line at once; a click that opens another tab does that. */
  follow(click, step) {
    if (click.ctrlKey || click.metaKey || click.shiftKey) return;
    click.preventDefault();
    player.go(step);
  }

  /** Return the text of an event. Names of registers give way when there is no room; their values stay. */
  text(event) {
    if (!event[WHERE]) return [event[TEXT]];
    const whose = this.run.functions[event[ABOUT]]?.bdf.replace(/^0000:/, "");
    const parts = [h("span", { class: "whose" }, `${whose} ${event[TEXT].slice(0, 3)} `)];
    const text = event[TEXT].replace(/^(\w+) +(0x[0-9a-f]+) +/, "");
    let at = 0;
    for (const match of text.matchAll(ASSIGNED)) {
      const [, rest, gap] = /^(.*?)(;? *)$/.exec(text.slice(at, match.index));
      if (rest) parts.push(h("span", { class: "rest" }, rest));
      if (gap) parts.push(h("span", {}, gap));
      parts.push(h("span", { class: "register" }, match[1]), h("span", { class: "value" }, `=${match[2]}`));
      at = match.index + match[0].length;
    }
    return [...parts, h("span", { class: "rest" }, text.slice(at))];
  }

  /** Show the lines around a step. */
  show(step) {
    this.step = step;
    this.render(Math.max(0, step - 1));
  }

  /** Return where to scroll to, so that the current line is in the middle. */
  get place() {
    return (this.step - 1) * LINE - (this.element.clientHeight - LINE) / 2;
  }
}
