import { proven } from './proven.ts';

proven('fuzz');
