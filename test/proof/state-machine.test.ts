import { proven } from './proven.ts';

proven('state-machine');
