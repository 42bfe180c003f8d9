// Loads the small modules; each does one thing and finds its elements by data attributes.
import "./confirm.js";
import "./copy.js";
import "./diff.js";
import "./filter.js";
import "./finder.js";
import "./keyboard.js";
import "./lines.js";
import "./menus.js";
import "./prefetch.js";
import "./progress.js";
import "./times.js";
