import { netconf } from './bindings.ts';
import { contract } from './scenarios.ts';

contract('NETCONF', netconf);
