import { proven } from './proven.ts';

proven('hostile-mail');
