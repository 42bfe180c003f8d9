// Copies the text that data-copy (a selector) or data-copy-text names, and says so for a moment.
const SHOWN_MILLISECONDS = 1500;

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy], [data-copy-text]");
  if (!button) return;
  const source = button.dataset.copy && document.querySelector(button.dataset.copy);
  const text = button.dataset.copyText ?? source?.value ?? source?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    source?.select?.(); // Without https there is no clipboard: the keyboard still copies.
    return;
  }
  say(button);
});

// Swaps the picture for a tick without changing the size, and tells a reader.
function say(button) {
  const use = button.querySelector("use");
  const picture = use?.getAttribute("href");
  use?.setAttribute("href", picture.replace(/#.*/, "#check"));
  const words = document.createElement("span");
  words.className = "sr";
  words.setAttribute("role", "status");
  document.body.append(words);
  words.textContent = button.dataset.copied ?? "";
  setTimeout(() => {
    use?.setAttribute("href", picture);
    words.remove();
  }, SHOWN_MILLISECONDS);
}

// A click into a field that is there to be copied selects all of it.
document.addEventListener("focusin", ({ target }) => {
  if (target.matches("[data-select-all]")) target.select();
});
