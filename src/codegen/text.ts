/** Names and comments in TypeScript's form. */

/** `max-future-start-range` → `MaxFutureStartRange`; what has capitals keeps them. */
export function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}

export function camelCase(name: string): string {
  const pascal = pascalCase(name);
  return pascal.slice(0, 1).toLowerCase() + pascal.slice(1);
}

export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** A member's name, quoted unless it is an identifier. */
export function memberName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quote(name);
}

/** A TSDoc comment of these paragraphs and tags; '' for none. */
export function comment(parts: readonly (string | undefined)[], indent = ''): string {
  const lines = parts
    .filter((part) => part !== undefined && part !== '')
    .flatMap((part, index) => {
      const text = (part ?? '').replaceAll('*/', '*\\/').split('\n');
      return index === 0 || part?.startsWith('@') === true ? text : ['', ...text];
    });
  if (lines.length === 0) return '';
  if (lines.length === 1) return `${indent}/** ${lines[0] ?? ''} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

/** A union type, over several lines when it is long. */
export function union(members: readonly string[], indent = ''): string {
  const unique = [...new Set(members)];
  if (unique.length === 0) return 'never';
  const line = unique.join(' | ');
  if (line.length <= 80) return line;
  return `\n${unique.map((member) => `${indent}  | ${member}`).join('\n')}`;
}
