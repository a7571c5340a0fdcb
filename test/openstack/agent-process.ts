/**
 * Promise in a process of its own, so that it can be killed: agent-process.ts DIRECTORY
 * Prints one line of JSON when it serves: the URL of RESTCONF, and its certificate.
 */
import { startPromise } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { createLogger } from '../../src/observe/log.ts';
import { PASSWORD, USER } from './promise.ts';

const [, , dataDir = ''] = process.argv;
const config = loadConfig({ dataDir, restconf: '127.0.0.1:0', netconf: '127.0.0.1:0' });
const system = await startPromise({
  config: { ...config, simulator: { enabled: false, provider: false } },
  logger: createLogger('warn'),
});
if (system.firstStart) await system.users.add(USER, { password: PASSWORD });
console.log(JSON.stringify({ url: system.restconf[0], certificate: system.credentials.certificate }));
