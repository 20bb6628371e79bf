/**
 * Zod schemas as JSON Schema. Each schema with an id (`.meta({ id })`) becomes a component of that name; where a request
 * may leave out what an answer always has, the request's form is a second component, `<id>Input`.
 */
import type { ReferenceObject, SchemaObject } from 'openapi3-ts/oas31';
import { z } from 'zod';

type Direction = 'input' | 'output';
export type SchemaUse = { schema: z.ZodType; direction: Direction };

/** `schemas` are the components; `refer` gives the schema that stands where one of them is used. */
export type ComponentSchemas = {
  schemas: [name: string, schema: SchemaObject][];
  refer(schema: z.ZodType, direction: Direction): SchemaObject | ReferenceObject;
};

export const componentSchemas = (uses: readonly SchemaUse[]): ComponentSchemas => {
  const found: Record<Direction, Map<string, string>> = { input: new Map(), output: new Map() };
  for (const { schema, direction } of uses)
    for (const [id, definition] of Object.entries(toJsonSchema(schema, direction).$defs ?? {})) {
      const text = JSON.stringify(definition);
      if ((found[direction].get(id) ?? text) !== text) throw new Error(`Two schemas of the contract have the id ${id}`);
      found[direction].set(id, text);
    }

  const differs = (id: string, seen = new Set<string>()): boolean => {
    if (seen.has(id)) return false;
    seen.add(id);
    const text = found.output.get(id) ?? '';
    return found.input.get(id) !== text || referencesIn(text).some((inner) => differs(inner, seen));
  };
  const nameOf = (id: string, direction: Direction): string =>
    direction === 'input' && found.output.has(id) && differs(id) ? `${id}Input` : id;
  const linked = (text: string, direction: Direction): SchemaObject =>
    JSON.parse(text.replace(REFERENCE, (_, id: string) => `"#/components/schemas/${nameOf(id, direction)}"`));

  const named = (['input', 'output'] as const).flatMap((direction) =>
    [...found[direction]].map(([id, text]) => [nameOf(id, direction), linked(text, direction)] as const),
  );
  return {
    schemas: Object.entries(Object.fromEntries(named)).sort(([a], [b]) => a.localeCompare(b, 'en')),
    refer: (schema, direction) => {
      const { $schema, $defs, ...whole } = toJsonSchema(schema, direction);
      return linked(JSON.stringify(whole), direction);
    },
  };
};

const REFERENCE = /"#\/\$defs\/(\w+)"/g;

const referencesIn = (text: string): string[] => [...text.matchAll(REFERENCE)].map((match) => match[1]!);

const BYTES = { contentMediaType: 'application/octet-stream' };

const replaceWith = (schema: object, other: object): void => {
  for (const key of Object.keys(schema)) if (key !== 'description') Reflect.deleteProperty(schema, key);
  Object.assign(schema, other);
};

/** Of a union whose members all are components; OpenAPI knows none of others. */
const discriminator = (def: { discriminator: string; options: readonly z.ZodObject[] }): object => {
  const mapping = def.options.map((option) => {
    const { value } = option.shape[def.discriminator] as z.ZodLiteral<string>;
    return [value, option.meta()?.id] as const;
  });
  if (mapping.some(([, id]) => id === undefined)) return {};
  const references = mapping.map(([value, id]) => [value, `#/$defs/${id}`]);
  return { discriminator: { propertyName: def.discriminator, mapping: Object.fromEntries(references) } };
};

const toJsonSchema = (schema: z.ZodType, io: Direction): z.core.JSONSchema.BaseSchema =>
  z.toJSONSchema(schema, {
    io,
    reused: 'inline',
    unrepresentable: 'throw',
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      // As OpenAPI 3.1 has it: no schema describes bytes.
      if (def.type === 'file') return replaceWith(jsonSchema, BYTES);
      // A later version may answer more fields: only a strict object is closed.
      if (def.type === 'object' && !def.catchall) delete jsonSchema.additionalProperties;
      // Zod leaves examples out where a value is transformed; ours are what goes over the wire.
      const { examples } = z.globalRegistry.get(zodSchema) ?? {};
      if (Array.isArray(examples)) jsonSchema.examples = examples;
      // The format says it; zod's expressions for dates and uuids are 300 characters long.
      if (jsonSchema.format === 'date-time' || jsonSchema.format === 'uuid') delete jsonSchema.pattern;
      if (jsonSchema.minLength === 0) delete jsonSchema.minLength;
      delete jsonSchema.propertyNames;
      if (def.type === 'union' && 'discriminator' in def) Object.assign(jsonSchema, discriminator(def as never));
    },
  });
