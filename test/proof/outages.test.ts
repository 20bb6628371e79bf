import { proven } from './proven.ts';

proven('outages');
