/** The texts of an error — what others said that we called, which goes into logs and may repeat what they were told. */

/** Rewrites each of them, and those of the errors that it brings along. */
export function rewriteTexts<Failure extends Error>(error: Failure, rewrite: (text: string) => string): Failure {
  rewriteIn(error, rewrite, new Set());
  return error;
}

function rewriteIn(holder: Error | unknown[], rewrite: (text: string) => string, seen: Set<unknown>): void {
  if (seen.has(holder)) return;
  seen.add(holder);
  const held = holder as unknown as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(holder)) {
    const value = held[name];
    if (typeof value === 'string') held[name] = rewrite(value);
    else if (value instanceof Error || Array.isArray(value)) rewriteIn(value, rewrite, seen);
  }
}
