/** Microversions: `MAJOR.MINOR`, compared by number (api-sig "Microversion Specification"). */
import { z } from 'zod';

export interface VersionRange {
  readonly oldest: string;
  readonly newest: string;
}

function numbers(version: string): readonly [number, number] {
  const [major = '0', minor = '0'] = version.split('.');
  return [Number(major), Number(minor)];
}

/** The lower of two microversions. */
export function lower(one: string, other: string): string {
  const [major, minor] = numbers(one);
  const [otherMajor, otherMinor] = numbers(other);
  return major < otherMajor || (major === otherMajor && minor <= otherMinor) ? one : other;
}

/** Nova calls the newest `version`, Placement `max_version`; a service without microversions leaves both empty. */
const version = z.object({
  status: z.string(),
  version: z.string().optional(),
  max_version: z.string().optional(),
  min_version: z.string().optional(),
});
const document = z.union([
  z.object({ version }).transform((one) => [one.version]),
  z.object({ versions: z.array(version) }).transform((all) => all.versions),
]);

/** The microversions of the current API in a version document. @throws ZodError. */
export function decodeVersions(body: unknown): VersionRange {
  const versions = document.parse(body);
  const current = versions.find(({ status }) => status === 'CURRENT') ?? versions[0];
  return {
    oldest: current?.min_version ?? '',
    newest: current?.version ?? current?.max_version ?? '',
  };
}
