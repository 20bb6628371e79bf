/** Which event a subscriber has already: `Last-Event-ID`, which an EventSource sends when it connects again, or the query. */
import type { FastifyRequest } from 'fastify';

const EVENT_ID = /^event-(\d{1,15})$/;

/** The number of the event; `unknown` when it is none of ours. */
export const lastEventOf = (header: string | undefined, query: string | undefined): number | 'unknown' | undefined => {
  const given = header || query;
  if (!given) return undefined;
  const [, number] = EVENT_ID.exec(given) ?? [];
  return number === undefined ? 'unknown' : Number(number);
};

/** Someone who was here already: coming back is not counted as coming. */
export const isReconnect = ({ headers, query }: Pick<FastifyRequest, 'headers' | 'query'>): boolean => {
  const { lastEventId } = query as Record<string, unknown>;
  const header = headers['last-event-id'];
  return typeof lastEventOf(header && String(header), lastEventId ? String(lastEventId) : undefined) === 'number';
};
