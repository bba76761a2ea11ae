/** The files of a workspace that are not exercises: what npm and editors want to see. */

const commands = [
  'start',
  'check',
  'watch',
  'run',
  'list',
  'read',
  'hint',
  'solution',
  'reset',
  'trace',
  'broker',
  'doctor',
];

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

export interface WorkspacePackage {
  [field: string]: unknown;
  scripts: Record<string, string>;
  imports: Record<string, string>;
}

/** The package.json of a workspace. Its name differs from the course's, so that npx finds the course. */
export function workspacePackage(): WorkspacePackage {
  return {
    name: 'my-mqtt-course',
    private: true,
    type: 'module',
    description: 'My exercises of mqtt-course',
    imports: { '#kit': './exercises/kit/kit.ts' },
    scripts: Object.fromEntries(
      commands.map(command => [command, `node .mqtt-course/bin.mjs ${command}`]),
    ),
  };
}

const tsconfig = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2023'],
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    types: ['node'],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    isolatedModules: true,
    skipLibCheck: true,
  },
  include: ['exercises'],
};

const readme = `# My exercises of mqtt-course

    npx mqtt-course start      where you are, and what comes next
    npm run check lesson-1     check your work
    npm run watch lesson-1     check it at every save
    npx mqtt-course list       all lessons

Write in \`exercises/\`. Every command works from any folder below this one.
\`.mqtt-course/\` holds your progress, the last exchange of each lesson and backups.
`;

const gitignore = `node_modules/
__pycache__/
.venv/
.mqtt-course/last/
.mqtt-course/*.tmp
.mqtt-course/state.lock/
`;

const editor = {
  'python.analysis.extraPaths': ['exercises/kit'],
  'files.exclude': { node_modules: true, '**/__pycache__': true },
};

/** Text of each file, by path in the workspace. */
export function scaffoldFiles(): Record<string, string> {
  return {
    'package.json': json(workspacePackage()),
    'tsconfig.json': json(tsconfig),
    'README.md': readme,
    '.gitignore': gitignore,
    '.vscode/settings.json': json(editor),
  };
}
