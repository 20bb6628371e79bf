/**
 * `/llms.txt`: the document on one page, for a reader that has little room: what there is, how to be let in, what can go
 * wrong, and where the rest is. The form is that of llmstxt.org.
 */
import type { OpenAPIObject, OperationObject, TagObject } from 'openapi3-ts/oas31';

export function llmsTxt(document: OpenAPIObject): string {
  const { info, tags = [] } = document;
  const [summary, ...rules] = (info.description ?? '').split('\n\n');
  return `# ${info.title} ${info.version}

> ${inLine(summary)}

${rules.map((rule) => `- ${inLine(rule)}`).join('\n')}

## Reference

- [OpenAPI 3.1 document](/openapi.json): every operation with schemas, examples, failures and headers
- [Reference](/docs): the same for people, with a client to try it

${tags.map((tag) => section(document, tag)).join('\n\n')}

## Failures

Decide by \`error.code\`.

${failures(document)}
`;
}

const inLine = (text = ''): string => text.replaceAll('\n', ' ').trim();

const section = (document: OpenAPIObject, { name, description }: TagObject): string => {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, OperationObject>)
      .filter(([, { tags }]) => tags?.includes(name))
      .map(([method, operation]) => line(method, path, operation)),
  );
  return `## ${name}\n\n${inLine(description)}\n\n${operations.join('\n')}`;
};

const line = (method: string, path: string, operation: OperationObject): string => {
  const schemes = (operation.security ?? []).map((each) => Object.keys(each)[0] ?? 'anyone');
  const right = operation['x-required-scope'] ?? operation['x-required-permission'];
  const who = `${schemes.join(' or ') || 'anyone'}${right ? `; ${right}` : ''}`;
  return `- \`${method.toUpperCase()} ${path}\` ${operation.summary} (${who})`;
};

/** Each code with its status and its sentence, as the responses of the document say. */
const failures = ({ components }: OpenAPIObject): string => {
  const codes = Object.entries(components?.examples ?? {}).flatMap(([name, example]) =>
    'value' in example ? [[name.replace(/^RELAY_/, ''), String(example.summary)] as const] : [],
  );
  return [...new Map(codes)].map(([code, sentence]) => `- \`${code}\` ${sentence}`).join('\n');
};
