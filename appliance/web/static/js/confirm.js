// A name must be typed before an act that cannot be undone; the server asks again.
document.addEventListener("input", ({ target }) => {
  if (target.matches("[data-confirm-name]")) check(target);
});

document.addEventListener(
  "toggle",
  ({ target }) => {
    if (!target.matches("[data-confirm]") || !target.open) return;
    const field = target.querySelector("[data-confirm-name]");
    if (!field) return;
    check(field);
    field.focus();
  },
  true,
);

function check(field) {
  const fits = field.value === field.dataset.confirmName;
  field.form.querySelector("button:not([type])").disabled = !fits;
}
