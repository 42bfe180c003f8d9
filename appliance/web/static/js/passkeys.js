// Lets a browser make or show a key (WebAuthn) for a form: data-key names the act (create or get),
// data-asks the address that says what is asked. What the key answers goes into the field "answer".
const can = "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

for (const form of document.querySelectorAll("form[data-key]")) form.hidden = !can;

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-key]");
  if (!form || form.elements.answer.value) return;
  event.preventDefault();
  const trouble = form.querySelector("[data-trouble]");
  trouble.hidden = true;
  try {
    form.elements.answer.value = JSON.stringify(await answerTo(form));
  } catch {
    trouble.hidden = false; // They said no, it took too long, or the device has no such key.
    return;
  }
  form.submit();
});

async function answerTo(form) {
  const headers = { "X-CSRFToken": form.elements.csrf_token.value, Accept: "application/json" };
  const reply = await fetch(form.dataset.asks, { method: "POST", headers });
  if (!reply.ok) throw new Error(reply.statusText);
  const asked = await reply.json();
  const act = form.dataset.key;
  const publicKey =
    act === "create"
      ? PublicKeyCredential.parseCreationOptionsFromJSON(asked)
      : PublicKeyCredential.parseRequestOptionsFromJSON(asked);
  return (await navigator.credentials[act]({ publicKey })).toJSON();
}
