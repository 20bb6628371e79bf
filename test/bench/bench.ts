/** What every scenario is given. */
import type { Cluster } from '../setup/cluster.ts';

export type Bench = {
  cluster: Cluster;
  /** Fewer and shorter rounds, less data: for a look, not for a figure. */
  quick: boolean;
  /** Where the service's CPU profile goes, if anywhere. */
  profileDir?: string | undefined;
  say(progress: string): void;
};
