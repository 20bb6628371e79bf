import { proven } from './proven.ts';

proven('tenancy');
