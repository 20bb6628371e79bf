/**
 * The network, as a harness makes it for its own process: addresses of the open internet are servers on this machine, this
 * machine is reached as it is, and whatever else is called refuses. So nothing leaves, and every call is noted.
 */
import net from 'node:net';
import type { Trial } from './harness.ts';

export type Network = {
  /** The hosts that were called since it was asked last, but on the ports of `ours`. */
  called(): string[];
};

/** `outside`: the port on this machine at which an address of the open internet is. `ours`: ports that the service calls. */
export function openNetwork(
  trial: Trial,
  { outside, ours }: { outside: ReadonlyMap<string, number>; ours: readonly number[] },
): Network {
  let called: string[] = [];
  const prototype = net.Socket.prototype as { connect: Connect };
  const { connect } = prototype;
  trial.afterwards(() => {
    prototype.connect = connect;
  });

  prototype.connect = function (...given) {
    const { options, onConnect } = read(given);
    const { host = 'localhost', port, path } = options;
    if (path !== undefined || ours.includes(Number(port))) return connect.apply(this, given);
    called.push(host);
    if (HERE.test(host)) return connect.apply(this, given);
    const local = outside.get(host);
    if (local !== undefined) return connect.call(this, { ...options, host: '127.0.0.1', port: local }, onConnect);
    const refusal = Object.assign(new Error(`connect ECONNREFUSED ${host}`), { code: 'ECONNREFUSED' });
    process.nextTick(() => this.destroy(refusal));
    return this;
  };
  return {
    called() {
      const taken = called;
      called = [];
      return taken;
    },
  };
}

/** This machine, where no DNS is asked. */
const HERE = /^(localhost|127\.[\d.]+|::1)$/;

type Connect = (this: net.Socket, ...given: unknown[]) => net.Socket;
type Options = { host?: string; port?: number | string; path?: string };

/** The ways in which a socket is told where to go: options, a path, or a port and a host; Node itself gives them as a list. */
function read(given: unknown[]): { options: Options; onConnect: unknown } {
  const [first, ...others] = Array.isArray(given[0]) ? (given[0] as unknown[]) : given;
  const onConnect = others.find((one) => typeof one === 'function');
  if (typeof first === 'object') return { options: first as Options, onConnect };
  if (Number.isNaN(Number(first))) return { options: { path: String(first) }, onConnect };
  const host = others.find((one) => typeof one === 'string');
  return { options: { port: Number(first), ...(host === undefined ? {} : { host }) }, onConnect };
}
