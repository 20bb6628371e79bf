/** Secrets that were planted or handed out, and the search for them in whatever they must not be in. */
import { randomBytes } from 'node:crypto';

export type Vault = {
  /** A new secret, which `name` tells when it is found; `shape` puts it into the form that is asked for. */
  plant(name: string, shape?: (canary: string) => string): string;
  /** One that somebody else made. */
  keep(name: string, secret: string): string;
  /** The names of those that `text` holds, as they are or encoded. */
  foundIn(text: string): string[];
  /** How many it knows. */
  size(): number;
};

/** All that are planted begin with it, so that thousands are found as quickly as one. */
const MARK = 'canary-of-the-vault-';
const PLANTED = new RegExp(`${MARK}([0-9a-f]{32})?`, 'g');

/** Shorter ones turn up by chance. */
const MIN_LENGTH = 12;
/** Of the encoded text: what the neighbours of a secret share with it is left off at both ends. */
const BASE64_MARGIN = 4;

export function openVault(): Vault {
  const planted = new Map<string, string>();
  const kept = new Map<string, string>();
  const encodedMarks = [...formsOf(MARK)].filter((form) => form !== MARK);
  return {
    plant(name, shape = (canary) => canary) {
      const canary = MARK + randomBytes(16).toString('hex');
      planted.set(canary, name);
      return shape(canary);
    },
    keep(name, secret) {
      if (secret.length < MIN_LENGTH) throw new Error(`The secret ${name} is too short to be found: ${secret.length}`);
      for (const form of formsOf(secret)) kept.set(form, name);
      return secret;
    },
    foundIn(text) {
      const names = [
        ...[...text.matchAll(PLANTED)].map(([canary]) => planted.get(canary) ?? 'a piece of a secret'),
        ...encodedMarks.filter((mark) => text.includes(mark)).map(() => 'a secret, encoded'),
        ...[...kept].filter(([form]) => text.includes(form)).map(([, name]) => name),
      ];
      return [...new Set(names)];
    },
    size: () => planted.size + new Set(kept.values()).size,
  };
}

/** As it stands, in hex, as a URL or JSON writes it, and in base64 wherever it begins. */
function formsOf(secret: string): Set<string> {
  const bytes = Buffer.from(secret);
  const inBase64 = [0, 1, 2].flatMap((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
    return (['base64', 'base64url'] as const).map((form) =>
      shifted.toString(form).replace(/=+$/, '').slice(BASE64_MARGIN, -BASE64_MARGIN),
    );
  });
  return new Set([
    secret,
    bytes.toString('hex'),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    ...inBase64,
  ]);
}
