// Menus are <details>: they open by themselves; here they also close. data-opens shows a <dialog>.
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
  const opener = target.closest("[data-opens]");
  if (opener) open(document.getElementById(opener.dataset.opens));
});

function open(dialog) {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.dispatchEvent(new CustomEvent("shown", { bubbles: true }));
}

// A click beside a dialog closes it; the dialog itself has no padding, so it is never the target.
document.addEventListener("click", ({ target }) => {
  if (target instanceof HTMLDialogElement) target.close();
});

document.addEventListener(
  "toggle",
  ({ target }) => {
    if (target.matches("[data-menu]") && target.open) target.querySelector("[data-filter]")?.focus();
  },
  true,
);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("[data-menu][open]") ?? document.querySelector("[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
  event.preventDefault();
});

// A row of tabs that is wider than the page begins with the one where one is.
for (const here of document.querySelectorAll(".tabs a[aria-current], .subtabs a[aria-current], .rail a[aria-current]")) {
  const row = here.closest(".rail") ?? here.closest("ul");
  if (here.offsetLeft + here.offsetWidth > row.clientWidth) row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
}
