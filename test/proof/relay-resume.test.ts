import { proven } from './proven.ts';

proven('relay-resume');
