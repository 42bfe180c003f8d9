// Fetches a page when a person is about to open it: the pointer rests on its link, or a finger is down.
const REST_MILLISECONDS = 65; // Less than this is a pointer passing by.
const MOST = 20;
const asked = new Set([location.href]);
let resting = 0;

function ask(link) {
  if (asked.has(link.href) || asked.size > MOST || link.origin !== location.origin || navigator.connection?.saveData) return;
  asked.add(link.href);
  const hint = document.createElement("link");
  hint.rel = "prefetch";
  hint.href = link.href;
  document.head.append(hint);
}

document.addEventListener("pointerover", ({ target }) => {
  clearTimeout(resting);
  const link = target.closest("a[data-prefetch]");
  if (link) resting = setTimeout(ask, REST_MILLISECONDS, link);
});

document.addEventListener("touchstart", ({ target }) => {
  const link = target.closest("a[data-prefetch]");
  if (link) ask(link);
}, { passive: true });
