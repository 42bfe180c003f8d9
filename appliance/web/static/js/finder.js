// Finds a file by some of its letters. data-finder names a JSON list of [path to show, address].
const MOST = 50;
const field = document.querySelector("[data-finder]");
const list = field && document.getElementById(field.getAttribute("aria-controls"));
let files = [];
let chosen = 0;

// Letters in order; runs, beginnings of names and short paths weigh more. No match: undefined.
function rate(path, letters) {
  const text = path.toLowerCase();
  const places = [];
  let at = text.length;
  let score = -path.length / 100;
  for (const letter of [...letters].reverse()) {
    at = text.lastIndexOf(letter, at - 1);
    if (at < 0) return undefined;
    if (at === places[0] - 1) score += 3;
    if (at === 0 || "/_-. ".includes(text[at - 1])) score += 2;
    if (at > text.lastIndexOf("/")) score += 1;
    places.unshift(at);
    if (at === 0 && places.length < letters.length) return undefined;
  }
  return { path, places, score };
}

function draw() {
  const letters = field.value.toLowerCase().replace(/\s+/g, "");
  const found = files.map(([path, href]) => ({ ...(letters ? rate(path, letters) : { path, places: [], score: 0 }), href }));
  const best = found.filter((one) => one.path).sort((one, other) => other.score - one.score).slice(0, MOST);
  chosen = 0;
  list.replaceChildren(...best.map(item));
  mark();
}

function item({ path, places, href }, number) {
  const row = document.createElement("li");
  row.setAttribute("role", "presentation");
  const link = row.appendChild(document.createElement("a"));
  link.id = `found-${number}`;
  link.setAttribute("role", "option");
  link.href = href;
  link.tabIndex = -1;
  [...path].length === path.length ? paint(link, path, new Set(places)) : link.append(path);
  return row;
}

function paint(link, path, places) {
  for (let at = 0; at < path.length; at += 1) {
    if (!places.has(at)) link.append(path[at]);
    else link.appendChild(document.createElement("mark")).textContent = path[at];
  }
  link.normalize();
}

function mark() {
  [...list.children].forEach((row, number) => row.firstChild.setAttribute("aria-selected", number === chosen));
  field.setAttribute("aria-activedescendant", list.children[chosen]?.firstChild.id ?? "");
  list.children[chosen]?.scrollIntoView({ block: "nearest" });
}

function steer(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Enter") list.children[chosen]?.querySelector("a").click();
  if (!step && event.key !== "Enter") return;
  event.preventDefault();
  chosen = Math.min(Math.max(0, chosen + (step ?? 0)), Math.max(0, list.children.length - 1));
  mark();
}

if (field && list) {
  const answer = await fetch(field.dataset.finder, { headers: { accept: "application/json" } });
  if (answer.ok) {
    files = await answer.json();
    field.addEventListener("input", draw);
    field.addEventListener("keydown", steer);
    draw();
  }
}
