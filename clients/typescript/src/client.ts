// The API of one appliance, as one user: requests, problems, pages and events.
import { ProblemError, ProposedError, UnavailableError } from "./errors.js";
import type { Problem, Proposal } from "./errors.js";
import { events } from "./events.js";
import type { Event, Place } from "./events.js";

const API = "/api/v1";
const PAGE_LIMIT = 100;
const USUAL_PAUSE_SECONDS = 2;
const LONGEST_PAUSE_SECONDS = 60;
const FILE = "application/octet-stream";
const STREAM = "text/event-stream";
const STRANGER = "What answered there is no Codara Appliance. Check the address.";

export type Query = Record<string, unknown>;

export interface Options {
  body?: unknown;
  /** A file that is sent as it is, in place of a body. */
  content?: Blob;
  query?: Query;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

interface Page<Item> {
  items: Item[];
  next: string | null;
}

/** The API of one appliance, as one user. Keeps nothing between calls. */
export class Client {
  private readonly url: string;

  constructor(
    url: string,
    private readonly token: string,
  ) {
    this.url = url.replace(/\/+$/, "");
  }

  /** What `METHOD /api/v1/PATH` answers, parsed; undefined where there is no body. */
  async call<Answer>(method: string, path: string, options: Options = {}): Promise<Answer> {
    const response = await this.open(method, path, options);
    const text = await response.text().catch((error: unknown) => {
      throw new UnavailableError("The appliance stopped in the middle.", { cause: error });
    });
    const said = text === "" ? undefined : parsed(text);
    if (text !== "" && said === undefined) throw new UnavailableError(STRANGER);
    if (response.status === 202 && isRecord(said) && "proposal" in said) {
      throw new ProposedError(said["proposal"] as Proposal);
    }
    return said as Answer;
  }

  /** Every item of a list, over all of its pages. */
  async *each<Item>(path: string, options: Options = {}): AsyncGenerator<Item> {
    let query: Query = { limit: PAGE_LIMIT, ...options.query };
    for (;;) {
      const page = await this.call<Page<Item>>("GET", path, { ...options, query });
      for (const item of page.items) yield item;
      if (!page.next) return;
      query = { ...query, cursor: page.next };
    }
  }

  /** The same without parsing: for what is large or no JSON. */
  async open(method: string, path: string, options: Options = {}): Promise<Response> {
    const response = await this.answered(method, this.url + API + path + spelled(options.query), {
      method,
      headers: {
        Accept: "application/json",
        Authorization: `Bearer ${this.token}`,
        ...(options.body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(options.content === undefined ? {} : { "Content-Type": FILE }),
        ...options.headers,
      },
      // What has another name now is not deleted under the old one.
      redirect: method === "DELETE" ? "manual" : "follow",
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.content === undefined ? {} : { body: options.content }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if (response.ok) return response;
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
      const detail = "It has another name now. Say that name to delete it.";
      throw new ProblemError({ detail, code: "not_found" }, 404);
    }
    throw await problem(response);
  }

  /**
   * What happens in a repository, as it happens, for ever: from now on, or after the event with
   * that id. A connection that breaks, or an appliance that is away, is waited for, and nothing is
   * missed. `signal` ends the listening.
   */
  async *watchEvents(
    owner: string,
    name: string,
    options: { after?: string; signal?: AbortSignal } = {},
  ): AsyncGenerator<Event> {
    const place: Place = { lastId: options.after ?? "", pauseSeconds: USUAL_PAUSE_SECONDS };
    const path = `/repos/${segment(owner)}/${segment(name)}/events`;
    for (let failures = 0; !options.signal?.aborted; ) {
      let wait = place.pauseSeconds;
      try {
        for await (const event of this.once(path, place, options.signal)) {
          failures = 0;
          yield event;
        }
        wait = place.pauseSeconds;
      } catch (error) {
        if (options.signal?.aborted) return;
        wait = beforeNext(error, place.pauseSeconds * 2 ** failures++);
      }
      await pause(Math.min(wait, LONGEST_PAUSE_SECONDS), options.signal);
    }
  }

  /** What one connection brings, until it ends or breaks: both are the same to a listener. */
  private async *once(path: string, place: Place, signal?: AbortSignal): AsyncGenerator<Event> {
    const heard: Record<string, string> = place.lastId ? { "Last-Event-ID": place.lastId } : {};
    const response = await this.open("GET", path, {
      headers: { Accept: STREAM, ...heard },
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.headers.get("Content-Type")?.startsWith(STREAM) || response.body === null) {
      throw new UnavailableError(STRANGER);
    }
    try {
      yield* events(response.body, place);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // How `fetch` says that a line broke.
    }
  }

  private async answered(method: string, url: string, request: RequestInit): Promise<Response> {
    try {
      return await fetch(url, request);
    } catch (error) {
      if (request.signal?.aborted) throw error;
      const why = error instanceof Error ? String(error.cause ?? error.message) : String(error);
      throw new UnavailableError(`${method} ${url} was not answered: ${why}.`, { cause: error });
    }
  }
}

/** A name as one segment of a path; throws where it would make another path of it. */
export function segment(name: string | number): string {
  if ([".", ".."].includes(String(name))) {
    throw new RangeError(`${JSON.stringify(name)} is no name of anything there.`);
  }
  return encodeURIComponent(name);
}

function spelled(query: Query = {}): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null) found.append(name, String(each));
    }
  }
  const text = found.toString();
  return text === "" ? "" : `?${text}`;
}

async function problem(response: Response): Promise<Error> {
  const said = parsed(await response.text().catch(() => ""));
  if (!isRecord(said) || typeof said["detail"] !== "string") {
    // Every no of ours says why; that of a proxy may not.
    const words = response.status >= 500 ? "The appliance is not there now." : STRANGER;
    return new UnavailableError(`${words} (HTTP ${response.status})`);
  }
  const wait = response.headers.get("Retry-After") ?? "";
  const seconds = /^[0-9]+$/.test(wait) ? Number(wait) : null;
  return new ProblemError(said as unknown as Problem, response.status, seconds);
}

/** How long to wait before one listens again; throws what waiting does not help against. */
function beforeNext(error: unknown, usualSeconds: number): number {
  if (error instanceof UnavailableError) return usualSeconds;
  if (error instanceof ProblemError && [429, 503].includes(error.status)) {
    return error.retryAfterSeconds ?? usualSeconds;
  }
  throw error;
}

async function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
