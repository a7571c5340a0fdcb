import { restconfXml } from './bindings.ts';
import { contract } from './scenarios.ts';

contract('RESTCONF in XML', restconfXml);
