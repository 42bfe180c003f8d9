// Conflicts of files: each version, and the text to be, begin where the first conflict is.
const MARK = /^<{7} /m;
const LINES_BEFORE = 3;

for (const code of document.querySelectorAll(".sides-of .code")) {
  const line = code.querySelector(".in-conflict");
  if (line) code.scrollTop = line.offsetTop - LINES_BEFORE * line.offsetHeight;
}
for (const field of document.querySelectorAll(".field textarea[name^='text-']")) {
  const before = field.value.slice(0, Math.max(0, field.value.search(MARK)));
  const height = parseFloat(getComputedStyle(field).lineHeight);
  field.scrollTop = (before.split("\n").length - 1 - LINES_BEFORE) * height;
}
