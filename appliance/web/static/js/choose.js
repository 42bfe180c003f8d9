// Choosing rows: one box for all of them, `x` for the row in focus, and how many are chosen.
const boxes = () => [...document.querySelectorAll("[data-choose]")];

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-choose-all]")) for (const box of boxes()) box.checked = target.checked;
  if (target.matches("[data-choose-all], [data-choose]")) count();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && !event.target.matches("[data-choose]")) return;
  const box = event.target.closest("[data-row]")?.querySelector("[data-choose]");
  if (!box) return;
  event.preventDefault();
  box.checked = !box.checked;
  count();
});

function count() {
  const all = boxes();
  const chosen = all.filter((box) => box.checked).length;
  for (const box of document.querySelectorAll("[data-choose-all]")) {
    box.checked = chosen > 0 && chosen === all.length;
    box.indeterminate = chosen > 0 && chosen < all.length;
  }
  for (const said of document.querySelectorAll("[data-chosen]")) {
    said.textContent = chosen ? said.dataset.some.replace("#", chosen) : said.dataset.none;
    for (const button of said.closest("form").querySelectorAll("button")) button.disabled = !chosen;
  }
}

count();
