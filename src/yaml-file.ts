import { readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';

/**
 * What a YAML file holds.
 * @throws Error when it cannot be read or is not YAML: it says where, and shows nothing of the text, which may be a password
 */
export function readYamlFile(path: string): unknown {
  const text = readFileSync(path, 'utf8');
  try {
    // Warnings would be printed with the line that they are about.
    return parse(text, { logLevel: 'error' });
  } catch (error) {
    const [at] = (error instanceof YAMLParseError ? error.linePos : undefined) ?? [];
    if (at === undefined || !(error instanceof YAMLParseError))
      throw new Error('it is not YAML: an alias (*…) or a merge (<<) in it leads nowhere');
    throw new Error(`it is not YAML at line ${at.line}, column ${at.col} (${error.code})`);
  }
}
