import { restconfJson } from './bindings.ts';
import { contract } from './contract.ts';

contract('RESTCONF in JSON', restconfJson);
