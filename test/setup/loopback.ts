/** One that nobody else uses now: the whole of 127.0.0.0/8 is this machine. */
export const ownLoopback = (): string => ['127', ...[0, 0, 0].map(() => 1 + Math.floor(Math.random() * 254))].join('.');
