import { proven } from './proven.ts';

proven('slow-consumers');
