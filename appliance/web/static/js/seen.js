// Who opens a conversation has seen it: the form that data-seen marks is sent by itself, and goes away.
for (const form of document.querySelectorAll("form[data-seen]")) {
  form.hidden = true;
  fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" }).catch(() => (form.hidden = false));
}
