// Loads what a page did not wait for: data-load names the address of a piece that takes the element's place.
// Inside a closed <details> it waits until that is opened. A piece may hold another data-load, and so go on.
const MOST_STEPS = 20;

async function load(element, step = 0) {
  element.setAttribute("aria-busy", "true");
  let text;
  try {
    const answer = await fetch(element.dataset.load, { headers: { accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.statusText);
    text = await answer.text();
  } catch {
    element.removeAttribute("aria-busy"); // The link inside still leads to the whole page.
    return;
  }
  const piece = new DOMParser().parseFromString(text, "text/html").body;
  const nodes = [...piece.childNodes].map((node) => document.adoptNode(node));
  const focused = element.contains(document.activeElement) && document.activeElement.getAttribute("href");
  const chosen = [...element.querySelectorAll("[data-choose]:checked")].map((box) => box.value);
  element.replaceWith(...nodes);
  const parts = nodes.filter((node) => node instanceof Element);
  if (chosen.length) choose(parts, new Set(chosen));
  if (focused) restore(parts, focused);
  if (step < MOST_STEPS) for (const part of parts) start(part, step + 1);
}

function restore(parts, href) {
  const links = parts.flatMap((part) => [...part.querySelectorAll("a[href]")]);
  links.find((link) => link.getAttribute("href") === href)?.focus({ preventScroll: true });
}

// What somebody chose while they waited stays chosen.
function choose(parts, values) {
  for (const box of parts.flatMap((part) => [...part.querySelectorAll("[data-choose]")])) {
    box.checked = values.has(box.value);
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function start(root, step = 0) {
  const waiting = [...root.querySelectorAll("[data-load]")];
  if (root.matches?.("[data-load]")) waiting.unshift(root);
  for (const element of waiting) if (!element.closest("details:not([open])")) load(element, step);
}

document.addEventListener("toggle", ({ target }) => target.open && start(target), true);
start(document);
