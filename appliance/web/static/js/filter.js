// Narrows the list around a data-filter field to what contains its words.
document.addEventListener("input", ({ target }) => {
  if (!target.matches("[data-filter]")) return;
  const words = target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of target.closest("[data-filter-in]").querySelectorAll("[data-filter-item]")) {
    const text = item.textContent.toLowerCase();
    item.hidden = !words.every((word) => text.includes(word));
  }
});

// Enter follows the only one that is left, or the first.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-filter]")) return;
  event.preventDefault();
  event.target.closest("[data-filter-in]").querySelector("[data-filter-item]:not([hidden]) a")?.click();
});
