// SPDX-License-Identifier: GPL-2.0-only
// The search of the side by side: functions by name, then by the words in their C, Python and description.
"use strict";

(() => {
  const MOST = 40, SHORTEST = 2;
  const { places, entries, words } = JSON.parse(document.getElementById("search").textContent);
  const box = document.querySelector(".find");
  const [input, status, list] = ["input", "[role=status]", ".found"].map((each) => box.querySelector(each));
  const page = location.pathname.split("/").at(-1);
  const names = entries.map(([name]) => name.toLowerCase());
  let vocabulary = null;

  /** Return each word with the numbers of its entries; words are unpacked when they are first looked for. */
  function unpacked() {
    vocabulary ||= words.split(";").map((each) => {
      const [word, ...steps] = each.split(" ");
      let number = 0;
      return [word, steps.map((step) => { number += +step; return number; })];
    });
    return vocabulary;
  }

  /** Return how well each entry that has *term* in its name or words fits: its number -> 0 best, 4 worst. */
  function fits(term) {
    const found = new Map();
    names.forEach((name, number) => {
      if (name.includes(term)) found.set(number, name === term ? 0 : name.startsWith(term) ? 1 : 2);
    });
    for (const [word, numbers] of unpacked()) {
      if (!word.includes(term)) continue;
      for (const number of numbers) {
        const rank = word === term ? 3 : 4;
        if (!(found.get(number) <= rank)) found.set(number, rank);
      }
    }
    return found;
  }

  /** Return the numbers of the entries that have all terms, the best first. */
  function find(terms) {
    const each = terms.map(fits);
    const all = [...(each[0] || [])].filter(([number]) => each.every((found) => found.has(number)));
    const rank = new Map(all.map(([number]) => [number, Math.max(...each.map((found) => found.get(number)))]));
    return [...rank.keys()].sort((one, other) => rank.get(one) - rank.get(other) || one - other);
  }

  /** Return the address of an entry; on another page with what was looked for, so that it is marked there. */
  function address([name, place, anchor]) {
    const [file] = places[place];
    anchor ||= name;
    return !file || file === page ? `#${anchor}` : `${file}?find=${encodeURIComponent(input.value)}#${anchor}`;
  }

  function show() {
    const terms = input.value.toLowerCase().split(/\s+/).filter((term) => term.length >= SHORTEST);
    const found = terms.length ? find(terms) : [];
    list.replaceChildren(...found.slice(0, MOST).map((number) => {
      const [name, place] = entries[number];
      return h("li", {}, h("a", { href: address(entries[number]) }, h("code", {}, name), " ", h("span", {}, places[place][1])));
    }));
    if (found.length > MOST) list.append(h("li", { class: "more" }, `and ${found.length - MOST} more`));
    if (terms.length && !found.length) list.append(h("li", { class: "more" }, "nothing found"));
    list.hidden = !terms.length;
    status.textContent = terms.length ? `${found.length} found` : "";
  }

  /** Mark what is looked for in the function that the page's address names. */
  function mark() {
    if (!window.Highlight) return;
    CSS.highlights.delete("found");
    const article = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("article");
    const terms = input.value.toLowerCase().split(/\s+/).filter((term) => term.length >= SHORTEST);
    if (!article || !terms.length) return;
    const ranges = [];
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode.data.toLowerCase();
      for (const term of terms) {
        for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + term.length)) {
          const range = new Range();
          range.setStart(walker.currentNode, at);
          range.setEnd(walker.currentNode, at + term.length);
          ranges.push(range);
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  }

  function close() {
    list.hidden = true;
  }

  box.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Escape") {
      close();
      input.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      (links[next] || input).focus();
      event.preventDefault();
    } else if (event.key === "Enter" && event.target === input) {
      links[0]?.click();
    }
  });
  input.addEventListener("input", show);
  input.addEventListener("focus", show);
  list.addEventListener("click", (event) => {
    if (event.target.closest("a")) setTimeout(() => { close(); mark(); });
  });
  document.addEventListener("click", (event) => { if (!box.contains(event.target)) close(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input")) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
  addEventListener("hashchange", mark);
  box.hidden = false;
  input.value = new URLSearchParams(location.search).get("find") || "";
  mark();
})();
