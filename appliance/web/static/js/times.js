// Keeps relative times true while a page stays open. The rounding is the server's, so nothing jumps.
const UNITS = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const THRESHOLD = 0.85;
const EVERY_MILLISECONDS = 30_000;
const language = document.documentElement.lang || "en";
const words = new Intl.RelativeTimeFormat(language);
const now = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(0, "second");

function tick() {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const seconds = Math.round((Date.parse(time.dateTime) - Date.now()) / 1000);
    const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) / length >= THRESHOLD) ?? ["second", 1];
    const count = Math.sign(seconds) * Math.max(unit === "second" ? 0 : 1, roundToEven(Math.abs(seconds) / size));
    const shown = seconds ? words.format(count, unit) : now;
    if (time.textContent !== shown) time.textContent = shown;
  }
}

// Python rounds halves to even numbers; JavaScript rounds them up.
function roundToEven(number) {
  const low = Math.floor(number);
  return number - low === 0.5 ? low + (low % 2) : Math.round(number);
}

setInterval(tick, EVERY_MILLISECONDS);
document.addEventListener("visibilitychange", tick);
