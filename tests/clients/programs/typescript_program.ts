// A program of somebody's own: opens an issue, finds it again, and hears of a push.
import { ProblemError, connect } from "./index.js";
import type { shapes } from "./index.js";

declare const process: { argv: string[] };

const [url = "", token = "", name = "", after = ""] = process.argv.slice(2);
const api = connect(url, token);
const opened = await api.issues.openIssue("admin", name, { title: "The roof leaks", labels: [] });
const written = await api.fileChanges.write("admin", name, "notes/a b.txt", { content: "one\n" });
const found: shapes.IssueSummary[] = [];
for await (const issue of api.issues.listIssues("admin", name, { q: "is:open" })) found.push(issue);
const code = await api.issues.show("admin", name, 99).then(
  () => "",
  (error) => (error instanceof ProblemError ? error.code : String(error)),
);
let heard: unknown;
for await (const event of api.client.watchEvents("admin", name, { after })) {
  if (event.name !== "push") continue;
  heard = (event.payload["data"] as { refs: Array<{ after: string }> }).refs[0]?.after;
  break;
}
const titles = found.map((issue) => issue.title);
console.log(JSON.stringify({ number: opened.number, titles, written: written.commit, code, heard }));
