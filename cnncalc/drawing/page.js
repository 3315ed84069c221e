"use strict";
const $ = (selector, around = document) => [...around.querySelectorAll(selector)];
const graph = document.getElementById("graph");
// The layers that are shown, box by box; of each the lines of its arithmetic, of which many are alike.
const layers = JSON.parse(document.getElementById("arithmetic").textContent);
const NS = "http://www.w3.org/2000/svg";

// --- lines: each open block draws those between what stands directly in it ----------------------------------------
// They are counted from the middle of the block, where lines enter and leave it, so that they stand however wide it is.
const [TRACK, LANE] = [10, 12];

function children(rows) {
  return [...rows.children].filter((row) => row.className === "row").flatMap((row) => [...row.children]);
}

// Where each line enters its box: the one straight line in the middle, those of lanes beside it. A block keeps for what
// is in it where the lines of each leaf come in.
function ports(flows, all, middle) {
  const found = new Map();
  all.forEach((box, place) => {
    const coming = flows.filter((flow) => flow[1] === place);
    const straight = coming.filter((flow) => flow[2] < 0).length;
    coming.sort((a, b) => Math.sign(a[2]) - Math.sign(b[2]) || middle(all[a[0]]) - middle(all[b[0]]));
    const track = Math.min(TRACK, (box.offsetWidth - 8) / coming.length);
    box.ports = new Map(coming.map((flow, nth) => [flow[3], (nth - (straight === 1 ? 0 : (coming.length - 1) / 2)) * track]));
    for (const flow of coming) found.set(flow, middle(box) + box.ports.get(flow[3]));
  });
  return found;
}

function lines(rows) {
  const svg = rows.querySelector(":scope > svg");
  const all = children(rows);
  const flows = JSON.parse(rows.dataset.lines);
  const centre = rows.clientWidth / 2, high = rows.clientHeight;
  const middle = (box) => (box ? box.offsetLeft + box.offsetWidth / 2 - centre : 0);
  const side = Math.max(0, ...all.map((child) => child.offsetLeft + child.offsetWidth - centre)) + 10;
  const bottom = (child) => child.parentElement.offsetTop + child.parentElement.offsetHeight;
  const enters = ports(flows, all, middle);
  const outer = rows.parentElement.ports || new Map();
  const tops = [...outer.keys()];
  const paths = flows.map((flow) => {
    const [source, target, lane, leaf] = flow;
    const from = all[source], to = all[target];
    const x1 = from ? middle(from) : outer.get(leaf) || 0, x2 = to ? enters.get(flow) : 0;
    const y1 = from ? from.offsetTop + from.offsetHeight : 0;
    const y2 = to ? to.offsetTop : high;
    const level = from ? bottom(from) + 5 : 4 + 4 * Math.min(3, Math.max(0, tops.indexOf(leaf)));
    if (lane >= 0) {
      const stop = to ? to.parentElement.offsetTop - 9 : high - 6;
      return `M${x1},${y1}V${level}H${side + lane * LANE}V${stop}H${x2}V${y2}`;
    }
    return Math.abs(x1 - x2) < 2 ? `M${x2},${y1}V${y2}` : `M${x1},${y1}V${level + 3}H${x2}V${y2}`;
  });
  svg.replaceChildren(
    ...paths.map((d) => {
      const path = document.createElementNS(NS, "path");
      path.setAttribute("d", d);
      path.setAttribute("marker-end", "url(#arrow)");
      return path;
    }),
  );
}

function draw() {
  for (const rows of $(".rows", graph)) if (rows.clientWidth) lines(rows);
}

let waiting = false;
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}
for (const block of $("details", graph)) block.addEventListener("toggle", redraw);
addEventListener("resize", redraw);

// How large the network is drawn; at most so that it is so wide.
let zoom = 1;
function zoomed(factor) {
  graph.style.zoom = factor;
}
function fitting(wide) {
  [graph.style.minWidth, graph.style.zoom] = [0, 1];
  const own = graph.offsetWidth;
  graph.style.minWidth = "";
  return wide / own;
}

