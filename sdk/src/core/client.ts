import {
  ApiKeys,
  Auth,
  Config,
  Daemon,
  Devices,
  Email,
  Logs,
  Messages,
  Sockets,
  Stats,
  Users,
} from '../generated/resources.ts';
import { ApiPromise } from './api-promise.ts';
import { FollowableTasks } from './followable-tasks.ts';
import { lazyRelay, type Relay } from './lazy-relay.ts';
import type { ClientOptions } from './options.ts';
import type { CallSpec, RequestOptions } from './resource.ts';
import type { Tokens } from './session.ts';
import { CloudSocket, webSocketOf } from './socket.ts';
import { Transport } from './transport.ts';

/**
 * The client of CCJK Cloud. It is cheap to make, holds no connection of its own and needs no closing.
 *
 * Calls that can safely be repeated are tried again after passing failures, and an ended access token is renewed once for
 * all calls that wait for it.
 *
 * @example
 * const client = new CcjkCloud({ baseUrl: 'https://cloud.example.com', token: 'ck_live_…' });
 * const { task_id } = await client.tasks.create({ device_id, command: 'npm test' });
 * const task = await client.tasks.get(task_id, { wait: 30 });
 */
export class CcjkCloud {
  readonly auth: Auth;
  readonly users: Users;
  readonly apiKeys: ApiKeys;
  readonly daemon: Daemon;
  readonly tasks: FollowableTasks;
  readonly devices: Devices;
  readonly messages: Messages;
  readonly email: Email;
  readonly config: Config;
  readonly logs: Logs;
  readonly stats: Stats;
  readonly sockets: Sockets;
  /** The relay: messages over channels. Its code is loaded with the first call. */
  readonly relay: Relay;
  readonly #transport: Transport;
  readonly #options: ClientOptions;

  /** @throws CcjkError when `baseUrl` is no http(s) address */
  constructor(options: ClientOptions = {}) {
    const transport = new Transport(options);
    this.#transport = transport;
    this.#options = options;
    this.auth = new Auth(transport);
    this.users = new Users(transport);
    this.apiKeys = new ApiKeys(transport);
    this.daemon = new Daemon(transport);
    this.tasks = new FollowableTasks(transport, () => this.#connectIfPossible());
    this.devices = new Devices(transport);
    this.messages = new Messages(transport);
    this.email = new Email(transport);
    this.config = new Config(transport);
    this.logs = new Logs(transport);
    this.stats = new Stats(transport);
    this.sockets = new Sockets(transport);
    this.relay = lazyRelay(() =>
      import('../relay/relay-client.ts').then(({ CcjkRelay }) => new CcjkRelay(options, transport)),
    );
  }

  /**
   * Goes on with other tokens, such as those of a login. Without a `refresh_token` the access token is not renewed.
   *
   * @example
   * client.useTokens(await client.auth.login({ email, password }));
   */
  useTokens(tokens: Partial<Tokens> & Pick<Tokens, 'token'>): void {
    this.#transport.session.use(tokens);
  }

  /**
   * Opens a WebSocket that tells what happens, as it happens, and comes back by itself after a cut.
   *
   * `GET /v1/ws`, with a ticket of `POST /v1/ws/ticket`
   *
   * @throws CcjkError where the runtime has no WebSocket (Node before 22) and `options.WebSocket` is not given
   * @example
   * const socket = client.connect();
   * socket.on('device.online', ({ data }) => console.log(data.device_id));
   */
  connect(): CloudSocket {
    const address = async () => {
      const { ticket } = await this.sockets.createTicket();
      return `${this.#transport.baseUrl.replace(/^http/, 'ws')}/v1/ws?ticket=${ticket}`;
    };
    return new CloudSocket(address, webSocketOf(this.#options.WebSocket));
  }

  #connectIfPossible(): CloudSocket | undefined {
    try {
      return this.connect();
    } catch {
      return undefined;
    }
  }

  /**
   * Calls an endpoint that has no method here, with the same credential, retries and errors; gives the `data` of its answer.
   *
   * @throws ApiError | ConnectionError | TimeoutError, or the reason of `options.signal`
   * @example
   * const device = await client.request<Device>({ method: 'GET', path: `/v1/devices/${encodeURIComponent(id)}` });
   */
  request<T>(spec: CallSpec, options?: RequestOptions): ApiPromise<T> {
    return new ApiPromise(this.#transport.send<T>(spec, options));
  }
}
