// Hidden lines of a diff come into the page: what was pressed stays where it is, and a reader is told.
const status = document.createElement("p");
status.className = "sr";
status.setAttribute("role", "status");
document.body.append(status);

document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-way]");
  if (!control || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const gap = control.closest("[data-gap]");
  if (!gap.hasAttribute("aria-busy")) expand(gap, control);
});

async function expand(gap, control) {
  gap.setAttribute("aria-busy", "true");
  const { way } = control.dataset;
  const piece = await ask(gap, way);
  gap.removeAttribute("aria-busy");
  if (!piece) {
    if (control.href) location.assign(control.href); // The page of the whole file says what is wrong.
    return;
  }
  const row = gap.closest(".hunk");
  const before = control.getBoundingClientRect().top;
  const rows = [...piece.querySelector(".lines").children].map((one) => document.adoptNode(one));
  if (way === "up") row.after(...rows);
  else row.before(...rows);
  const next = replace(row, gap, piece.querySelector("[data-gap]"), way) ?? rows[0]?.querySelector("a[href]");
  next?.focus({ preventScroll: true });
  if (next) scrollBy(0, next.getBoundingClientRect().top - before);
  status.textContent = piece.querySelector("[data-said]").textContent;
}

async function ask(gap, way) {
  const { gap: numbers, place } = gap.dataset;
  const address = `${gap.closest("[data-context]").dataset.context}&gap=${numbers}&place=${place}&way=${way}`;
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" } });
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : undefined;
  } catch {
    return undefined;
  }
}

// What is still hidden takes the place of the gap; where nothing is, the whole bar goes. Gives what to focus.
function replace(row, gap, rest, way) {
  if (!rest) {
    row.remove();
    return undefined;
  }
  const fresh = document.adoptNode(rest);
  gap.replaceWith(fresh);
  row.querySelector("code")?.remove(); // Its numbers are not true any more.
  return fresh.querySelector(`[data-way="${way}"]`) ?? fresh.querySelector("a");
}
