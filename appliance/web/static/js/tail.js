// Follows the audit log: asks data-tail for {rows, count, next} and puts the rows above the others.
const EVERY_MILLISECONDS = 2000;
const SLOWEST_MILLISECONDS = 30_000;
const MOST_ROWS = 500;
const box = document.querySelector("[data-tail]");
const says = box?.querySelector("[data-tail-says]");
const pause = box?.querySelector("[data-tail-pause]");
let came = 0;

async function follow(wait) {
  let next = EVERY_MILLISECONDS;
  if (!document.hidden && pause.getAttribute("aria-pressed") !== "true") {
    try {
      await look();
    } catch {
      next = Math.min(wait * 2, SLOWEST_MILLISECONDS);
    }
  }
  setTimeout(follow, next, next);
}

async function look() {
  const address = new URL(box.dataset.tail, location.href);
  address.searchParams.set("from", box.dataset.from);
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.statusText);
  const { rows, count, next } = await answer.json();
  box.dataset.from = next;
  if (!count) return;
  came += count;
  says.textContent = box.querySelector("[data-some]").dataset.some.replace("#", came);
  const body = document.getElementById(box.dataset.into);
  // Rows cannot stand alone in a document, but in a table they can.
  const found = new DOMParser().parseFromString(`<table><tbody>${rows}</tbody></table>`, "text/html");
  body.prepend(...[...found.querySelectorAll("tbody > tr")].map((row) => document.adoptNode(row)));
  while (body.rows.length > MOST_ROWS) body.lastElementChild.remove();
}

pause?.addEventListener("click", () => {
  const isPaused = pause.getAttribute("aria-pressed") !== "true";
  pause.setAttribute("aria-pressed", isPaused);
  says.textContent = isPaused ? says.dataset.paused : says.dataset.following;
});

if (box) {
  says.textContent = says.dataset.following;
  setTimeout(follow, EVERY_MILLISECONDS, EVERY_MILLISECONDS);
}
