// Each of the lines in the list is wrong, and its author is told so before it runs.
import type { Api } from "./index.js";

export const wrong = async (api: Api) => [
  await api.issues.show("lab", "notes", [1]),
  await api.issues.openIssue("lab", "notes", { colour: "red" }),
  (await api.issues.show("lab", "notes", 1)).colour,
];
