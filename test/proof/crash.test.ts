import { proven } from './proven.ts';

proven('crash', 180_000);
