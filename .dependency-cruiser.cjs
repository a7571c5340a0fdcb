// Imports go downward only (docs/architecture.md, "Layers").
const below = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|bin)/', pathNot: [from, ...allowed] },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    below('yang-is-the-ground', '^src/yang/', [], 'src/yang knows nothing above it'),
    below('generated-knows-types', '^src/generated/', ['^src/yang/'], 'generated code imports types of src/yang only'),
    below('store-is-a-port', '^src/store/', ['^src/observe/'], 'the store knows records, not the domain'),
    below(
      'vim-is-a-port',
      '^src/vim/',
      ['^src/observe/', '^src/engine/(clock|capacity|window)\\.ts$'],
      'adapters know no engine decisions',
    ),
    below(
      'engine-is-pure',
      '^src/engine/',
      ['^src/store/store\\.ts$', '^src/vim/(vim|information|simulation)\\.ts$', '^src/observe/'],
      'the engine sees the ports, never an adapter',
    ),
    below(
      'agent-is-protocol-free',
      '^src/agent/',
      [
        '^src/yang/',
        '^src/generated/',
        '^src/engine/',
        '^src/store/store\\.ts$',
        '^src/observe/',
        '^src/vim/(vim|information|simulation)\\.ts$',
      ],
      'operations, datastores and streams, whatever the protocol',
    ),
    below(
      'restconf-over-agent',
      '^src/restconf/',
      ['^src/agent/(?!handlers)', '^src/yang/', '^src/observe/'],
      'a codec in front of the agent',
    ),
    below(
      'netconf-over-agent',
      '^src/netconf/',
      ['^src/agent/(?!handlers)', '^src/yang/', '^src/observe/'],
      'a codec in front of the agent',
    ),
    below('observing-knows-nothing', '^src/observe/', [], 'the log and metrics know nothing of what is observed'),
    below('codegen-is-a-tool', '^src/codegen/', ['^src/yang/'], 'the generator reads the schema'),
    {
      name: 'no-express-or-ssh-below-the-servers',
      severity: 'error',
      from: { path: '^src/(agent|engine|store|vim|yang|generated)/' },
      to: { path: 'node_modules/(express|ssh2)/' },
    },
    {
      name: 'rxjs-where-streams-meet',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/engine/(bus|reconciler)\\.ts$', '^src/agent/streams', '^src/vim/', '^src/app\\.ts$'],
      },
      to: { path: 'node_modules/rxjs/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
};
