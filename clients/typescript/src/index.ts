// A client of the Codara Appliance: `connect(url, token)`. It needs `fetch` and nothing else.
import { Api } from "./api/areas.js";
import type * as shapes from "./api/shapes.js";
import { Client } from "./client.js";

export { Api } from "./api/areas.js";
export type { shapes };
export { Client, segment } from "./client.js";
export type { Options, Query } from "./client.js";
export { ProblemError, ProposedError, UnavailableError } from "./errors.js";
export type { Event } from "./events.js";

/** The appliance at an address, as whom the token belongs to. */
export function connect(url: string, token: string): Api {
  return new Api(new Client(url, token));
}
