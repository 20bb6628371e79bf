import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GUARDS } from './guards.ts';

describe('the guards', () => {
  it.each(Object.entries(GUARDS))('%s stands once in its file, so that it can be switched off', (_, { file, from }) => {
    const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    expect(source.split(from).length - 1).toBe(1);
  });
});
