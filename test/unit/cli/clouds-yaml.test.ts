import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readClouds, type CloudAccess } from '../../../src/cli/demo/clouds-yaml.ts';
import { ConfigError } from '../../../src/config.ts';
import { makeAuthority } from '../vim/openstack/authority.ts';

const AUTH = "auth_url: 'https://cloud:5000/v3', username: anna, password: secret, project_name: nfv";

describe('clouds.yaml', () => {
  let directory: string;
  let authority: string;

  before(async () => {
    authority = (await makeAuthority()).cert.trim() + '\n';
  });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'promise-clouds-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const write = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const read = (cloud: string, wanted?: string): CloudAccess =>
    readClouds(write('clouds.yaml', `clouds: { east: { ${cloud} } }`), wanted);
  const refusal = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigError);
      return (error as ConfigError).message;
    }
    return expect.fail('it was taken');
  };

  it('shows no secret of a file that is not YAML', () => {
    write('secure.yaml', 'clouds:\n  east: { auth: { password: a: hunter2 } }\n');
    expect(refusal(() => read(`auth: { ${AUTH} }`)))
      .to.match(/secure\.yaml.*line 2/)
      .and.not.include('hunter2');
  });

  it('says how a cloud is reached', () => {
    const more = 'user_domain_name: Users, project_domain_name: users';
    write('ca.pem', `# our own\n${authority}`);
    const cloud = `auth: { ${AUTH}, ${more} }, region_name: North, cacert: ca.pem, interface: internal, identity_api_version: 3`;
    expect(read(cloud)).to.deep.equal({
      name: 'east',
      endpoint: 'https://cloud:5000/v3',
      username: 'anna',
      password: 'secret',
      tenant: { name: 'nfv' },
      domain: 'Users',
      region: 'North',
      caCertificate: authority,
      interface: 'internal',
    });
  });

  it('says what is wrong with a file of authorities, also in the home directory', () => {
    const none = refusal(() => read(`auth: { ${AUTH} }, cacert: ~/no-such-authorities.pem`));
    expect(none).to.include(`cloud 'east', cacert: ENOENT`).and.include(join(homedir(), 'no-such-authorities.pem'));
    const path = write('ca.pem', 'nothing');
    expect(refusal(() => read(`auth: { ${AUTH} }, cacert: ca.pem`))).to.include(`${path} holds no certificate`);
  });

  it('takes passwords of digits, the default domain by its id, a project by its id, and older names', () => {
    const auth = 'auth_url: http://k/v3, username: u, password: 1234, project_id: p1, user_domain_id: default';
    expect(read(`auth: { ${auth} }, regions: [{ name: South, values: {} }], endpoint_type: publicURL`)).to.deep.include(
      {
        password: '1234',
        tenant: { id: 'p1' },
        domain: 'Default',
        region: 'South',
        interface: 'public',
      },
    );
    const older = 'auth_url: http://k/v3, username: u, password: p, tenant_name: t';
    expect(read(`auth: { ${older} }`).tenant).to.deep.equal({ name: 't' });
  });

  it('takes application credentials, which carry their project, and tokens', () => {
    const credential = 'application_credential_id: c1, application_credential_secret: s';
    const access = read(`auth_type: v3applicationcredential, auth: { auth_url: http://k/v3, ${credential} }`);
    expect(access).to.deep.equal({
      name: 'east',
      endpoint: 'http://k/v3',
      username: 'application-credential:c1',
      password: 's',
    });
    expect(read('auth: { auth_url: http://k/v3, token: t, project_id: p }')).to.deep.include({
      username: 'token:',
      password: 't',
    });
  });

  it('takes secrets from secure.yaml and profiles from clouds-public.yaml', () => {
    write('secure.yaml', 'clouds: { east: { auth: { password: hidden } } }');
    write('clouds-public.yaml', "public-clouds: { big: { auth: { auth_url: 'https://big/v3' }, region_name: R1 } }");
    expect(read('profile: big, auth: { username: u, project_name: p }')).to.deep.include({
      endpoint: 'https://big/v3',
      password: 'hidden',
      region: 'R1',
    });
    expect(refusal(() => read('profile: small, auth: { username: u }'))).to.include("no profile 'small'");
  });

  it('takes the only cloud, and wants a name where there are several', () => {
    const path = write('clouds.yaml', `clouds: { a: { auth: { ${AUTH} } }, b: { auth: { ${AUTH} } } }`);
    expect(readClouds(path, 'b').name).to.equal('b');
    expect(refusal(() => readClouds(path, undefined))).to.match(/several clouds.*a, b/);
    expect(refusal(() => readClouds(path, 'c'))).to.include("no cloud 'c'; it has a, b");
  });

  it('says what it cannot use', () => {
    expect(refusal(() => readClouds(join(directory, 'none.yaml'), undefined))).to.include('cannot be read');
    expect(refusal(() => readClouds(write('broken.yaml', 'clouds: ['), undefined))).to.include('cannot be read');
    expect(refusal(() => readClouds(write('other.yaml', 'clouds: 1'), undefined))).to.include('is wrong');
    expect(refusal(() => read(`auth: { ${AUTH} }, verify: false`))).to.include('cacert');
    expect(refusal(() => read('auth: { username: u, password: p }'))).to.include('auth_url is missing');
    expect(refusal(() => read('auth: { auth_url: http://k/v3, username: u }'))).to.include('password is missing');
    expect(refusal(() => read(`auth: { ${AUTH}, user_domain_id: abc }`))).to.include('by name');
    expect(refusal(() => read(`auth: { ${AUTH}, user_domain_name: a, project_domain_name: b }`))).to.include(
      'project_id',
    );
  });
});
