// SPDX-License-Identifier: GPL-2.0-only
// Functions for the scripts of all pages. A page's scripts are joined into one, this first. Text is inserted as text only.
"use strict";

/** Make an element with attributes or properties, and children; children that are not elements become text. */
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

/** Return nanoseconds as text: "12.345 ms". */
function milliseconds(ns) {
  return `${(ns / 1e6).toFixed(3)} ms`;
}

/** Make *items*, pairs of a key and a function that makes the child, the children of *parent*. A child with the same key stays. */
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
