/** Reads mail of ours. */

export type Eml = {
  /** Lower-cased names; unfolded, with encoded words decoded. */
  headers: [name: string, value: string][];
  header(name: string): string | undefined;
  text: string;
  html: string;
};

/** Reads a message of two parts, text and HTML. */
export function readEml(raw: string): Eml {
  const { headers, body } = split(raw);
  const header = (name: string) => headers.find(([each]) => each === name)?.[1];
  const [, boundary] = /boundary="?([^";]+)"?/.exec(header('content-type') ?? '') ?? [];
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => split(part.replace(/^\r?\n|\r?\n$/g, '')));
  const contentOf = (type: string): string => {
    const part = parts.find(({ headers: own }) =>
      own.some(([name, value]) => name === 'content-type' && value.startsWith(type)),
    );
    const [, encoding] = part?.headers.find(([name]) => name === 'content-transfer-encoding') ?? [];
    return decoded(part?.body ?? '', encoding).replaceAll('\r\n', '\n');
  };
  return { headers, header, text: contentOf('text/plain'), html: contentOf('text/html') };
}

function split(raw: string): Pick<Eml, 'headers'> & { body: string } {
  const at = raw.search(/\r?\n\r?\n/);
  const lines = raw
    .slice(0, at)
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/);
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), words(line.slice(colon + 1).trim())];
  });
  return { headers, body: raw.slice(at).replace(/^(\r?\n){2}/, '') };
}

const decoded = (body: string, encoding = '7bit'): string => {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  if (encoding !== 'quoted-printable') return Buffer.from(body, 'latin1').toString();
  return bytes(body.replace(/=\r?\n/g, ''));
};

const bytes = (quoted: string): string =>
  Buffer.from(
    quoted.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString();

const words = (value: string): string =>
  value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toUpperCase() === 'B' ? Buffer.from(word, 'base64').toString() : bytes(word.replaceAll('_', ' ')),
    );
