// Reviewing by mouse and keyboard: comments on lines and ranges, marks of files, replies in place.
const FIELD = "textarea, input, select";
const plus = button();
let from; // The other end of a range that is being chosen.

function button() {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "say";
  const words = document.querySelector("[data-say]");
  made.ariaLabel = made.title = words?.dataset.say ?? "";
  if (words) made.append(words.content.cloneNode(true));
  return made;
}

// A line by its place: the row, the link with its number, the side and the number.
function lineOf(element) {
  const cell = element?.closest?.(".talked .lines > div:not(.hunk) > *");
  if (!cell) return undefined;
  const row = cell.parentElement;
  const links = [...row.querySelectorAll(":scope > a[id]")];
  const isLeft = row.closest(".split") && row.children[0] && [...row.children].indexOf(cell) < 2;
  const link = isLeft ? links.find((one) => one.id.includes("L")) : (links.findLast((one) => one.id.includes("R")) ?? links[0]);
  if (!link) return undefined;
  const [, side, number] = link.id.match(/([LR])(\d+)$/);
  return { row, link, side, number: Number(number), file: row.closest("[data-comment]") };
}

function choose(line, extend) {
  if (!extend || !from || from.side !== line.side || from.file !== line.file) from = line;
  for (const row of document.querySelectorAll(".talked .chosen")) row.classList.remove("chosen");
  if (from === line) return;
  const [low, high] = [from.number, line.number].sort((one, other) => one - other);
  for (let number = low; number <= high; number += 1) {
    document.getElementById(`${line.file.id}${line.side}${number}`)?.parentElement.classList.add("chosen");
  }
}

document.addEventListener("mouseover", ({ target }) => {
  const line = lineOf(target);
  const code = line?.row.querySelector(line.side === "L" ? "code" : "code:last-of-type");
  if (code && document.querySelector("[data-say]")) code.prepend(plus);
});

document.addEventListener("click", (event) => {
  const number = event.target.closest(".talked .lines a[id]");
  if (number) {
    event.preventDefault();
    choose(lineOf(number), event.shiftKey);
    history.replaceState(null, "", `#${number.id}`);
    number.focus({ preventScroll: true });
  }
  if (event.target.closest(".say")) speak(lineOf(event.target.closest("code")));
  const act = event.target.closest("[data-review]");
  if (act) ACTS[act.dataset.review](act);
});

const ACTS = {
  comment: () => speak(lineOf(document.activeElement) ?? from),
  next: () => step(1),
  previous: () => step(-1),
  viewed: () => here()?.querySelector("[data-mark] button")?.click(),
  close: (act) => act.closest(".talk").remove(),
  suggest: (act) => {
    const field = act.form.querySelector("textarea");
    field.setRangeText(`\`\`\`suggestion\n${act.dataset.lines}\`\`\`\n`, field.selectionStart, field.selectionEnd, "end");
    field.focus();
  },
};

function here() {
  return document.activeElement.closest("[data-diff]") ?? document.querySelector("[data-diff]");
}

function step(by) {
  const threads = [...document.querySelectorAll(".thread")].filter((one) => one.offsetParent);
  const now = threads.findIndex((one) => one.contains(document.activeElement));
  const next = threads[now < 0 ? (by > 0 ? 0 : threads.length - 1) : now + by];
  if (!next) return;
  next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "center" });
}

// The form for a comment comes from the server and stands under its line.
async function speak(line) {
  if (!line?.file) return;
  const ranged = from && from.side === line.side && from.file === line.file ? from.number : line.number;
  const [start, end] = [ranged, line.number].sort((one, other) => one - other);
  const last = document.getElementById(`${line.file.id}${line.side}${end}`)?.parentElement ?? line.row;
  const open = last.nextElementSibling?.querySelector(":scope > form[data-new]");
  if (open) return open.querySelector("textarea").focus();
  const side = line.side === "L" ? "old" : "new";
  const piece = await ask(`${line.file.dataset.comment}&side=${side}&start=${start}&line=${end}&part=form`);
  if (!piece) return;
  const box = document.createElement("section");
  box.className = "talk";
  box.append(...piece);
  last.after(box);
  box.querySelector("textarea").focus();
}

async function ask(address, options = {}) {
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" }, ...options });
    if (!answer.ok) return undefined;
    const body = new DOMParser().parseFromString(await answer.text(), "text/html").body;
    return [...body.children].map((node) => document.adoptNode(node));
  } catch {
    return undefined;
  }
}

// What is said in place is shown in place; where that fails, the form goes the usual way.
document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (!form.matches("[data-in-place]") || form.dataset.sent) return;
  event.preventDefault();
  const body = new FormData(form, submitter);
  body.set("part", "thread");
  const piece = await ask(form.action, { method: "POST", body: new URLSearchParams(body) });
  if (!piece) {
    form.dataset.sent = "yes";
    return form.requestSubmit(submitter);
  }
  const place = form.closest(".thread") ?? form;
  place.replaceWith(...piece);
  mark(piece);
});

function mark(piece) {
  const waiting = piece.find((one) => one.dataset?.waiting)?.dataset.waiting;
  for (const count of document.querySelectorAll("[data-waiting-count]")) {
    if (waiting === undefined) continue;
    count.textContent = waiting;
    count.hidden = waiting === "0";
  }
  const thread = piece.find((one) => one.matches(".thread"));
  if (!thread) return;
  thread.tabIndex = -1;
  thread.focus({ preventScroll: true });
}

// A file is marked as viewed without leaving the page, and folds.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-mark]") || form.dataset.sent) return;
  event.preventDefault();
  const piece = await ask(form.action, { method: "POST", body: new URLSearchParams([...new FormData(form), ["part", "mark"]]) });
  const fresh = piece?.find((one) => one.matches("[data-mark]"));
  if (!fresh) {
    form.dataset.sent = "yes";
    return form.requestSubmit();
  }
  const file = form.closest("[data-diff]");
  form.replaceWith(fresh);
  const isViewed = fresh.dataset.mark === "yes";
  file.open = !isViewed;
  document.querySelector(`.review-files a[href="#${file.id}"]`)?.toggleAttribute("data-viewed", isViewed);
  const count = document.querySelector("[data-viewed-count]");
  if (count) count.textContent = Number(count.textContent) + (isViewed ? 1 : -1);
  file.querySelector("summary").focus({ preventScroll: true });
});

document.addEventListener("keydown", (event) => {
  const field = event.target.closest(FIELD);
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && field?.form) field.form.requestSubmit(field.form.querySelector("button:not([type])"));
  if (event.key === "Escape" && field?.closest("form[data-new]") && !field.value.trim()) field.closest(".talk").remove();
  if (field || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(event, event.key === "ArrowDown" ? 1 : -1);
});

// Arrows walk over the lines of a file; with Shift they choose several.
function walk(event, by) {
  const file = event.target.closest(".talked[open]");
  if (!file) return;
  const now = lineOf(event.target);
  const all = [...file.querySelectorAll(".lines a[id]")].map(lineOf).filter((line) => line);
  const links = [...new Set(all.filter((line) => !event.shiftKey || line.side === now?.side).map((line) => line.link))];
  const at = now ? links.indexOf(now.link) : by > 0 ? -1 : links.length;
  const next = links[at + by];
  if (!next) return;
  event.preventDefault();
  choose(lineOf(next), event.shiftKey);
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}
