/** Holds an answer against what the document says of its operation. */
import type { Contract, Operation, Response, Schema } from './document.ts';
import type { Answer } from './exchange.ts';

/** What is wrong with an answer, a sentence each; none: it is as documented. */
export function faultsOf(contract: Contract, operation: Operation, answer: Answer): string[] {
  const documented = operation.responses[answer.status];
  if (!documented) return [`answered ${answer.status}, which the document does not list: ${answer.text.slice(0, 200)}`];
  return [...headerFaults(contract, documented, answer), ...bodyFaults(contract, documented, answer)].map(
    (fault) => `answered ${answer.status}: ${fault}`,
  );
}

function headerFaults(contract: Contract, { headers = {} }: Response, answer: Answer): string[] {
  const echoed = answer.headers.get('x-request-id');
  return [
    ...(echoed === answer.requestId ? [] : [`X-Request-Id is ${echoed} and not the one that was sent`]),
    ...Object.entries(headers).flatMap(([name, { schema }]) => {
      const value = answer.headers.get(name);
      if (value === null) return [`the header ${name} is missing`];
      const fault = contract.faultOf(schema, schema.type === 'integer' ? Number(value) : value);
      return fault ? [`the header ${name} is ${value}: ${fault}`] : [];
    }),
  ];
}

function bodyFaults(contract: Contract, { content }: Response, answer: Answer): string[] {
  const type = answer.headers.get('content-type')?.split(';', 1)[0] ?? 'none';
  const media = content[type];
  if (!media) return [`the content type is ${type} and not ${Object.keys(content).join(' or ')}`];
  if (media['x-events']) return eventFaults(contract, media['x-events'], answer.text);
  if (!media.schema) return [];
  const body = parsed(answer.text);
  if (body === undefined) return ['the body is no JSON'];
  const fault = contract.faultOf(media.schema, body);
  return [...(fault ? [`the body: ${fault}`] : []), ...metaFaults(body, answer)];
}

/** The id in the envelope is the one in the header. */
const metaFaults = (body: unknown, { requestId }: Answer): string[] => {
  const { meta } = body as { meta?: { request_id?: unknown } };
  return meta && meta.request_id !== requestId ? [`meta.request_id is ${meta.request_id}`] : [];
};

const eventFaults = (contract: Contract, schema: Schema, text: string): string[] => {
  const fields = text.split('\n').map((line): [string, unknown] => {
    const at = line.indexOf(': ');
    const [name, value] = [line.slice(0, at), line.slice(at + 2)];
    return [name, name === 'data' ? parsed(value) : name === 'retry' ? Number(value) : value];
  });
  const fault = contract.faultOf(schema, Object.fromEntries(fields));
  return fault ? [`the first event: ${fault}`] : [];
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
