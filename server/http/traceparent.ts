/** Version, trace, parent and flags. A later version may have more after these. Source: W3C Trace Context, section 3.2. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-((?!0{32})[\da-f]{32})-((?!0{16})[\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** The caller's span, as version 00 writes it. What is no `traceparent` is as if it had not been sent. */
export function traceparentOf(header: string | string[] | undefined): string | null {
  if (typeof header !== 'string') return null;
  const [, version, trace, parent, flags, more] = TRACEPARENT.exec(header) ?? [];
  if (trace === undefined || (version === '00' && more !== undefined)) return null;
  return `00-${trace}-${parent}-${flags}`;
}
