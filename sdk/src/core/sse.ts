/**
 * Server-Sent Events, from bytes to events as the HTML standard reads them: lines end with CR, LF or CRLF, a blank one
 * ends an event, and what a cut left incomplete is no event. Chunks may end anywhere, in the midst of a character too.
 */

/** One event. */
export type ServerSentEvent = {
  /** Its name; `message` when it has none. */
  event: string;
  /** Its `data` lines, joined by LF. */
  data: string;
  /** The last id that was sent with it or before it. */
  id: string | undefined;
};

/** Reads one stream. */
export class EventStream {
  /** Milliseconds that the server wants a client to wait before it connects again. */
  retryMs: number | undefined;
  readonly #decoder = new TextDecoder();
  /** The begin of a line whose end has not come. */
  #line = '';
  #hasEndedInCr = false;
  #event = '';
  #data: string[] = [];
  #id: string | undefined;

  /** The events that these bytes complete. */
  push(bytes: Uint8Array): ServerSentEvent[] {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (text === '') return [];
    if (this.#hasEndedInCr && text.startsWith('\n')) text = text.slice(1);
    this.#hasEndedInCr = text.endsWith('\r');
    const events: ServerSentEvent[] = [];
    let from = 0;
    for (const { 0: lineEnd, index } of text.matchAll(/\r\n?|\n/g)) {
      const event = this.#take(this.#line + text.slice(from, index));
      if (event) events.push(event);
      this.#line = '';
      from = index + lineEnd.length;
    }
    this.#line += text.slice(from);
    return events;
  }

  #take(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#dispatch();
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === 'event') this.#event = value;
    else if (name === 'data') this.#data.push(value);
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
    return undefined;
  }

  #dispatch(): ServerSentEvent | undefined {
    const event = { event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id };
    const isEmpty = this.#data.length === 0;
    this.#event = '';
    this.#data = [];
    return isEmpty ? undefined : event;
  }
}
