// SPDX-License-Identifier: GPL-2.0-only
// Keys for the side by side: j and k go from function to function, n and p from patch to patch, to the next page where
// each has its own. A click on the number of a line puts the line into the page's address. The page works without them.
"use strict";

(() => {
  const stops = { j: ["article", 1], k: ["article", -1], n: ["main > section", 1], p: ["main > section", -1] };
  const edge = 20;

  function go(selector, step) {
    const places = [...document.querySelectorAll(selector)];
    const tops = places.map((place) => place.getBoundingClientRect().top);
    const next = step > 0
      ? tops.findIndex((top) => top > edge + 4)
      : tops.findLastIndex((top) => top < edge - 8);
    const place = places[next];
    if (!place) {
      if (selector !== "article") document.querySelector(step > 0 ? "a[rel=next]" : "a[rel=prev]")?.click();
      return;
    }
    history.replaceState(null, "", `#${place.id}`);
    place.scrollIntoView();
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
    mark(place.id);
  }

  function mark(id) {
    for (const link of document.querySelectorAll("nav a[aria-current]")) link.removeAttribute("aria-current");
    const link = document.querySelector(`nav a[href="#${CSS.escape(id)}"]`);
    if (!link) return;
    link.setAttribute("aria-current", "true");
    link.closest("details").open = true;
    link.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !(event.key in stops)) return;
    if (event.target.closest("input, select, textarea, search") && event.target.type !== "radio") return;
    event.preventDefault();
    go(...stops[event.key]);
  });
  document.addEventListener("click", (event) => {
    if (event.target.matches(".n[id]")) location.hash = event.target.id;
  });
  addEventListener("hashchange", () => mark(location.hash.slice(1).split(".")[0]));
  const wide = matchMedia("(min-width: 1200px)"), all = document.querySelector("nav .all");
  const unfold = () => { all.open = wide.matches; };
  wide.addEventListener("change", unfold);
  unfold();
  all.addEventListener("click", (event) => { if (event.target.closest("a") && !wide.matches) all.open = false; });
  mark(location.hash.slice(1));
})();
