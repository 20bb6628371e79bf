import { proven } from './proven.ts';

proven('secrets');
