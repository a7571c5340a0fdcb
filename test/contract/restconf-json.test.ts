import { restconfJson } from './bindings.ts';
import { contract } from './scenarios.ts';

contract('RESTCONF in JSON', restconfJson);
