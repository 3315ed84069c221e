"use strict";
const $ = (selector, around = document) => [...around.querySelectorAll(selector)];
const graph = document.getElementById("graph");
const arithmetic = JSON.parse(document.getElementById("arithmetic").textContent);
const NS = "http://www.w3.org/2000/svg";

// --- lines: each open block draws those between what stands directly in it ----------------------------------------
const [TRACK, LANE] = [10, 12];

function children(rows) {
  return [...rows.children].filter((row) => row.className === "row").flatMap((row) => [...row.children]);
}

function lines(rows) {
  const svg = rows.querySelector(":scope > svg");
  const all = children(rows);
  const flows = JSON.parse(rows.dataset.lines);
  const wide = rows.clientWidth, high = rows.clientHeight;
  const side = Math.max(0, ...all.map((child) => child.offsetLeft + child.offsetWidth)) + 10;
  const into = new Map(), seen = new Map();
  for (const [, target] of flows) into.set(target, (into.get(target) || 0) + 1);
  const bottom = (child) => child.parentElement.offsetTop + child.parentElement.offsetHeight;
  const paths = [];
  for (const [source, target, lane] of flows) {
    const from = all[source], to = all[target];
    const nth = seen.get(target) || 0;
    seen.set(target, nth + 1);
    const shift = to ? (nth - (into.get(target) - 1) / 2) * TRACK : 0;
    const x2 = to ? to.offsetLeft + to.offsetWidth / 2 + shift : null;
    const x1 = from ? from.offsetLeft + from.offsetWidth / 2 : x2;
    const y1 = from ? from.offsetTop + from.offsetHeight : 0;
    const y2 = to ? to.offsetTop : high;
    const end = x2 === null ? x1 : x2;
    if (lane < 0) {
      const level = from ? bottom(from) + 8 : 6;
      paths.push(Math.abs(x1 - end) < 1 ? `M${x1},${y1}V${y2}` : `M${x1},${y1}V${level}H${end}V${y2}`);
    } else {
      const x = side + lane * LANE;
      const start = from ? bottom(from) + 5 : 4;
      const stop = to ? to.parentElement.offsetTop - 9 : high - 6;
      paths.push(`M${x1},${y1}V${start}H${x}V${stop}H${end}V${y2}`);
    }
  }
  svg.setAttribute("width", wide);
  svg.setAttribute("height", high);
  svg.replaceChildren(
    ...paths.map((d) => {
      const path = document.createElementNS(NS, "path");
      path.setAttribute("d", d);
      path.setAttribute("marker-end", "url(#arrow)");
      return path;
    }),
  );
}

let waiting = false;
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    for (const rows of $(".rows", graph)) if (rows.clientWidth) lines(rows);
  });
}
for (const block of $("details", graph)) block.addEventListener("toggle", redraw);
addEventListener("resize", redraw);
addEventListener("beforeprint", () => $(".rows", graph).forEach((rows) => rows.clientWidth && lines(rows)));

// --- one layer -----------------------------------------------------------------------------------------------------
const shown = document.getElementById("shown");

function show(leaf) {
  for (const other of $("[aria-pressed=true]", graph)) other.setAttribute("aria-pressed", "false");
  leaf.setAttribute("aria-pressed", "true");
  const head = document.createElement("h3");
  head.textContent = leaf.dataset.path;
  const texts = (leaf.dataset.nodes ? JSON.parse(leaf.dataset.nodes) : []).map((name) => {
    const text = document.createElement("pre");
    text.textContent = arithmetic[name] || "";
    return text;
  });
  shown.replaceChildren(head, ...texts);
}

function reveal(leaf) {
  for (let block = leaf.closest("details"); block; block = block.parentElement.closest("details")) block.open = true;
  show(leaf);
  leaf.focus({ preventScroll: true });
  leaf.scrollIntoView({ block: "center", inline: "center" });
  redraw();
}

graph.addEventListener("click", (event) => {
  const leaf = event.target.closest("button.leaf");
  if (!leaf) return;
  show(leaf);
  history.replaceState(null, "", "#" + encodeURIComponent(leaf.dataset.path));
});

function follow() {
  const path = decodeURIComponent(location.hash.slice(1));
  const leaf = path && $("button.leaf", graph).find((one) => one.dataset.path === path || (one.dataset.nodes || "").includes(JSON.stringify(path)));
  if (leaf) reveal(leaf);
}
addEventListener("hashchange", follow);

// --- tools ---------------------------------------------------------------------------------------------------------
const on = (id, event, act) => document.getElementById(id)?.addEventListener(event, act);
on("unfold", "click", () => { $("details", graph).forEach((block) => (block.open = true)); redraw(); });
on("fold", "click", () => { $("details", graph).forEach((block) => (block.open = block.hasAttribute("data-open"))); redraw(); });
on("colour", "change", (event) => { graph.dataset.colour = event.target.value; });
let zoom = 1;
const zoomed = (factor) => () => { zoom = Math.min(2, Math.max(0.2, factor ? zoom * factor : 1)); graph.style.zoom = zoom; redraw(); };
on("closer", "click", zoomed(1.25));
on("farther", "click", zoomed(0.8));
on("whole", "click", zoomed(0));
on("find", "keydown", (event) => {
  if (event.key !== "Enter" || !event.target.value) return;
  const wanted = event.target.value.toLowerCase();
  const found = $("button.leaf", graph).filter((leaf) => leaf.textContent.toLowerCase().includes(wanted) || leaf.dataset.path.toLowerCase().includes(wanted));
  document.getElementById("found").textContent = `${found.length} found`;
  const at = found.findIndex((leaf) => leaf.getAttribute("aria-pressed") === "true");
  if (found.length) { reveal(found[(at + 1) % found.length]); event.target.focus({ preventScroll: true }); }
});

// --- the table -----------------------------------------------------------------------------------------------------
// 1,234 is the number 1234; a dash is none.
const exact = (text) => (/^[\d,]+$/.test(text) ? text.replaceAll(",", "") : text === "-" ? "0" : text);

for (const table of $("table.sortable")) {
  $("thead th button", table).forEach((button, column) => {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const down = head.getAttribute("aria-sort") !== "descending";
      $("th", table).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => exact(row.cells[column].textContent);
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        const order = isNaN(x - y) ? String(x).localeCompare(y) : x - y;
        return down ? -order : order;
      });
      table.tBodies[0].append(...rows);
    });
  });
}
on("copy", "click", async (event) => {
  const rows = $("#layers tr").map((row) => [...row.cells].map((cell) => `"${exact(cell.textContent).replaceAll('"', '""')}"`).join(","));
  const said = event.target;
  try {
    await navigator.clipboard.writeText(rows.join("\n") + "\n");
    said.textContent = "copied";
  } catch {
    said.textContent = "the browser does not let pages copy";
  }
});

redraw();
follow();
