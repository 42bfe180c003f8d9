// Follows long work: asks data-progress for {step, done, total, share, left, finished, next}.
const EVERY_MILLISECONDS = 1000;
const SLOWEST_MILLISECONDS = 15_000;

async function follow(box, wait) {
  let job;
  try {
    const answer = await fetch(box.dataset.progress, { headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    job = await answer.json();
  } catch {
    setTimeout(follow, Math.min(wait * 2, SLOWEST_MILLISECONDS), box, Math.min(wait * 2, SLOWEST_MILLISECONDS));
    return;
  }
  draw(box, job);
  if (!job.finished) setTimeout(follow, EVERY_MILLISECONDS, box, EVERY_MILLISECONDS);
  else if (job.next) location.assign(job.next);
  else location.reload();
}

function draw(box, job) {
  const share = job.share ?? (job.total ? Math.floor((100 * job.done) / job.total) : 0);
  box.querySelector("progress").value = share;
  box.querySelector("[data-share]").textContent = `${share} %`;
  box.querySelector("[data-step]").textContent = job.step ?? "";
  box.querySelector("[data-left]").textContent = job.left ?? "";
}

for (const box of document.querySelectorAll("[data-progress]")) setTimeout(follow, EVERY_MILLISECONDS, box, EVERY_MILLISECONDS);
