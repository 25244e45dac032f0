// SPDX-License-Identifier: GPL-2.0-only
// What scripts of all pages use. A page's scripts are one script, this first. Text goes into the page as text only.
"use strict";

/** An element with attributes or properties, and children, which are text unless they are elements. */
function h(tag, attributes, ...children) {
  const element = tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Nanoseconds as text: "12.345 ms". */
function milliseconds(ns) {
  return `${(ns / 1e6).toFixed(3)} ms`;
}

/** Make the children of *parent* those of *items*, pairs of a key and what makes the child. Children whose key stays, stay. */
function reconcile(parent, items) {
  const keys = parent.keys || [];
  items.forEach(([key, make], index) => {
    if (keys[index] === key) return;
    const old = parent.children[index];
    if (old) old.replaceWith(make());
    else parent.append(make());
  });
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  parent.keys = items.map(([key]) => key);
}
