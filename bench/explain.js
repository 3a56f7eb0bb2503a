// Links a kernel's Python, MLIR, C++ and timeline: hover a bar, see its lines; click a line, see its bars.
"use strict";
(() => {
  // Every C++ line with an origin: [C++ line, MLIR line, Python line as "file:line", ""].
  const links = JSON.parse(document.getElementById("links").textContent);
  const timeline = document.getElementById("timeline");
  const what = document.getElementById("what");
  const hint = what.textContent;

  const index = new Map();
  const add = (key, element) => {
    if (!index.has(key)) index.set(key, new Set());
    index.get(key).add(element);
  };
  // Elements by key: "c12" a C++ line and its bars, "m34" a line of MLIR, "pFILE:56" a line of Python.
  for (const element of document.querySelectorAll("[data-k]")) add(element.dataset.k, element);

  // The keys that belong together, in both directions.
  const related = new Map();
  const relate = (one, other) => {
    if (!related.has(one)) related.set(one, new Set([one]));
    related.get(one).add(other);
  };
  for (const [cpp, mlir, python] of links) {
    const keys = [`c${cpp}`, `m${mlir}`];
    if (python) keys.push(`p${python}`);
    for (const one of keys) for (const other of keys) relate(one, other);
  }

  let shown = [];
  let picked = null;

  const show = (key, scroll, except) => {
    for (const element of shown) element.classList.remove("hit");
    shown = [];
    timeline.classList.toggle("picked", key !== null);
    if (key === null) return;
    for (const other of related.get(key) || [key]) {
      for (const element of index.get(other) || []) {
        element.classList.add("hit");
        shown.push(element);
      }
    }
    if (!scroll) return;
    for (const pane of document.querySelectorAll(".code")) {
      const first = pane.querySelector(".hit");
      if (first && pane !== except) pane.scrollTop = first.offsetTop - pane.offsetTop - pane.clientHeight / 3;
    }
  };

  const pick = (key, from) => {
    picked = picked === key ? null : key;
    show(picked, true, from);
    const bars = shown.filter((element) => element.classList.contains("bar"));
    what.textContent = picked === null ? hint : `${bars.length} operations in this window come from this line`;
    if (bars.length && from) timeline.scrollLeft = bars[0].x.baseVal.value - timeline.clientWidth / 3;
  };

  for (const bar of timeline.querySelectorAll(".bar")) {
    bar.addEventListener("mouseenter", () => {
      if (picked !== null) return;
      show(bar.dataset.k, true);
      what.textContent = bar.querySelector("title").textContent;
    });
    bar.addEventListener("mouseleave", () => {
      if (picked === null) show(null);
    });
    bar.addEventListener("click", () => pick(bar.dataset.k));
  }
  for (const pane of document.querySelectorAll(".code")) {
    pane.addEventListener("click", (event) => {
      const line = event.target.closest("[data-k]");
      if (line) pick(line.dataset.k, pane);
    });
  }
})();
