/** An example of each call, made from the examples of the document: what `@example` shows in an editor. */
import { type Call, camelCase } from './calls.ts';

const WIDTH = 110;

/** @param receiver what the method belongs to, such as `client.tasks` */
export const exampleOf = (call: Call, receiver: string): string[] => {
  const given = [
    ...call.pathParameters.map(camelCase),
    ...call.headers.map(({ argument }) => argument),
    ...(call.isForm ? ["{ log_file: await openAsBlob('daemon.log'), metadata }"] : []),
    ...(call.body && !call.isForm ? [literal(call.bodyExample ?? {})] : []),
    ...(call.query && !call.query.isOptional ? [literal(call.query.example)] : []),
  ];
  const called = (values: string[]) => `${receiver}.${call.name}(${values.join(', ')})`;
  if (call.list) {
    const item = lowerFirst(call.data);
    return [`for await (const ${item} of ${called(['{ limit: 100 }'])}) console.log(${item}.${call.fields![0]});`];
  }
  const [taken, advice = ''] = call.isRaw
    ? ['const { body } = ', ' // a stream of bytes']
    : [call.fields && call.fields.length <= 3 ? destructured(call.fields) : `const ${lowerFirst(call.data)} = `];
  const line = `${taken}await ${called(given)};${advice}`;
  if (line.length <= WIDTH || !call.bodyExample) return [line];
  const broken = [...given.slice(0, -1), literal(call.bodyExample, '')];
  return `${taken}await ${called(broken)};`.split('\n');
};

const destructured = (fields: readonly string[]): string =>
  fields.length === 0 ? '' : `const { ${fields.join(', ')} } = `;

/** A value as it is written in TypeScript; with `indent` each field of it has a line. */
const literal = (value: unknown, indent?: string): string => {
  if (typeof value === 'string') return `'${value.replace(/['\\]/g, '\\$&').replaceAll('\n', '\\n')}'`;
  if (Array.isArray(value)) return `[${value.map((one) => literal(one)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(
    ([name, one]) => `${/^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`}: ${literal(one)}`,
  );
  if (fields.length === 0) return '{}';
  return indent === undefined
    ? `{ ${fields.join(', ')} }`
    : `{\n${fields.map((field) => `${indent}  ${field},\n`).join('')}${indent}}`;
};

const lowerFirst = (name: string): string => name[0]!.toLowerCase() + name.slice(1);
