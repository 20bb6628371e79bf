import { proven } from './proven.ts';

proven('fencing', 120_000);
