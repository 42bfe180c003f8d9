// Completes the word under the cursor in a search: data-complete names {field: [values]}.
const MOST = 12;
const field = document.querySelector("[data-complete]");
const list = field && document.getElementById(`${field.id}-words`);
let asked;
let words = {};
let chosen = -1;

function word() {
  const before = field.value.slice(0, field.selectionStart);
  const start = before.search(/[^\s()]*$/);
  const sign = before[start] === "-" ? 1 : 0;
  return { start: start + sign, text: before.slice(start + sign) };
}

function suggestions(text) {
  const [name, value] = text.split(/:(.*)/s);
  if (value === undefined) return Object.keys(words).map((each) => `${each}:`).filter((each) => text && each.startsWith(text));
  return (words[name] ?? []).filter((each) => each.includes(value) && each !== value).map((each) => `${name}:${each}`);
}

function close() {
  list.hidden = true;
  list.replaceChildren();
  chosen = -1;
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}

// Once, however fast somebody types: a late answer would take away what they have marked.
async function ask() {
  const answer = await fetch(field.dataset.complete, { headers: { accept: "application/json" } });
  return answer.json();
}

async function open() {
  words = await (asked ??= ask());
  const found = suggestions(word().text).slice(0, MOST);
  if (!found.length) return close();
  chosen = -1;
  list.replaceChildren(...found.map(item));
  list.hidden = false;
  field.setAttribute("aria-expanded", "true");
}

function item(text, number) {
  const row = document.createElement("li");
  row.id = `${list.id}-${number}`;
  row.setAttribute("role", "option");
  row.setAttribute("aria-selected", "false");
  row.textContent = text;
  return row;
}

function mark(number) {
  chosen = (number + list.children.length) % list.children.length;
  [...list.children].forEach((row, at) => row.setAttribute("aria-selected", at === chosen));
  field.setAttribute("aria-activedescendant", list.children[chosen].id);
  list.children[chosen].scrollIntoView({ block: "nearest" });
}

function take(text) {
  const { start } = word();
  const end = text.endsWith(":") ? "" : " ";
  field.setRangeText(text + end, start, field.selectionStart, "end");
  end ? close() : open();
}

function key(event) {
  if (list.hidden) return;
  if (event.key === "ArrowDown") mark(chosen + 1);
  else if (event.key === "ArrowUp") mark(chosen < 0 ? -1 : chosen - 1);
  else if (event.key === "Escape") close();
  else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) take(list.children[chosen].textContent);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

if (field) {
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-expanded", "false");
  field.addEventListener("input", () => open().catch(close));
  field.addEventListener("keydown", key);
  field.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    if (event.target.closest("li")) take(event.target.closest("li").textContent);
  });
}
