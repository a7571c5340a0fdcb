import { local } from './bindings.ts';
import { contract } from './scenarios.ts';

contract('the local client', local);
