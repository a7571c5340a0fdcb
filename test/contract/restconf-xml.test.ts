import { restconfXml } from './bindings.ts';
import { contract } from './contract.ts';

contract('RESTCONF in XML', restconfXml);