// On paper the lines are those of its own size, and what is too wide is made smaller: A4 is 718 pixels of CSS wide.
addEventListener("beforeprint", () => { zoomed(Math.min(0.55, fitting(690))); draw(); });
addEventListener("afterprint", () => { zoomed(zoom); redraw(); });

// --- one layer -----------------------------------------------------------------------------------------------------
const shown = document.getElementById("shown");

function nodes(leaf) {
  const [first, count] = leaf.dataset.nodes.split(" ").map(Number);
  return Array.from({ length: count }, (_, nth) => first + nth);
}

function show(leaf) {
  for (const other of $("[aria-pressed=true]", graph)) other.setAttribute("aria-pressed", "false");
  leaf.setAttribute("aria-pressed", "true");
  const head = document.createElement("h3");
  head.textContent = leaf.dataset.path;
  shown.replaceChildren(head, ...nodes(leaf).flatMap((place) => figures((layers.of[place] || []).map((line) => layers.lines[line]))));
}

// The text of `explain`: what the layer is, and a line for each figure, whose pieces break where the panel ends.
function figures([what = "", ...rows]) {
  const said = document.createElement("h4"), list = document.createElement("dl");
  said.textContent = what;
  for (const row of rows.filter((row) => row.trim())) {
    const [name, ...pieces] = row.trim().split(/ {2,}/);
    const term = document.createElement("dt"), value = document.createElement("dd");
    term.textContent = name;
    const result = pieces.findLastIndex((piece) => piece.startsWith("="));
    value.append(...pieces.flatMap((piece, nth) => {
      const part = document.createElement(nth === result ? "b" : "span");
      part.textContent = piece;
      if (nth > result) part.className = "quiet";
      return [part, " "];
    }));
    list.append(term, value);
  }
  return [said, list];
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

// Whether a box stands for a path: `layer1[1..2]/add` does for `layer1[2]/add`, and for what is written on it.
function stands(leaf, path) {
  const apart = (text) => text.split(/[[\]]/);
  const own = apart(leaf.dataset.path), wanted = apart(path);
  return own.length <= wanted.length && own.every((piece, n) => {
    const [low, high] = piece.split("..").map(Number);
    if (n % 2 && piece.includes("..")) return low <= Number(wanted[n]) && Number(wanted[n]) <= high;
    return piece === wanted[n] || (n === own.length - 1 && wanted[n].startsWith(`${piece}/`));
  });
}

function follow() {
  const path = decodeURIComponent(location.hash.slice(1));
  const all = path ? $("button.leaf", graph) : [];
  const leaf = all.find((one) => one.dataset.path === path || nodes(one).some((place) => layers.names[place] === path)) || all.find((one) => stands(one, path));
  if (leaf) reveal(leaf);
}
addEventListener("hashchange", follow);

// --- tools ---------------------------------------------------------------------------------------------------------
const frame = document.getElementById("frame");
const centred = () => { frame.scrollLeft = (frame.scrollWidth - frame.clientWidth) / 2; };
const on = (id, event, act) => document.getElementById(id)?.addEventListener(event, act);
on("unfold", "click", () => { $("details", graph).forEach((block) => (block.open = true)); centred(); redraw(); });
on("fold", "click", () => { $("details", graph).forEach((block) => (block.open = block.hasAttribute("data-open"))); redraw(); });
on("colour", "change", (event) => { graph.dataset.colour = event.target.value; });
const sized = (factor) => { zoom = Math.min(2, Math.max(0.2, factor)); zoomed(zoom); centred(); redraw(); };
on("closer", "click", () => sized(zoom * 1.25));
on("farther", "click", () => sized(zoom * 0.8));
on("whole", "click", () => sized(1));
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

// A narrow screen begins with the whole width of the network, as far as it is still read.
if (innerWidth < 700) sized(Math.min(1, Math.max(0.6, fitting(frame.clientWidth - 24))));
redraw();
follow();
