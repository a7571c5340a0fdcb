import { local } from './bindings.ts';
import { contract } from './contract.ts';

contract('the local client', local);
