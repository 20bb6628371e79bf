/** Values that a schema of the document allows, of all lengths and kinds, and values that hardly anything allows. */
import fc from 'fast-check';
import type { Contract, Schema } from './document.ts';

/** Longer texts, lists and objects are only more of the same. */
const MOST_TEXT = 200;
const MOST_ITEMS = 4;
/** A text as long as may be is made up to here. */
const LONGEST_TEXT = 70_000;

/** What `schema` allows. Formats and patterns are kept; what words alone say is not. */
export function allowedBy(contract: Contract, raw: Schema): fc.Arbitrary<unknown> {
  const schema = contract.follow<Schema>(raw);
  const { anyOf, oneOf, examples = [] } = schema;
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if ('const' in schema) return fc.constant(schema.const);
  const several = anyOf ?? oneOf;
  if (several) return fc.oneof(...several.map((each) => allowedBy(contract, each)));
  const [type] = [schema.type ?? []].flat();
  const made = type === undefined ? fc.jsonValue() : (OF_TYPE[type]?.(contract, schema) ?? fc.constant(null));
  return examples.length > 0 ? fc.oneof(made, fc.constantFrom(...examples)) : made;
}

const OF_TYPE: Record<string, (contract: Contract, schema: Schema) => fc.Arbitrary<unknown>> = {
  string: (_, schema) => textOf(schema),
  boolean: () => fc.boolean(),
  null: () => fc.constant(null),
  integer: (_, { minimum = -(2 ** 31), maximum = 2 ** 31 - 1 }) => fc.integer({ min: minimum, max: maximum }),
  number: (_, { minimum = -1e9, maximum = 1e9 }) => fc.double({ min: minimum, max: maximum, noNaN: true }),
  array: (contract, { items = {}, minItems = 0, maxItems = MOST_ITEMS }) =>
    fc.array(allowedBy(contract, items), {
      minLength: minItems,
      maxLength: Math.max(minItems, Math.min(maxItems, MOST_ITEMS)),
    }),
  object: (contract, { properties, required = [], additionalProperties }) =>
    properties
      ? fc.record(
          Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, allowedBy(contract, each)])),
          { requiredKeys: required },
        )
      : fc.dictionary(
          fc.string(),
          additionalProperties?.type ? allowedBy(contract, additionalProperties) : fc.jsonValue(),
          {
            maxKeys: MOST_ITEMS,
          },
        ),
};

const textOf = ({
  format,
  pattern,
  minLength = 0,
  maxLength = Number.POSITIVE_INFINITY,
}: Schema): fc.Arbitrary<string> => {
  const fits = (text: string) => text.length >= minLength && text.length <= maxLength;
  const formatted = FORMATS[format ?? ''];
  if (formatted) return formatted.filter(fits);
  if (pattern) return matching(pattern).filter(fits);
  const free = fc.string({
    unit: 'grapheme',
    minLength,
    maxLength: Math.max(minLength, Math.min(maxLength, MOST_TEXT)),
  });
  const longest = maxLength <= LONGEST_TEXT ? [fc.constant('x'.repeat(maxLength))] : [];
  return fc.oneof(
    { weight: 9, arbitrary: free.filter(fits) },
    ...longest.map((arbitrary) => ({ weight: 1, arbitrary })),
  );
};

const time = fc.date({ min: new Date('1980-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });

const FORMATS: Record<string, fc.Arbitrary<string>> = {
  uuid: fc.uuid(),
  email: fc.emailAddress(),
  uri: fc.stringMatching(/^https?:\/\/[a-z]{1,20}\.example(:[1-9]\d{0,3})?(\/[\w.-]{0,20}){0,3}(\?[a-z]=[\w]{0,9})?$/),
  date: time.map((at) => at.toISOString().slice(0, 10)),
  'date-time': time.map((at) => at.toISOString()),
};

/** fast-check reads no classes of Unicode: printable ASCII stands for what is no control character. */
const matching = (pattern: string): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(pattern.replaceAll('\\P{Cc}', '[ -~]')));

/** Of these some are wrong for any field: of another type, too large, too long, nothing, or what no database stores. */
export const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  -0,
  2 ** 31,
  2 ** 53,
  1e308,
  '',
  ' ',
  'x',
  'a\0b',
  'half \ud800',
  '\u202e\ufeff\u0000',
  "'; drop table users; --",
  '{{7*7}}',
  '../../etc/passwd',
  '1e9',
  '0x10',
  'null',
  '9999-12-31T23:59:59.999Z',
  '+275760-09-13T00:00:00.000Z',
  '00000000-0000-0000-0000-000000000000',
  'x'.repeat(70_000),
  '🚀'.repeat(300),
  [],
  [[]],
  {},
  { a: {} },
  { toString: 'x', valueOf: null, length: -1 },
];

/** For addresses and headers, where everything is text. */
export const ODD_TEXTS: readonly string[] = [
  ...ODD_VALUES.filter((value) => typeof value === 'string'),
  '-1',
  '1.5',
  '1e999',
  'NaN',
  'Infinity',
  'true',
  '%',
  '%00',
  '%ff',
  '%c0%af',
  'a,b',
  '[object Object]',
  '9'.repeat(40),
];
