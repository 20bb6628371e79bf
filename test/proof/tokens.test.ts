import { proven } from './proven.ts';

proven('tokens');
