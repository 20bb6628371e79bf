/**
 * Links: where the id in a path comes from, for programs that walk the document. The answer that gives an id names every
 * operation that takes it.
 */
import type { AppRoute } from '@ts-rest/core';
import type { LinkObject } from 'openapi3-ts/oas31';

type Source = { operationId: string; status: number; pointer: string };

const from = (operationId: string, status: number, pointer: string): Source => ({ operationId, status, pointer });

/** By the name of a path parameter; `noun.name` where a noun gets it from elsewhere. */
const SOURCES: Readonly<Record<string, Source>> = {
  session_id: from('auth.listSessions', 200, '/data/sessions/0/id'),
  api_key_id: from('apiKeys.create', 201, '/data/id'),
  device_id: from('devices.createKey', 201, '/data/device_id'),
  task_id: from('tasks.create', 201, '/data/task_id'),
  'daemon.task_id': from('daemon.claim', 200, '/data/tasks/0/id'),
  message_id: from('messages.list', 200, '/data/messages/0/id'),
  backup_id: from('config.backup', 201, '/data/id'),
  log_id: from('daemon.uploadLog', 201, '/data/log_id'),
  'control.id': from('control.execute', 201, '/data/commandId'),
  'keys.id': from('register.create', 201, '/data/publicKeyId'),
};

type Named = { noun: string; operationId: string; route: AppRoute };

/**
 * The links of one answer, by the operation to which each leads.
 * @throws Error where nothing gives the id that an operation takes: name its source in SOURCES
 */
export function linksOf(all: readonly Named[], operationId: string, status: number): Record<string, LinkObject> {
  const links = all.flatMap(({ noun, operationId: target, route }): [string, LinkObject][] =>
    parametersIn(route).flatMap((name): [string, LinkObject][] => {
      const source = SOURCES[`${noun}.${name}`] ?? SOURCES[name];
      if (!source) throw new Error(`Say in contracts/openapi-links.ts where the ${name} of ${target} comes from`);
      if (source.operationId !== operationId || source.status !== status) return [];
      return [[target, { operationId: target, parameters: { [name]: `$response.body#${source.pointer}` } }]];
    }),
  );
  return Object.fromEntries(links);
}

const parametersIn = ({ path }: AppRoute): string[] => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
