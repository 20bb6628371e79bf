/**
 * How the package is cut into files: what the client, the relay and the daemon all need is one of them, so that a page loads
 * it with one request.
 */
export const cut = {
  codeSplitting: {
    groups: [
      {
        name: 'core',
        test: /src[\\/]core[\\/](answers|api-promise|errors|paging|resource|retries|routes|session|transport|version)\.ts$/,
      },
    ],
  },
};
