// Server-Sent Events as an appliance sends them. Source: HTML, section 9.2.6.

/** Something that happened in a repository. */
export interface Event {
  /** Where it stands: who goes on from here misses nothing and hears nothing twice. */
  id: string;
  /** What it is: `push`, `ref.created` …, as webhooks call it. */
  name: string;
  payload: Record<string, unknown>;
}

/** Up to where a listener has heard, and how long it waits before it comes again. */
export interface Place {
  lastId: string;
  pauseSeconds: number;
}

/** The events of one connection; `place` follows them. */
export async function* events(body: ReadableStream<Uint8Array>, place: Place): AsyncGenerator<Event> {
  let name = "";
  let heard = place.lastId;
  let data: string[] = [];
  for await (const line of lines(body)) {
    if (line === "") {
      place.lastId = heard; // Not before its event is whole.
      if (data.length > 0) {
        yield { id: heard, name: name || "message", payload: JSON.parse(data.join("\n")) };
      }
      [name, data] = ["", []];
      continue;
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") name = value;
    else if (field === "data") data.push(value);
    else if (field === "id" && !value.includes("\0")) heard = value;
    else if (field === "retry" && /^[0-9]+$/.test(value)) place.pauseSeconds = Number(value) / 1000;
  }
}

/** Whole lines, however they end and wherever chunks do. */
async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder("utf-8");
  let begun = "";
  let isAfterReturn = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      let text = decoder.decode(value, { stream: true });
      if (text === "") continue;
      if (isAfterReturn && text.startsWith("\n")) text = text.slice(1);
      isAfterReturn = text.endsWith("\r");
      const found = (begun + text).split(/\r\n|\r|\n/);
      begun = found.pop() ?? "";
      for (const line of found) yield line;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
