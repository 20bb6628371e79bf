/**
 * A form that tells how far it has gone. Loaded with the first upload that wants to know.
 *
 * `fetch` tells nothing of what it sends, so the form is written here and counted on its way. Its files stay where they
 * are: a blob of blobs reads none of them into memory.
 */
import type { UploadProgress } from './resource.ts';

/** The body of one attempt, and what is called when it was answered. */
export type Upload = { init: RequestInit; contentType: string; end(): void };

export const uploadOf = (form: FormData, onProgress: (progress: UploadProgress) => void): Upload => {
  const whole = multipart(form);
  const totalBytes = whole.size;
  let sentBytes = 0;
  const tell = (bytes: number) => {
    sentBytes += bytes;
    if (bytes > 0) onProgress({ sentBytes, totalBytes });
  };
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, out) => {
      out.enqueue(chunk);
      tell(chunk.byteLength);
    },
  });
  // Where there is an XMLHttpRequest, `fetch` is that of a browser, which sends no streams over HTTP/1.
  const body = 'XMLHttpRequest' in globalThis ? whole : whole.stream().pipeThrough(counter);
  return {
    init: { body, duplex: 'half' } as RequestInit,
    contentType: whole.type,
    end: () => tell(totalBytes - sentBytes),
  };
};

/** As `fetch` would write it. Bun gives a blob back without a name. */
const multipart = (form: FormData): Blob => {
  const boundary = `ccjk-${crypto.randomUUID()}`;
  const parts = [...form].flatMap(([name, value]) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"`,
    typeof value === 'string'
      ? ''
      : `; filename="${quoted(value.name ?? 'blob')}"\r\nContent-Type: ${value.type || 'application/octet-stream'}`,
    '\r\n\r\n',
    value,
    '\r\n',
  ]);
  return new Blob([...parts, `--${boundary}--\r\n`], { type: `multipart/form-data; boundary=${boundary}` });
};

const quoted = (name: string): string => name.replace(/["\r\n]/g, encodeURIComponent);
