// Listens to an appliance that comes and goes, and says the first two events.
import { Client } from "./index.js";

declare const process: { argv: string[] };

const client = new Client(process.argv[2] ?? "", "cod_x");
const found: unknown[] = [];
for await (const event of client.watchEvents("lab", "notes")) {
  found.push(event.payload);
  if (found.length === 2) break;
}
console.log(JSON.stringify(found));
