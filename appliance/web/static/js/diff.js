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

// Files whose lines the page did not wait for open as somebody reads down to them: one after the other, since each
// that has its lines pushes the next ones away.
const near = new Set();
let isLoading = false;

function openNext() {
  const [file] = near;
  if (!file || isLoading) return;
  isLoading = true;
  near.delete(file);
  reading.unobserve(file);
  const loaded = new MutationObserver(() => {
    if (file.querySelector("[data-load]")) return;
    loaded.disconnect();
    isLoading = false;
    setTimeout(openNext, SETTLED_MILLISECONDS);
  });
  loaded.observe(file, { childList: true, subtree: true });
  file.open = true;
}

const SETTLED_MILLISECONDS = 100; // By then it is known which are near now.
const reading = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) near[isIntersecting ? "add" : "delete"](target);
  openNext();
}, { rootMargin: "0px 0px 800px" });
for (const file of document.querySelectorAll("[data-near]:not([open])")) reading.observe(file);
