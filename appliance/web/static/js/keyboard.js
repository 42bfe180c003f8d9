// The keyboard: whatever carries data-key answers to it; j and k walk over data-row; ? shows the map.
const WAIT_MILLISECONDS = 1200; // How long `g` waits for its second letter.
let first = "";
let waiting = 0;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape") return leave(event.target);
  if (isField(event.target) || document.querySelector("dialog[open]")) return;
  const keys = first ? `${first} ${event.key}` : event.key;
  forget();
  if (keys === "g") return remember("g");
  if (keys === "j" || keys === "k") return walk(event, keys === "j" ? 1 : -1);
  const element = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === keys);
  if (!element) return;
  event.preventDefault();
  use(element);
});

function remember(key) {
  first = key;
  waiting = setTimeout(forget, WAIT_MILLISECONDS);
}

function forget() {
  clearTimeout(waiting);
  first = "";
}

function isField(element) {
  return element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
}

function leave(element) {
  if (isField(element) && !element.closest("dialog")) element.blur();
}

// A field is entered, anything else is pressed.
function use(element) {
  if (isField(element)) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

function walk(event, step) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent);
  if (!rows.length) return;
  const now = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[now < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, now + step))];
  const goal = row.querySelector("summary, a[href]:not([tabindex='-1']), button");
  event.preventDefault();
  goal?.focus();
  row.scrollIntoView({ block: "nearest" });
}

// The map is read off the page, so it never names a key that does nothing here.
document.addEventListener("shown", ({ target }) => {
  const list = target.querySelector("[data-keys]");
  if (!list) return;
  const { next, previous, close } = list.dataset;
  const found = [...document.querySelectorAll("[data-key]")].map((one) => [one.dataset.key, label(one)]);
  const walking = document.querySelector("[data-row]") ? [["j", next], ["k", previous]] : [];
  list.replaceChildren(...[...new Map([...found, ...walking, ["Esc", close]])].map(line));
});

function label(element) {
  const words = element.ariaLabel || element.querySelector(".word, .sr")?.textContent || element.title || element.textContent;
  return words.replace(/\s+/g, " ").replace(/ [\d.,]+\p{L}?$/u, "").trim();
}

function line([keys, words]) {
  const row = document.createElement("div");
  const term = row.appendChild(document.createElement("dt"));
  term.textContent = words;
  const value = row.appendChild(document.createElement("dd"));
  for (const key of keys.split(" ")) value.appendChild(document.createElement("kbd")).textContent = key;
  return row;
}
