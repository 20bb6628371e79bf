import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { openSafe } from '../../server/adapters/safe.ts';

const safe = openSafe({ SECRETS_KEY: 's'.repeat(48) });
const seal = (secret: string, rowId: string): Buffer => safe.lock(secret, rowId) as Buffer;

test('what is sealed opens for its row alone, and has no word of the secret', () => {
  const [row, other] = [randomUUID(), randomUUID()];
  const sealed = seal('pässword 🚀', row);
  expect(safe.open(sealed, row)).toBe('pässword 🚀');
  expect(safe.open(sealed, other)).toBeUndefined();
  expect(sealed.includes('ssword')).toBe(false);
});

test('the same secret is sealed differently each time', () => {
  const row = randomUUID();
  expect(seal('secret', row).equals(seal('secret', row))).toBe(false);
});

test('every changed byte, a shorter one and another key keep it shut', () => {
  const row = randomUUID();
  const sealed = seal('secret', row);
  for (const at of sealed.keys()) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] as number) ^ 1;
    expect(safe.open(changed, row)).toBeUndefined();
    expect(safe.open(sealed.subarray(0, at), row)).toBeUndefined();
  }
  expect(openSafe({ SECRETS_KEY: 'o'.repeat(48) }).open(sealed, row)).toBeUndefined();
});

test('without a key nothing is sealed, and nothing opens', () => {
  const shut = openSafe({ SECRETS_KEY: undefined });
  expect(shut.lock('secret', 'row')).toBeUndefined();
  expect(shut.open(seal('secret', 'row'), 'row')).toBeUndefined();
});
