// Opens what a data-drawer link leads to beside the list: the element with data-drawer-content of that page.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-drawer]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
    show(new DOMParser().parseFromString(await answer.text(), "text/html"), link);
  } catch {
    location.assign(link.href);
  }
});

function show(found, link) {
  const content = found.querySelector("[data-drawer-content]");
  if (!content) throw new Error("no content");
  const drawer = document.querySelector("dialog.drawer") ?? document.body.appendChild(made());
  const whole = drawer.querySelector("a");
  whole.href = link.href;
  drawer.setAttribute("aria-label", content.querySelector("h1")?.textContent ?? "");
  drawer.querySelector("[data-drawer-body]").replaceChildren(document.adoptNode(content));
  if (!drawer.open) drawer.showModal();
}

// Its words stand in a template of the page, in the reader's language.
function made() {
  const drawer = document.getElementById("drawer").content.firstElementChild.cloneNode(true);
  drawer.addEventListener("click", ({ target }) => target === drawer && drawer.close());
  return drawer;
}
