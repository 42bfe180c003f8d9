// Line anchors: a click chooses a line, shift-click a range; the address says #L3 or #L3-L9.
const FORM = /^#L(\d+)(?:-L?(\d+))?$/;
const view = document.querySelector("[data-lines]");

function show(scroll) {
  const [, start, end = start] = location.hash.match(FORM)?.map((part) => part) ?? [];
  for (const line of view.querySelectorAll(".chosen")) line.classList.remove("chosen");
  if (!start) return;
  const [low, high] = [Number(start), Number(end)].sort((one, other) => one - other);
  for (let number = low; number <= high; number += 1) {
    const line = document.getElementById(`L${number}`);
    if (!line) break;
    line.classList.add("chosen");
  }
  if (scroll) document.getElementById(`L${low}`)?.scrollIntoView({ block: "center" });
}

function choose(event) {
  const link = event.target.closest("a[href^='#L']");
  if (!link) return;
  event.preventDefault();
  const now = location.hash.match(FORM);
  const hash = event.shiftKey && now ? `#L${now[1]}-${link.hash.slice(1)}` : link.hash;
  history.replaceState(null, "", hash);
  show(false);
}

// A permanent address keeps the chosen lines.
function keep({ target }) {
  const link = target.closest("a[data-key='y'], a[data-keep-lines]");
  if (link && FORM.test(location.hash)) link.hash = location.hash;
}

// The answer to `l`: a number or two.
function go(event) {
  if (!event.target.matches("[data-go-to-line]")) return;
  const numbers = event.target.line.value.match(/\d+/g);
  if (!numbers) return;
  history.replaceState(null, "", `#${numbers.slice(0, 2).map((number) => `L${number}`).join("-")}`);
  event.target.reset();
  show(true);
}

if (view) {
  view.addEventListener("click", choose);
  document.addEventListener("click", keep, true);
  document.addEventListener("submit", go);
  addEventListener("hashchange", () => show(true));
  if (location.hash) show(location.hash.includes("-"));
}
