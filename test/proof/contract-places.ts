/**
 * Where the contract takes an id, or another text of a kind: `POST /v1/tasks body.device_id`. Found in its schemas, so that
 * an endpoint of tomorrow is found, too. An id is a uuid, or what is called an id.
 */
import type { AppRoute, AppRouter } from '@ts-rest/core';
import { z } from 'zod';
import { SocketCommand } from '../../contracts/events.ts';
import { contract } from '../../contracts/index.ts';

const CALLED_ID = /(^|_|-|\.)ids?$|Ids?(\[\])?$|(^|\.)channel$/;

export const routesOf = (router: AppRouter): AppRoute[] =>
  Object.values(router).flatMap((node) =>
    typeof (node as AppRoute).path === 'string' ? [node as AppRoute] : routesOf(node as AppRouter),
  );

export const ROUTES = routesOf(contract as unknown as AppRouter);

export const operationOf = ({ method, path }: AppRoute): string => `${method} ${path}`;

/** A body of the route, as the contract shows it. */
export const exampleOf = (route: AppRoute): object | undefined =>
  (schemaOf(route, 'body')?.meta() as { examples?: object[] } | undefined)?.examples?.[0];

/** Each as `part.name`. */
export function idPlacesOf(route: AppRoute): string[] {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => `path.${name}`);
  return [...inPath, ...textPlacesOf(route, (place, format) => format === 'uuid' || CALLED_ID.test(place))];
}

/** Where the contract takes texts for which `wanted` is true, each as `part.name`. */
export function textPlacesOf(route: AppRoute, wanted: (place: string, format?: string) => boolean): string[] {
  const places = (['query', 'headers', 'body'] as const).flatMap((part) => {
    const schema = schemaOf(route, part);
    if (!schema) return [];
    const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
    return [...textsIn(root, part, root)].filter(([place, format]) => wanted(place, format));
  });
  return [...new Set(places.map(([place]) => place))];
}

/** The kinds of channel that a socket subscribes to. */
export function socketChannels(): string[] {
  const written = JSON.stringify(z.toJSONSchema(SocketCommand, { io: 'input', unrepresentable: 'any' }));
  return [...new Set([...written.matchAll(/\^\(([\w|]+)\):/g)].flatMap(([, kinds]) => (kinds as string).split('|')))];
}

const schemaOf = (route: AppRoute, part: 'body' | 'query' | 'headers'): z.ZodType | undefined => {
  const schema = (route as Record<string, unknown>)[part];
  return schema instanceof z.ZodType ? schema : undefined;
};

type Json = {
  $ref?: string;
  $defs?: Record<string, Json>;
  type?: string;
  format?: string;
  properties?: Record<string, Json>;
  items?: Json;
} & Partial<Record<'anyOf' | 'oneOf' | 'allOf', Json[]>>;

function* textsIn(schema: Json, at: string, root: Json): Generator<[place: string, format?: string]> {
  if (schema.$ref) yield* textsIn(root.$defs?.[schema.$ref.replace('#/$defs/', '')] ?? {}, at, root);
  for (const branches of [schema.anyOf, schema.oneOf, schema.allOf]) {
    for (const branch of branches ?? []) yield* textsIn(branch, at, root);
  }
  for (const [name, inner] of Object.entries(schema.properties ?? {})) yield* textsIn(inner, `${at}.${name}`, root);
  if (schema.items) yield* textsIn(schema.items, `${at}[]`, root);
  if (schema.type === 'string') yield schema.format === undefined ? [at] : [at, schema.format];
}
