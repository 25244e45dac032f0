// SPDX-License-Identifier: GPL-2.0-only
// The registers of a function at a step: which changed, which were accessed.

class Registers {
  /** @param update  called when the table is to follow the step again */
  constructor(run, update) {
    this.run = run;
    this.state = null;
    const again = () => { this.draw(); this.scroll(); };
    this.select = h("select", { "aria-label": `Function of ${run.kernel}`, onchange: () => { this.follow.checked = false; again(); } },
      ...run.functions.map((one, index) => h("option", { value: index }, one.bdf.replace(/^0000:/, ""))));
    this.follow = h("input", { type: "checkbox", checked: true, onchange: update });
    this.differing = h("input", { type: "checkbox", onchange: again });
    this.table = h("tbody");
    const heads = ["Offset", "Register", "Value", "Bits"].map((name) => h("th", { scope: "col" }, name));
    this.box = h("div", { class: "body scroll", tabindex: 0, role: "region", "aria-label": `Table of the registers of ${run.kernel}` },
      h("table", {}, h("thead", {}, h("tr", {}, ...heads)), this.table));
    this.choice = h("p", { class: "choice" }, this.select,
      h("label", { title: "Show the function of each step" }, this.follow, " follow"), h("label", { title: "Only registers that differ from the start" }, this.differing, " changes"));
  }

  /** Show the registers after an event, about the function *whose* if the table follows the step. */
  show(state, whose) {
    this.state = state;
    if (this.follow.checked) this.select.value = whose;
    this.draw();
  }

  draw() {
    const { replay, starts, event } = this.state;
    const which = +this.select.value;
    if (!this.run.functions.length) return;
    const image = replay.images[which];
    const before = replay.before(which);
    const touched = event?.[ABOUT] === which ? event[WHERE] : null;
    this.first = -1;
    const items = [];
    for (const [name, where, size] of this.named(which, image, before)) {
      const value = number(image, where, size);
      const old = number(before, where, size);
      const start = number(starts[which], where, size);
      const access = Boolean(touched && touched[0] < where + size && where < touched[0] + touched[1]);
      if (this.differing.checked && value === start && value === old && !access) continue;
      if (this.first < 0 && (value !== old || access)) this.first = items.length;
      const key = [which, where, size, value, old, start, access].join();
      items.push([key, () => this.register(name, where, size, value, old, start, access)]);
    }
    reconcile(this.table, items);
  }

  /** Return the element to bring into view. */
  get current() {
    return this.first >= 0 ? this.table.children[this.first] : null;
  }

  scroll() {
    if (this.current) this.box.scrollTop = this.current.offsetTop - this.box.clientHeight / 2 + this.current.offsetHeight / 2;
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
      const differs = image[where] !== this.state.starts[which][where] || image[where] !== before[where];
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
      h("td", { class: "offset" }, `0x${where.toString(16).padStart(3, "0")}`),
      h("th", { scope: "row" }, h("span", { "aria-hidden": "true" }, mark), name, said ? h("span", { class: "hidden" }, ` ${said}`) : ""),
      h("td", { class: "value" }, hex(value, size)), h("td", { class: "bits" }, ...bits));
  }
}
