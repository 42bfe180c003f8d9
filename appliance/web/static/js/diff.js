// Diffs: fold all files at once, and keep the place when a switch loads the page in another form.
document.addEventListener("click", ({ target }) => {
  const folder = target.closest("[data-fold-all]");
  if (folder) fold([...document.querySelectorAll(folder.dataset.foldAll)]);
  const link = target.closest("a[data-keep-place]");
  if (link) link.hash = firstInView() ?? location.hash;
});

function fold(files) {
  const open = files.every((file) => !file.open);
  for (const file of files) file.open = open;
}

function firstInView() {
  const file = [...document.querySelectorAll("[data-diff]")].find((one) => one.getBoundingClientRect().bottom > 0);
  return file && file.getBoundingClientRect().top < 0 ? `#${file.id}` : undefined;
}

// An address that names a line of a folded file unfolds it.
function unfold() {
  const line = location.hash && document.getElementById(location.hash.slice(1));
  const file = line && line.closest("[data-diff]");
  if (file) file.open = true;
}

addEventListener("hashchange", unfold);
unfold();
