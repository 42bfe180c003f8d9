// Sends a form that only carries an answer onward, so that nobody has to press its button.
document.querySelector("[data-onward]")?.form.requestSubmit();
