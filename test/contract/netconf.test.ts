import { netconf } from './bindings.ts';
import { contract } from './contract.ts';

contract('NETCONF', netconf);
